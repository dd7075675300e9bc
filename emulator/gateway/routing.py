"""Which service, or which API stage, a request is for.

Order: the control API, an API stage (two path forms and the Host header), a function URL (a path form and the Host header), then the
service: signature scope, `X-Amz-Target`, the query protocol's `Action`, the Host header; what is left is S3 (path style, unsigned).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from emulator.http import HttpRequest
from emulator.value import value

__all__ = [
    "BRIDGED",
    "NATIVE",
    "ApiStage",
    "FunctionUrl",
    "Scope",
    "api_stage_of",
    "function_url_of",
    "scope_of",
    "service_of",
]

NATIVE = frozenset(
    {
        "apigateway",
        "cloudformation",
        "dynamodb",
        "dynamodbstreams",
        "elasticache",
        "events",
        "lambda",
        "logs",
        "s3",
        "sns",
        "sqs",
        "stepfunctions",
    }
)
"""Services that run in the engine."""

BRIDGED = frozenset({"cloudwatch", "ec2", "efs", "iam", "kms", "secretsmanager", "ssm", "sts"})
"""Services that moto plays for us. Making one native is moving its name."""

# Signing names that differ from botocore's service names.
_SIGNING_NAMES: Mapping[str, str] = {
    "states": "stepfunctions",
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "s3express": "s3",
    "sqs": "sqs",
}

# First part of X-Amz-Target, up to the dot.
_TARGET_PREFIXES: Mapping[str, str] = {
    "AmazonSQS": "sqs",
    "AWSStepFunctions": "stepfunctions",
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodbstreams",
    "Logs_20140328": "logs",
    "secretsmanager": "secretsmanager",
    "AmazonSSM": "ssm",
    "TrentService": "kms",
    "GraniteServiceVersion20100801": "cloudwatch",
    "AWSEvents": "events",
    "Kinesis_20131202": "kinesis",
    "Firehose_20150804": "firehose",
}

# Version parameter of the query protocol.
_QUERY_VERSIONS: Mapping[str, str] = {
    "2010-03-31": "sns",
    "2012-11-05": "sqs",
    "2010-05-15": "cloudformation",
    "2015-02-02": "elasticache",
    "2010-05-08": "iam",
    "2011-06-15": "sts",
    "2010-08-01": "cloudwatch",
    "2016-11-15": "ec2",
}

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request")
_STAGE_HOST = re.compile(r"^([a-z0-9]+)\.execute-api\.(?:[a-z0-9-]+\.amazonaws\.com|localhost(?:\.[a-z.]+)?)(?::\d+)?$")
_STAGE_PATHS = (
    ("/restapis/", re.compile(r"^/restapis/([^/]+)/([^/]+)/_user_request_(/.*|)$")),
    ("/_aws/", re.compile(r"^/_aws/execute-api/([^/]+)/([^/]+)(/.*|)$")),
)
_URL_HOST = re.compile(
    r"^([a-z0-9]+)\.lambda-url\.(?:[a-z0-9-]+\.on\.aws|(?:[a-z0-9-]+\.)?localhost(?:\.[a-z.]+)?)(?::\d+)?$"
)
_URL_PATH = re.compile(r"^/_aws/lambda-url/([^/]+)(/.*|)$")
_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d$")


@dataclass(frozen=True, slots=True)
class ApiStage:
    """A request to an API's stage: `path` starts with a slash and is still percent-encoded."""

    api_id: str
    stage: str
    path: str


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """A request to a function URL: `path` starts with a slash and is still percent-encoded."""

    url_id: str
    path: str


@value
class Scope:
    """What a signature says of its maker. Signatures are read, not verified: there are no secrets to verify them with."""

    access_key_id: str = ""
    region: str = ""
    signing_name: str = ""


def scope_of(request: HttpRequest) -> Scope:
    """The SigV4 scope from the Authorization header or a presigned URL; empty where the request is unsigned."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith("AWS ") or "AWSAccessKeyId=" in request.query:  # S3's first signature
        key = authorization[4:].partition(":")[0] or parse_qs(request.query).get("AWSAccessKeyId", [""])[0]
        return Scope(key, "", "s3")
    match = _SCOPE.search(authorization)
    if match is None and "X-Amz-Credential" in request.query:
        credential = parse_qs(request.query).get("X-Amz-Credential", [""])[0]
        match = _SCOPE.search(f"Credential={credential}")
    return Scope() if match is None else Scope(match[1], match[3], match[4])


def api_stage_of(request: HttpRequest) -> ApiStage | None:
    """The API stage that a request is for, or None."""
    path = request.path
    for start, pattern in _STAGE_PATHS:
        match = pattern.match(path) if path.startswith(start) else None
        if match is not None:
            return ApiStage(match[1], match[2], match[3] or "/")
    host = request.headers.get("host", "")
    match = _STAGE_HOST.match(host) if ".execute-api." in host else None
    if match is None:
        return None
    stage, _, rest = request.path.lstrip("/").partition("/")
    return ApiStage(match[1], stage, f"/{rest}")


def function_url_of(request: HttpRequest) -> FunctionUrl | None:
    """The function URL that a request is for, or None."""
    match = _URL_PATH.match(request.path) if request.path.startswith("/_aws/") else None
    if match is not None:
        return FunctionUrl(match[1], match[2] or "/")
    host = request.headers.get("host", "")
    match = _URL_HOST.match(host) if ".lambda-url." in host else None
    return None if match is None else FunctionUrl(match[1], request.path)


def service_of(request: HttpRequest, scope: Scope) -> str:
    """botocore's name of the service that an AWS API request is for; `s3` where nothing names one."""
    target = request.headers.get("x-amz-target")
    if target is not None:
        prefix = target.partition(".")[0]
        if prefix in _TARGET_PREFIXES:
            return _TARGET_PREFIXES[prefix]
    if scope.signing_name == "apigateway" and request.path.startswith("/v2/"):
        return "apigatewayv2"
    if scope.signing_name:
        return _SIGNING_NAMES.get(scope.signing_name, scope.signing_name)
    version = _query_version(request)
    if version is not None:
        return version
    name = _service_label(request.headers.get("host", ""))
    if name and not name.startswith("s3"):
        return _SIGNING_NAMES.get(name, name)
    if re.match(r"^/20\d\d-\d\d-\d\d/(functions|layers|event-source|account-settings|tags)", request.path):
        return "lambda"
    return "s3"


def _service_label(host: str) -> str:
    """`sns` of `sns.eu-west-1.amazonaws.com:443`; empty where the host is not AWS's."""
    labels = host.partition(":")[0].removesuffix(".amazonaws.com").split(".")
    if not host.partition(":")[0].endswith(".amazonaws.com"):
        return ""
    if _REGION.match(labels[-1]):
        labels.pop()
    return labels[-1] if labels else ""


def _query_version(request: HttpRequest) -> str | None:
    if "Action=" in request.query:
        query = request.query
    elif request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        query = request.body[:65_536].decode("latin-1")
    else:
        return None
    return _QUERY_VERSIONS.get(parse_qs(query).get("Version", [""])[0])
