"""S3 against a naive model: lists of versions, uploads as dictionaries, conditions as one comparison each.

After every step the listings and reads of the service are those of the model; a snapshot put back into a new service changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulator.errors import AwsError
from emulator.services.s3 import S3Quotas
from emulator.services.s3.tests.s3_driver import S3Driver

KEYS = st.sampled_from(["a/b", "é"])
BODIES = st.sampled_from([b"", b"1", b"22"])
SMALLEST_PART = 2
COMPLETIONS = ([1], [1], [1], [1, 2], [2, 1], [1, 2, 3], [3])
CONDITIONS = ("", "absent", "match")


@dataclass
class Kept:
    key: str
    version_id: str
    body: bytes | None
    """None for a delete marker."""
    etag: str = ""


@dataclass
class UploadModel:
    key: str
    begun: int
    parts: dict[int, bytes] = field(default_factory=dict)


def etag_of(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


class S3Model(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.quotas = S3Quotas(smallest_part_bytes=SMALLEST_PART)
        self.s3 = S3Driver(self.quotas)
        self.s3.bucket()
        self.state = ""
        self.versions: list[Kept] = []
        """All versions, the oldest first."""
        self.uploads: dict[str, UploadModel] = {}
        self.steps = 0
        self.changed: dict[str, int] = {}
        """By key: the step at which the current object was written or removed last."""
        self.removed: dict[str, int] = {}

    # -- the model -------------------------------------------------------------------------------------------------

    def history(self, key: str) -> list[Kept]:
        return [version for version in self.versions if version.key == key]

    def live(self, key: str) -> Kept | None:
        history = self.history(key)
        return history[-1] if history and history[-1].body is not None else None

    def keep(self, key: str, version_id: str | None, body: bytes | None, etag: str = "") -> None:
        self.steps += 1
        name = version_id or "null"
        if name == "null":
            self.versions = [v for v in self.versions if (v.key, v.version_id) != (key, "null")]
        self.versions.append(Kept(key, name, body, etag))
        (self.removed if body is None else self.changed)[key] = self.steps

    def expected_error(
        self, key: str, if_match: str | None, if_none_match: str | None, begun: int | None = None
    ) -> str:
        current = self.live(key)
        if if_none_match is not None:
            if current is not None:
                return "PreconditionFailed"
            return "ConditionalRequestConflict" if begun is not None and self.removed.get(key, 0) > begun else ""
        if if_match is not None:
            if current is None:
                return "NoSuchKey"
            if current.etag != if_match:
                return "PreconditionFailed"
            if begun is not None and self.changed.get(key, 0) > begun:
                return "ConditionalRequestConflict"
        return ""

    def attempt(self, expected: str, name: str, **params: Any) -> Any:
        try:
            result = self.s3.call(name, Bucket="bucket", **params)
        except AwsError as error:
            assert error.code == expected
            return None
        assert expected == ""
        return result

    # -- writes ----------------------------------------------------------------------------------------------------

    @rule(status=st.sampled_from(["Enabled", "Suspended"]))
    def set_versioning(self, status):
        self.s3.call("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": status})
        self.state = status

    @rule(key=KEYS, body=BODIES, condition=st.sampled_from(["", "absent", "match", "other"]))
    def put(self, key, body, condition):
        current = self.live(key)
        match = {"match": current.etag if current else "none", "other": "none"}.get(condition)
        none_match = "*" if condition == "absent" else None
        more = {name: value for name, value in (("IfMatch", match), ("IfNoneMatch", none_match)) if value is not None}
        result = self.attempt(self.expected_error(key, match, none_match), "PutObject", Key=key, Body=body, **more)
        if result is not None:
            assert ("VersionId" in result) == (self.state == "Enabled")
            self.keep(key, result.get("VersionId"), body, etag_of(body))

    @rule(source=KEYS, key=KEYS)
    def copy(self, source, key):
        current = self.live(source)
        if source == key:
            return
        params = {"Key": key, "CopySource": f"bucket/{source}"}
        result = self.attempt("" if current else "NoSuchKey", "CopyObject", **params)
        if current is not None:
            self.keep(key, result.get("VersionId"), current.body, etag_of(current.body))

    @rule(key=KEYS)
    def delete(self, key):
        result = self.s3.call("DeleteObject", Bucket="bucket", Key=key)
        if not self.state:
            self.steps += 1
            self.removed[key] = self.steps
            self.versions = [version for version in self.versions if version.key != key]
            assert result == {}
        else:
            assert result["DeleteMarker"] is True
            self.keep(key, result["VersionId"], None)

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def delete_version(self, data):
        version = data.draw(st.sampled_from(self.versions))
        if not self.state and version.version_id != "null":
            return
        was_live = self.live(version.key)
        result = self.s3.call("DeleteObject", Bucket="bucket", Key=version.key, VersionId=version.version_id)
        assert result["VersionId"] == version.version_id
        assert result.get("DeleteMarker", False) == (version.body is None)
        self.versions.remove(version)
        self.steps += 1
        self.removed[version.key] = self.steps
        assert was_live is None or self.live(version.key) is not version

    # -- uploads ---------------------------------------------------------------------------------------------------

    @rule(key=KEYS, body=BODIES)
    def begin(self, key, body):
        upload_id = self.s3.call("CreateMultipartUpload", Bucket="bucket", Key=key)["UploadId"]
        self.steps += 1
        self.uploads[upload_id] = UploadModel(key, self.steps, {1: body})
        self.s3.call("UploadPart", Bucket="bucket", Key=key, UploadId=upload_id, PartNumber=1, Body=body)

    @precondition(lambda self: self.uploads)
    @rule(data=st.data(), number=st.integers(1, 3), body=BODIES)
    def add_part(self, data, number, body):
        upload_id = data.draw(st.sampled_from(sorted(self.uploads)))
        upload = self.uploads[upload_id]
        params = {"Key": upload.key, "UploadId": upload_id, "PartNumber": number, "Body": body}
        assert self.s3.call("UploadPart", Bucket="bucket", **params)["ETag"] == f'"{etag_of(body)}"'
        upload.parts[number] = body

    @precondition(lambda self: self.uploads)
    @rule(data=st.data(), numbers=st.sampled_from(COMPLETIONS), condition=st.sampled_from(CONDITIONS))
    def complete(self, data, numbers, condition):
        self.finish(data.draw(st.sampled_from(sorted(self.uploads))), numbers, condition)

    @rule(
        key=KEYS,
        body=BODIES,
        others=st.lists(st.sampled_from(["put", "delete"]), max_size=2),
        condition=st.sampled_from(CONDITIONS),
    )
    def complete_after_others(self, key, body, others, condition):
        self.begin(key, body)
        for other in others:
            self.put(key, body, "") if other == "put" else self.delete(key)
        self.finish(next(reversed(self.uploads)), [1], condition)

    def finish(self, upload_id, numbers, condition):
        upload = self.uploads[upload_id]
        current = self.live(upload.key)
        match = current.etag if current and condition == "match" else None
        absent = "*" if condition == "absent" else None
        rows = [{"PartNumber": n, "ETag": etag_of(upload.parts.get(n, b"never"))} for n in numbers]
        bodies = [upload.parts.get(number) for number in numbers]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            expected = "InvalidPartOrder"
        elif None in bodies:
            expected = "InvalidPart"
        elif any(len(body) < SMALLEST_PART for body in bodies[:-1]):
            expected = "EntityTooSmall"
        else:
            expected = self.expected_error(upload.key, match, absent, upload.begun)
        more = {name: value for name, value in (("IfMatch", match), ("IfNoneMatch", absent)) if value is not None}
        params = {"Key": upload.key, "UploadId": upload_id, "MultipartUpload": {"Parts": rows}}
        result = self.attempt(expected, "CompleteMultipartUpload", **params, **more)
        if result is not None:
            digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
            etag = f"{digest}-{len(bodies)}"
            assert result["ETag"] == f'"{etag}"'
            del self.uploads[upload_id]
            self.keep(upload.key, result.get("VersionId"), b"".join(bodies), etag)

    @precondition(lambda self: self.uploads)
    @rule(data=st.data())
    def abort(self, data):
        upload_id = data.draw(st.sampled_from(sorted(self.uploads)))
        key = self.uploads.pop(upload_id).key
        self.s3.call("AbortMultipartUpload", Bucket="bucket", Key=key, UploadId=upload_id)

    # -- the same after a restart ----------------------------------------------------------------------------------

    @rule()
    def move_to_a_new_service(self):
        data = self.s3.service.snapshot()
        fresh = S3Driver(self.quotas)
        fresh.service.account.identifiers.random.setstate(self.s3.service.account.identifiers.random.getstate())
        fresh.service.restore_snapshot(data)
        assert fresh.service.snapshot() == data
        self.s3 = fresh

    # -- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def reads_are_those_of_the_model(self):
        for key in ("a/b", "é"):
            current = self.live(key)
            result = self.attempt("" if current else "NoSuchKey", "GetObject", Key=key)
            if current is not None:
                assert (result["Body"], result["ETag"]) == (current.body, f'"{current.etag}"')

    @invariant()
    def listings_are_those_of_the_model(self):
        keys = sorted({version.key for version in self.versions}, key=str.encode)
        assert self.s3.keys_of(MaxKeys=1_000) == [key for key in keys if self.live(key) is not None]
        page = self.s3.call("ListObjectVersions", Bucket="bucket")
        rows = [(row["Key"], row["VersionId"], row["IsLatest"], row["Size"]) for row in page.get("Versions", ())]
        marks = [(row["Key"], row["VersionId"], row["IsLatest"]) for row in page.get("DeleteMarkers", ())]
        expected = [
            (version, version is self.history(key)[-1]) for key in keys for version in reversed(self.history(key))
        ]
        assert rows == [(v.key, v.version_id, latest, len(v.body)) for v, latest in expected if v.body is not None]
        assert marks == [(v.key, v.version_id, latest) for v, latest in expected if v.body is None]

    @invariant()
    def uploads_are_those_of_the_model(self):
        page = self.s3.call("ListMultipartUploads", Bucket="bucket")
        assert {row["UploadId"] for row in page.get("Uploads", ())} == set(self.uploads)


S3Model.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestS3Model = S3Model.TestCase
