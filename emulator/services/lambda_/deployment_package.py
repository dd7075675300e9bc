"""Turns what a client calls Code or Content into folders: a zip, an S3 object, or a local folder.

A local folder is used as it is, read-only, with the convention that users of other emulators know: `S3Bucket: hot-reload` and
`S3Key: /absolute/path`. Its requirements.txt is installed once (for a layer, under `python`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.effects import Call, Process
from emulator.errors import AwsError, UnsupportedOperation
from emulator.sandbox.effects import CodeError, PrepareFolder, PrepareZip
from emulator.services.lambda_.configuration import check_upload
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.quotas import LambdaQuotas

__all__ = ["LOCAL_FOLDER_BUCKET", "prepared"]

LOCAL_FOLDER_BUCKET = "hot-reload"


def prepared(
    code: Mapping[str, Any], *, operation: str, resource: str, runtime: str, below: str, quotas: LambdaQuotas
) -> Process:
    """A process whose result is the PreparedCode. Raises InvalidParameterValueException for code that cannot be used."""
    if code.get("S3ObjectStorageMode", "COPY") != "COPY":
        raise UnsupportedOperation(
            f"lambda:{operation}: S3ObjectStorageMode {code['S3ObjectStorageMode']} is not supported"
        )
    for member in ("ImageUri", "SourceKMSKeyArn"):
        if member in code:
            raise UnsupportedOperation(f"lambda:{operation}: {member} is not supported by this emulator")
    try:
        if "ZipFile" in code:
            archive = check_upload(code["ZipFile"], operation, quotas)
        elif code.get("S3Bucket") == LOCAL_FOLDER_BUCKET:
            # `sam build` puts a layer's source under `python`: the deployer says so in the version, before the folder's digest.
            files_below = code.get("S3ObjectVersion", "").partition(".")[0]
            return (yield PrepareFolder(code["S3Key"], runtime, below, resource, files_below))
        elif "S3Bucket" in code and "S3Key" in code:
            archive = yield from _fetched(code)
        else:
            raise InvalidParameterValueException("Please provide a source for function code.")
        return (yield PrepareZip(archive, quotas.unzipped_code_bytes, resource))
    except CodeError as error:
        # Only what AWS does not know needs more than its words: a folder of this machine.
        reason = f" ({error})" if code.get("S3Bucket") == LOCAL_FOLDER_BUCKET else ""
        raise InvalidParameterValueException(
            f"Could not unzip uploaded file. Please check your file, then try to upload again.{reason}"
        ) from error


def _fetched(code: Mapping[str, Any]) -> Process:
    wanted = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if "S3ObjectVersion" in code:
        wanted["VersionId"] = code["S3ObjectVersion"]
    try:
        answer = yield Call("s3", "GetObject", wanted, principal="lambda.amazonaws.com")
    except AwsError as error:
        raise InvalidParameterValueException(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
    return answer["Body"]
