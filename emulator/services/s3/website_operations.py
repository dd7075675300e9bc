"""Static websites: the configuration, and the website endpoint with its index, error pages and redirects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html#WebsiteRestEndpointDiff
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from html import escape
from typing import Any
from urllib.parse import unquote

from emulator.errors import AwsError
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.access import Access
from emulator.services.s3.conditions import check_read
from emulator.services.s3.configuration_errors import NoSuchWebsiteConfiguration
from emulator.services.s3.errors import AccessDenied, MethodNotAllowed, NoSuchBucket, NoSuchKey, S3Error
from emulator.services.s3.notification_records import extended_id, short_id
from emulator.services.s3.reading import Reading
from emulator.services.s3.state import Bucket, ObjectVersion
from emulator.services.s3.website_rules import check_website, redirect_of, rule_for

__all__ = ["WebsiteOperations"]

_HEADERS: Mapping[str, str] = {
    "ContentType": "Content-Type",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
}
_REASONS: Mapping[int, str] = {
    301: "Moved Permanently",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
}


class WebsiteOperations(Access, Reading):
    """Websites."""

    @operation("PutBucketWebsite")
    def put_bucket_website(self, params: Params, context: CallContext) -> Reply:
        """Make the bucket a website."""
        bucket = self.bucket_of(params)
        configuration = params.get("WebsiteConfiguration") or {}
        check_website(configuration, self.quotas.routing_rules)
        bucket.configurations["website"] = configuration
        return Reply()

    @operation("GetBucketWebsite")
    def get_bucket_website(self, params: Params, context: CallContext) -> Reply:
        """The website's configuration."""
        bucket = self.bucket_of(params)
        return Reply(self._website(bucket))

    @operation("DeleteBucketWebsite")
    def delete_bucket_website(self, params: Params, context: CallContext) -> Reply:
        """Be a website no more."""
        self.bucket_of(params).configurations.pop("website", None)
        return Reply()

    def _website(self, bucket: Bucket) -> dict[str, Any]:
        configuration: dict[str, Any] | None = bucket.configurations.get("website")
        if configuration is None:
            raise NoSuchWebsiteConfiguration(fields={"BucketName": bucket.name})
        return configuration

    # -- the website endpoint ----------------------------------------------------------------------------------------------------

    @operation("GetWebsite")
    def get_website(self, params: Params, context: CallContext) -> Reply:
        """A page, as the website endpoint serves it to everyone: HTML errors, index documents, redirects."""
        request = context.request
        assert request is not None
        name, _, path = request.path.removeprefix("/").partition("/")
        key = unquote(path)
        bucket = self.buckets.get(unquote(name))
        try:
            if request.method not in ("GET", "HEAD"):
                raise MethodNotAllowed(fields={"Method": request.method.upper(), "ResourceType": "OBJECT"})
            if bucket is None:
                raise NoSuchBucket(fields={"BucketName": unquote(name)})
            configuration = self._website(bucket)
        except S3Error as error:
            return Reply(_error_page(error, context))
        return Reply(self._page(bucket, configuration, key, request, context))

    def _page(
        self, bucket: Bucket, configuration: dict[str, Any], key: str, request: HttpRequest, context: CallContext
    ) -> HttpResponse:
        host = request.headers.get("host", "")
        everything = configuration.get("RedirectAllRequestsTo")
        if everything is not None:
            location = f"{everything.get('Protocol') or 'http'}://{everything['HostName']}/{key}"
            return _redirect(301, location + (f"?{request.query}" if request.query else ""))
        rule = rule_for(configuration, key, None)
        if rule is not None:
            return _redirect(*redirect_of(rule, key, host, "http"))
        suffix = configuration["IndexDocument"]["Suffix"]
        page = f"{key}{suffix}" if key == "" or key.endswith("/") else key
        try:
            version = self._served(bucket, page, context)
            if version.website_redirect_location is not None:
                return _redirect(301, version.website_redirect_location)
            check_read(_conditions(request), version, context.now)
            return _object(version, 200)
        except S3Error as error:
            if error.status == 304:
                return HttpResponse(304, tuple(error.headers.items()))
            if page == key and error.status in (403, 404) and self._exists(bucket, f"{key}/{suffix}", context):
                return _redirect(302, f"/{key}/")
            rule = rule_for(configuration, key, error.status)
            if rule is not None:
                return _redirect(*redirect_of(rule, key, host, "http"))
            return self._error_document(bucket, configuration, error, context)

    def _served(self, bucket: Bucket, key: str, context: CallContext) -> ObjectVersion:
        """The object that everyone may read. Raises AccessDenied, NoSuchKey."""
        params = {"Bucket": bucket.name, "Key": key}
        if not context.principal:
            self.check_anonymous("GetObject", params, context)
        version = bucket.keys.live(key)
        if not isinstance(version, ObjectVersion):
            raise NoSuchKey(fields={"Key": key})
        return version

    def _exists(self, bucket: Bucket, key: str, context: CallContext) -> bool:
        return bucket.keys.live(key) is not None

    def _error_document(
        self, bucket: Bucket, configuration: dict[str, Any], error: S3Error, context: CallContext
    ) -> HttpResponse:
        document = (configuration.get("ErrorDocument") or {}).get("Key")
        if document is None:
            return _error_page(error, context)
        try:
            version = self._served(bucket, document, context)
        except (AccessDenied, NoSuchKey) as missing:
            return _error_page(error, context, missing)
        if version.website_redirect_location is not None:
            return _redirect(301, version.website_redirect_location)
        return _object(version, error.status)


def _conditions(request: HttpRequest) -> dict[str, Any]:
    headers = request.headers
    found = {"IfMatch": headers.get("if-match"), "IfNoneMatch": headers.get("if-none-match")}
    return {name: value for name, value in found.items() if value is not None}


def _object(version: ObjectVersion, status: int) -> HttpResponse:
    headers = [("Last-Modified", formatdate(version.last_modified, usegmt=True)), ("ETag", f'"{version.etag}"')]
    headers += [(header, str(version.headers[name])) for name, header in _HEADERS.items() if name in version.headers]
    headers += [(f"x-amz-meta-{name}", value) for name, value in version.metadata.items() if value.isascii()]
    return HttpResponse(status, tuple(headers), content=version.content)


def _redirect(status: int, location: str) -> HttpResponse:
    return HttpResponse(status, (("Location", location), ("Content-Type", "text/html; charset=utf-8")))


def _error_page(error: S3Error, context: CallContext, second: AwsError | None = None) -> HttpResponse:
    """S3's page about an error; `second` is what went wrong with the site's own page."""
    title = f"{error.status} {_REASONS.get(error.status, 'Error')}"
    rows = [("Code", error.code), ("Message", error.message), *error.fields.items()]
    rows += [("RequestId", short_id(context.request_id)), ("HostId", extended_id(context.request_id))]
    text = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n"
    text += "".join(f"<li>{name}: {escape(str(value))}</li>\n" for name, value in rows)
    text += "</ul>\n"
    if second is not None:
        text += "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n"
        inner = [("Code", second.code), ("Message", second.message), *second.fields.items()]
        text += "".join(f"<li>{name}: {escape(str(value))}</li>\n" for name, value in inner) + "</ul>\n"
    text += "<hr/>\n</body>\n</html>\n"
    headers = (
        ("x-amz-error-code", error.code),
        ("x-amz-error-message", error.message),
        *((f"x-amz-error-detail-{name}", str(value)) for name, value in error.fields.items()),
        ("Content-Type", "text/html; charset=utf-8"),
    )
    return HttpResponse(error.status, headers, text.encode())
