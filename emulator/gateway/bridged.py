"""Services that moto plays, behind the same dispatch as our own: faults, journal and `Call` work for them alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from emulator.account import Account
from emulator.effects import Process
from emulator.errors import AwsError, UnsupportedOperation
from emulator.gateway.bridge_request import BridgeRequest
from emulator.gateway.bridged_response import as_aws_sends_it
from emulator.gateway.not_in_moto import NOT_IN_MOTO
from emulator.gateway.parsed_results import in_our_shape, parameters_for_botocore
from emulator.http import HttpRequest, HttpResponse
from emulator.operation import CallContext, Params, Reply
from emulator.protocols import Answered, Wires

__all__ = ["BridgedService"]

_RESOURCE_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": ("AlarmName", "Namespace"),
    "ec2": ("VpcId", "SubnetId", "GroupId"),
    "efs": ("AccessPointId", "FileSystemId"),
    "iam": ("RoleName", "PolicyArn", "UserName", "PolicyName"),
    "kms": ("KeyId", "AliasName"),
    "secretsmanager": ("SecretId", "Name"),
    "ssm": ("Name",),
    "sts": ("RoleArn",),
}
"""The parameters that identify the resource, most specific first."""

_GLOBAL_HOSTS: Mapping[str, str] = {
    "iam": "iam.amazonaws.com",
    "organizations": "organizations.us-east-1.amazonaws.com",
}
_PEEK_BYTES = 65_536
"""Bodies above this are not opened to find the resource's name."""


