"""Cross-origin requests of browsers: the rules of a bucket, preflights, and the headers of the answers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.configuration_errors import AccessForbidden, NoSuchCORSConfiguration
from emulator.services.s3.errors import BadRequest, InvalidRequest, MalformedXml
from emulator.services.s3.hooks import S3Hooks
from emulator.services.s3.policy_conditions import like

__all__ = ["CorsOperations"]

_METHODS = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})
_VARY = ("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)

Rule = Mapping[str, Any]


class CorsOperations(S3Hooks):
    """CORS."""

    @operation("PutBucketCors")
    def put_bucket_cors(self, params: Params, context: CallContext) -> Reply:
        """Replace the rules."""
        bucket = self.bucket_of(params)
        rules = (params.get("CORSConfiguration") or {}).get("CORSRules") or []
        if not 1 <= len(rules) <= self.quotas.cors_rules:
            raise MalformedXml
        for rule in rules:
            methods, origins = rule.get("AllowedMethods"), rule.get("AllowedOrigins")
            if not methods or not origins:
                raise MalformedXml
            for method in methods:
                if method not in _METHODS:
                    raise InvalidRequest(
                        f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                    )
            for origin in origins:
                if origin.count("*") > 1:
                    raise InvalidRequest(f'AllowedOrigin "{origin}" can not have more than one wildcard.')
            for header in rule.get("AllowedHeaders") or ():
                if header.count("*") > 1:
                    raise InvalidRequest(f'AllowedHeader "{header}" can not have more than one wildcard.')
            for header in rule.get("ExposeHeaders") or ():
                if "*" in header:
                    raise InvalidRequest(
                        f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
                    )
        bucket.configurations["cors"] = rules
        return Reply()

    @operation("GetBucketCors")
    def get_bucket_cors(self, params: Params, context: CallContext) -> Reply:
        """The rules."""
        bucket = self.bucket_of(params)
        rules = bucket.configurations.get("cors")
        if rules is None:
            raise NoSuchCORSConfiguration(fields={"BucketName": bucket.name})
        return Reply({"CORSRules": rules})

    @operation("DeleteBucketCors")
    def delete_bucket_cors(self, params: Params, context: CallContext) -> Reply:
        """Take the rules away."""
        self.bucket_of(params).configurations.pop("cors", None)
        return Reply()

    # -- requests of browsers ----------------------------------------------------------------------------------------------------

    @operation("OptionsObject")
    def options_object(self, params: Params, context: CallContext) -> Reply:
        """A preflight. Raises BadRequest, AccessForbidden."""
        assert context.request is not None
        headers = context.request.headers
        origin = headers.get("origin")
        if origin is None:
            raise BadRequest("Insufficient information. Origin request header needed.")
        name, key = _target(context.request)
        method = headers.get("access-control-request-method")
        refused = {"Method": "OPTIONS" if method is None else method, "ResourceType": "OBJECT" if key else "BUCKET"}
        bucket = self.buckets.get(name)
        if bucket is None:
            raise AccessForbidden("CORSResponse: Bucket not found", fields={**refused, "ResourceType": "BUCKET"})
        rules = bucket.configurations.get("cors")
        if rules is None:
            message = "CORSResponse: CORS is not enabled for this bucket."
            raise AccessForbidden(message, fields={**refused, "ResourceType": "BUCKET"})
        if method is None:
            raise BadRequest("Invalid Access-Control-Request-Method: null")
        asked = _listed(headers.get("access-control-request-headers", ""))
        for rule in rules:
            answer = _answer(rule, origin, method, asked)
            if answer is not None:
                return Reply(HttpResponse(200, answer))
        raise AccessForbidden(_NOT_ALLOWED, fields=refused)

    def cors_headers(self, request: HttpRequest) -> tuple[tuple[str, str], ...]:
        """What an answer to a page of another origin says beside; nothing where no rule allows the page to read it."""
        bucket = self.buckets.get(_target(request)[0])
        headers = request.headers
        method = headers.get("access-control-request-method", request.method)
        for rule in () if bucket is None else bucket.configurations.get("cors", ()):
            answer = _answer(
                rule, headers["origin"], method, _listed(headers.get("access-control-request-headers", ""))
            )
            if answer is not None:
                return answer
        return ()


def _target(request: HttpRequest) -> tuple[str, str]:
    bucket, _, key = request.path.removeprefix("/").partition("/")
    return unquote(bucket), key


def _listed(header: str) -> list[str]:
    return [name.strip().lower() for name in header.split(",") if name.strip()]


def _answer(rule: Rule, origin: str, method: str, asked: list[str]) -> tuple[tuple[str, str], ...] | None:
    if method not in rule["AllowedMethods"]:
        return None
    matched = next((allowed for allowed in rule["AllowedOrigins"] if like(origin, allowed)), None)
    if matched is None:
        return None
    allowed_headers = [header.lower() for header in rule.get("AllowedHeaders") or ()]
    if not all(any(like(header, allowed) for allowed in allowed_headers) for header in asked):
        return None
    anyone = matched == "*"
    answer = [
        ("Access-Control-Allow-Origin", "*" if anyone else origin),
        ("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])),
    ]
    if asked:
        answer.append(("Access-Control-Allow-Headers", ", ".join(asked)))
    if rule.get("ExposeHeaders"):
        answer.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        answer.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if not anyone:
        answer.append(("Access-Control-Allow-Credentials", "true"))
    return (*answer, _VARY)
