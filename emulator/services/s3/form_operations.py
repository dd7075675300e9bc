"""POST Object: what a browser's form uploads.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

from emulator.effects import Process
from emulator.http import HttpResponse
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.access import Access
from emulator.services.s3.configuration_errors import MalformedPOSTRequest
from emulator.services.s3.errors import AccessDenied, InvalidArgument, MalformedXml
from emulator.services.s3.form import Form, check_policy, read_form
from emulator.services.s3.object_operations import ObjectOperations

__all__ = ["FormOperations"]

_MEMBERS: Mapping[str, str] = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-type": "ContentType",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-md5": "ContentMD5",
    "expires": "Expires",
    "x-amz-checksum-algorithm": "ChecksumAlgorithm",
    "x-amz-checksum-crc32": "ChecksumCRC32",
    "x-amz-checksum-crc32c": "ChecksumCRC32C",
    "x-amz-checksum-crc64nvme": "ChecksumCRC64NVME",
    "x-amz-checksum-sha1": "ChecksumSHA1",
    "x-amz-checksum-sha256": "ChecksumSHA256",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "x-amz-object-lock-mode": "ObjectLockMode",
    "x-amz-object-lock-legal-hold": "ObjectLockLegalHoldStatus",
}
"""PutObject's members, by field."""
_METADATA = "x-amz-meta-"
_SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "x-amz-signature": ("X-Amz-Credential", "X-Amz-Algorithm", "X-Amz-Date"),
    "signature": ("AWSAccessKeyId",),
}


class FormOperations(Access, ObjectOperations):
    """Uploads of browsers."""

    @operation("PostObject")
    def post_object(self, params: Params, context: CallContext) -> Reply | Process:
        """Write an object as a form says. Raises AccessDenied and PutObject's errors."""
        request = context.request
        assert request is not None
        bucket = self.bucket_named(unquote(request.path.strip("/")))
        if request.content is None:
            raise MalformedPOSTRequest
        form = read_form(request.headers["content-type"], request.content)
        if "key" not in form.fields:
            raise _missing("key")
        key = form.fields["key"].replace("${filename}", form.file_name)
        put = self._put_params(form, bucket.name, key)
        self._check_signer(form, put, bucket.name, context)
        reply = self.put_object(put, context)
        if isinstance(reply, Reply):
            return self._answer(form, put, reply, context)
        return self._answered(form, put, reply, context)

    def _answered(self, form: Form, put: dict[str, Any], process: Process, context: CallContext) -> Process:
        reply = yield from process
        return self._answer(form, put, reply, context)

    def _put_params(self, form: Form, bucket: str, key: str) -> dict[str, Any]:
        put: dict[str, Any] = {"Bucket": bucket, "Key": key, "Body": form.file}
        put |= {member: form.fields[name] for name, member in _MEMBERS.items() if name in form.fields}
        metadata = {
            name.removeprefix(_METADATA): value for name, value in form.fields.items() if name.startswith(_METADATA)
        }
        if metadata:
            put["Metadata"] = metadata
        if form.fields.get("tagging"):
            put["Tagging"] = _tagging(form.fields["tagging"])
        return put

    def _check_signer(self, form: Form, put: dict[str, Any], bucket: str, context: CallContext) -> None:
        """Raises AccessDenied for an unsigned form where not everyone may write, and what the policy forbids."""
        fields = form.fields
        signed = [name for name in _SIGNATURES if name in fields]
        if "policy" not in fields:
            if signed:
                raise _missing("policy")
            self.check_anonymous("PutObject", {name: put[name] for name in ("Bucket", "Key")}, context)
            return
        if not signed:
            name = "X-Amz-Signature" if "x-amz-credential" in fields else "AWSAccessKeyId"
            raise AccessDenied if name == "AWSAccessKeyId" else _missing(name)
        for name in _SIGNATURES[signed[0]]:
            if name.lower() not in fields:
                raise _missing(name)
        check_policy(form, bucket, context.now)
        target = self.bucket_named(bucket)
        root = self.account.arn("iam", "root", region="")
        self.check_account("PutObject", target, put, context, root)

    def _answer(self, form: Form, put: dict[str, Any], reply: Reply, context: CallContext) -> Reply:
        result = reply.result
        location = f"{self.account.endpoint_url}/{put['Bucket']}/{quote(put['Key'])}"
        headers = [("ETag", result["ETag"]), ("Location", location)]
        if "VersionId" in result:
            headers.append(("x-amz-version-id", result["VersionId"]))
        if "ServerSideEncryption" in result:
            headers.append(("x-amz-server-side-encryption", result["ServerSideEncryption"]))
        redirect = form.fields.get("success_action_redirect", form.fields.get("redirect"))
        if redirect and urlsplit(redirect).scheme in ("http", "https"):
            parts = urlsplit(redirect)
            told = urlencode({"bucket": put["Bucket"], "key": put["Key"], "etag": result["ETag"]})
            query = f"{parts.query}&{told}" if parts.query else told
            headers[1] = ("Location", urlunsplit(parts._replace(query=query)))
            return Reply(HttpResponse(303, tuple(headers)), reply.effects)
        if form.fields.get("success_action_status") == "201":
            headers.append(("Content-Type", "application/xml"))
            return Reply(HttpResponse(201, tuple(headers), _document(location, put, result)), reply.effects)
        status = 200 if form.fields.get("success_action_status") == "200" else 204
        return Reply(HttpResponse(status, tuple(headers)), reply.effects)


def _missing(name: str) -> InvalidArgument:
    return InvalidArgument.of(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        name,
        "",
    )


def _document(location: str, put: Mapping[str, Any], result: Mapping[str, Any]) -> bytes:
    rows = {"Location": location, "Bucket": put["Bucket"], "Key": put["Key"], "ETag": result["ETag"]}
    inner = "".join(f"<{name}>{_escaped(value)}</{name}>" for name, value in rows.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{inner}</PostResponse>'.encode()


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def _tagging(document: str) -> str:
    """The header that says what a form's tagging document says. Raises MalformedXML."""
    if "<!DOCTYPE" in document:
        raise MalformedXml
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  # no DOCTYPE, so no entities to expand
    except ElementTree.ParseError:
        raise MalformedXml from None
    tags = {
        child.findtext("{*}Key") or "": child.findtext("{*}Value") or ""
        for child in root.iter()
        if child.tag.endswith("Tag")
    }
    return urlencode(tags)