class BridgedService:
    """One service that moto plays.

    A request that came over HTTP goes through verbatim and its response comes back but for ids and statuses (an HttpResponse; an error as
    `Answered`). A call from another service is written and read by botocore itself: the result is the operation's output as botocore
    shapes it.
    """

    def __init__(self, service: str, account: Account, wires: Wires) -> None:
        self.service_id = service
        self._account = account
        self._wires = wires

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process:
        """Run one operation: a process whose result is the Reply. Raises AwsError."""
        reason = NOT_IN_MOTO.get(self.service_id, {}).get(name)
        if reason is not None:
            raise UnsupportedOperation(f"{self.service_id}:{name} is not supported by this emulator ({reason})")
        if context.request is None:
            return self._call(name, params, context)
        if name == "GetCallerIdentity" and context.principal in self._account.principals.values():
            return Reply(self._function_identity(context))
        return self._forward(name, context.request, context)

    def resource_of(self, name: str, params: Params, context: CallContext) -> str:
        """The resource that a call is about, as the caller named it; empty where it names none."""
        members = _RESOURCE_MEMBERS.get(self.service_id, ())
        if context.request is not None:
            return self._resource_of_request(context.request, members)
        for member in members:
            value = params.get(member)
            if isinstance(value, str):
                return value
        return ""

    # -- over HTTP ---------------------------------------------------------------------------------------------------

    def _forward(self, name: str, request: HttpRequest, context: CallContext) -> Process:
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            raise UnsupportedOperation(
                f"{self.service_id}:{name}: the CBOR protocol is not supported by this emulator; let the client speak "
                "JSON or query"
            )
        if self.service_id == "ec2":
            _check_dry_run(request)
        query = f"?{request.query}" if request.query else ""
        response = yield BridgeRequest(
            self.service_id,
            name,
            request.method,
            f"https://{self._host()}{request.path}{query}",
            _with_host(request.header_list, self._host()),
            request.body,
            self._resource_of_request(request, _RESOURCE_MEMBERS.get(self.service_id, ())),
        )
        protocol = self._wires.get(self.service_id).protocol
        response = as_aws_sends_it(protocol, response, context.request_id)
        if response.status >= 400:
            error = self._parsed(name, response).get("Error", {})
            raise Answered.by(response, str(error.get("Code", response.status)), str(error.get("Message", "")))
        return Reply(response)

    def _resource_of_request(self, request: HttpRequest, members: tuple[str, ...]) -> str:
        if len(request.body) > _PEEK_BYTES or not request.body:
            return ""
        named: Mapping[str, Any]
        if "x-amz-target" in request.headers:
            try:
                named = orjson.loads(request.body)
            except orjson.JSONDecodeError:
                return ""  # moto answers a malformed body
        else:
            named = {key: values[-1] for key, values in parse_qs(request.body.decode("latin-1")).items()}
        if isinstance(named, dict):
            for member in members:
                value = named.get(member)
                if isinstance(value, str):
                    return value
        return ""

    def _function_identity(self, context: CallContext) -> dict[str, str]:
        """Who a function is: its credentials are the emulator's own, of which moto knows nothing."""
        return {
            "UserId": self._account.user_id(context.principal),
            "Account": self._account.account_id,
            "Arn": context.principal,
        }

    # -- from another service ----------------------------------------------------------------------------------------

    def _call(self, name: str, params: Params, context: CallContext) -> Process:
        model = self._wires.get(self.service_id).model
        operation = model.operation_model(name)
        shape = operation.input_shape
        given = {} if shape is None else parameters_for_botocore(shape, params)
        serializer = create_serializer(model.resolved_protocol, False)
        written = serializer.serialize_to_request(given, operation)
        body = written["body"]
        headers = dict(written["headers"])
        if isinstance(body, dict):
            body = urlencode(body)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        content = body.encode() if isinstance(body, str) else bytes(body)
        path, _, literal = str(written["url_path"]).partition("?")
        query = "&".join(part for part in (literal, urlencode(written["query_string"], doseq=True)) if part)
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential=bridge/20260101/{self._account.region}/"
            f"{model.signing_name or self.service_id}/aws4_request, SignedHeaders=host, Signature=0"
        )
        response = yield BridgeRequest(
            self.service_id,
            name,
            str(written["method"]),
            f"https://{self._host()}{path}{'?' if query else ''}{query}",
            _with_host(tuple((key, str(value)) for key, value in headers.items()), self._host()),
            content,
            self.resource_of(name, params, context),
        )
        response = as_aws_sends_it(self._wires.get(self.service_id).protocol, response, context.request_id)
        parsed = self._parsed(name, response)
        if response.status >= 400:
            error = parsed.get("Error", {})
            fields = {
                key: value for key, value in error.items() if key not in ("Code", "Message", "Type", "QueryErrorCode")
            }
            code = str(error.get("Code", response.status)).rpartition("#")[2]
            raise AwsError.named(code, str(error.get("Message", "")), status=response.status, fields=fields)
        return Reply(in_our_shape(operation.output_shape, parsed, response.body))

    def _parsed(self, name: str, response: HttpResponse) -> dict[str, Any]:
        model = self._wires.get(self.service_id).model
        operation = model.operation_model(name)
        parser = create_parser(model.resolved_protocol)
        headers = HeadersDict(response.headers)
        given = {"status_code": response.status, "headers": headers, "body": response.body}
        if response.status < 300 and operation.has_streaming_output:
            given["body"] = _Stream(response.body)
        parsed: dict[str, Any] = parser.parse(given, operation.output_shape)  # type: ignore[arg-type]  # the stubs leave out None
        return parsed

    def _host(self) -> str:
        known = _GLOBAL_HOSTS.get(self.service_id)
        if known is not None:
            return known
        prefix = self._wires.get(self.service_id).model.endpoint_prefix
        return f"{prefix}.{self._account.region}.amazonaws.com"


class DryRunOperation(AwsError):
    """EC2's answer to a request that only asks whether it might."""

    status = 412


def _check_dry_run(request: HttpRequest) -> None:
    """moto heeds DryRun for some operations and carries the others out. Raises DryRunOperation."""
    if b"DryRun=true" in request.body[:_PEEK_BYTES].split(b"&"):
        raise DryRunOperation("Request would have succeeded, but DryRun flag is set.")


class _Stream:
    """A body that botocore's parser hands through as a stream."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self) -> bytes:
        """The whole body."""
        return self._body


def _with_host(headers: tuple[tuple[str, str], ...], host: str) -> tuple[tuple[str, str], ...]:
    return (*((name, value) for name, value in headers if name.lower() != "host"), ("Host", host))
