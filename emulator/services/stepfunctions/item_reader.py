"""ItemReader: a Distributed Map's items from S3. JSON, JSON Lines, CSV, lists of objects, and manifests, plain or gzipped.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Generator, Mapping
from typing import Any

from emulator.effects import Call, Effect
from emulator.errors import AwsError, EmulatorError
from emulator.services.stepfunctions.asl.definition import ItemReader
from emulator.services.stepfunctions.asl.document import dumps, loads
from emulator.services.stepfunctions.asl.failures import StateFailure

__all__ = ["ITEM_READER_FAILED", "entries_of", "parsed_items", "read_items"]

ITEM_READER_FAILED = "States.ItemReaderFailed"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
Items = Generator[Effect, Any, list[Any]]


def read_items(reader: ItemReader, arguments: Mapping[str, Any], role_arn: str, limit: int | None) -> Items:
    """All items, or the first `limit` of them. Raises StateFailure with States.ItemReaderFailed."""
    try:
        if reader.operation == "listObjectsV2":
            items = yield from _listed(reader, arguments, role_arn, limit)
        else:
            raw = yield from _object(arguments, role_arn)
            if reader.manifest_type is not None or reader.input_type == "MANIFEST":
                items = yield from _manifest(reader, raw, role_arn, limit)
            else:
                items = parsed_items(reader, raw)
    except (AwsError, EmulatorError) as error:
        raise StateFailure(ITEM_READER_FAILED, f"S3 request failed: {error}") from error
    except (ValueError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise StateFailure(ITEM_READER_FAILED, f"Attempting to read the items failed: {error}") from error
    return items if limit is None else items[:limit]


def entries_of(value: Any) -> list[Any]:
    """A list's items, or an object's members as `{Key, Value}`. Raises ValueError for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        return [{"Key": name, "Value": inner} for name, inner in value.items()]
    raise ValueError(f"expected an array or an object, not {dumps(value)[:100]}")


def _object(arguments: Mapping[str, Any], role_arn: str) -> Generator[Effect, Any, bytes]:
    answer = yield Call("s3", "GetObject", dict(arguments), principal=role_arn)
    raw: bytes = answer["Body"]
    if raw.startswith(_GZIP):
        return gzip.decompress(raw)
    if raw.startswith(_ZSTD):
        raise ValueError("objects compressed with ZSTD are not supported by this emulator")
    return raw


def _listed(reader: ItemReader, arguments: Mapping[str, Any], role_arn: str, limit: int | None) -> Items:
    """Descriptions of the objects under a prefix, or what is in them."""
    objects: list[dict[str, Any]] = []
    params = dict(arguments)
    while True:
        answer = yield Call("s3", "ListObjectsV2", params, principal=role_arn)
        for row in answer.get("Contents") or ():
            etag, stored = row.get("ETag", ""), row.get("StorageClass", "STANDARD")
            described = {"Etag": etag, "Key": row["Key"], "LastModified": int(row["LastModified"])}
            objects.append({**described, "Size": row["Size"], "StorageClass": stored})
        if not answer.get("IsTruncated") or (limit is not None and len(objects) >= limit and _is_plain(reader)):
            break
        params = {**arguments, "ContinuationToken": answer["NextContinuationToken"]}
    if _is_plain(reader):
        return objects
    items: list[Any] = []
    for described in objects:
        raw = yield from _object({"Bucket": arguments["Bucket"], "Key": described["Key"]}, role_arn)
        items.extend(parsed_items(reader, raw))
    return items


def _is_plain(reader: ItemReader) -> bool:
    return not reader.loads_listed_objects


def parsed_items(reader: ItemReader, raw: bytes) -> list[Any]:
    """The items in one object. Raises ValueError, csv.Error."""
    text = raw.decode("utf-8-sig")
    if reader.input_type == "JSON":
        return entries_of(_pointed(loads(text), reader.items_pointer))
    if reader.input_type == "JSONL":
        return [loads(line) for line in text.splitlines() if line.strip()]
    return _csv_rows(text, reader.csv_headers, reader.csv_delimiter)


def _csv_rows(text: str, headers: tuple[str, ...] | None, delimiter: str) -> list[Any]:
    """One object per row, all values text; a row that is too short has empty ones at its end."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    if headers is None:
        headers = tuple(next(rows, ()))
    items = []
    for row in rows:
        if row:
            padded = row + [""] * (len(headers) - len(row))
            items.append(dict(zip(headers, padded, strict=False)))
    return items


def _pointed(value: Any, pointer: str | None) -> Any:
    """RFC 6901. Raises ValueError where it leads nowhere."""
    if pointer is None or pointer == "":
        return value
    for step in pointer.removeprefix("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise ValueError(f"ItemsPointer {pointer!r} leads nowhere: there is no {name!r}")
    return value


def _manifest(reader: ItemReader, raw: bytes, role_arn: str, limit: int | None) -> Items:
    """The items of all objects that a manifest names: an S3 inventory, or a list of URIs from Athena."""
    items: list[Any] = []
    if reader.manifest_type == "ATHENA_DATA":
        for line in raw.decode().splitlines():
            bucket, _, key = line.strip().strip('"').removeprefix("s3://").partition("/")
            if key:
                content = yield from _object({"Bucket": bucket, "Key": key}, role_arn)
                items.extend(parsed_items(reader, content))
        return items
    manifest = loads(raw)
    if not isinstance(manifest, Mapping) or manifest.get("fileFormat") != "CSV":
        raise ValueError("only an S3 inventory manifest with fileFormat CSV is supported by this emulator")
    bucket = str(manifest["destinationBucket"]).rpartition(":")[2]
    headers = tuple(name.strip() for name in str(manifest["fileSchema"]).split(","))
    for file in manifest["files"]:
        content = yield from _object({"Bucket": bucket, "Key": file["key"]}, role_arn)
        items.extend(_csv_rows(content.decode(), headers, ","))
        if limit is not None and len(items) >= limit:
            break
    return items
