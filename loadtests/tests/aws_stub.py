"""A strict stand-in for AWS's front door: TLS, SigV4 that is really verified, a few calls played, some passed on, all others denied.

What is passed on goes to an emulator, which plays the account's services. Whatever is not on either list is answered with AccessDenied
that names it, and kept in `denied`.
"""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loadtests.clock import wall

ACCESS_KEY, SECRET_KEY = "AKIASTAGINGTESTER000", "a secret that signs"
ACCOUNT = "111122223333"
READS = {
    "apigateway:GetApiKey",
    "apigateway:GetUsagePlans",
    "cloudformation:DescribeStacks",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "s3:GetObject",
    "s3:HeadBucket",
    "s3:ListObjectsV2",
    "sns:ListSubscriptionsByTopic",
    "sqs:DeleteMessageBatch",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
PLAYED = {
    "iam:GetRole",
    "iam:ListAccountAliases",
    "iam:SimulatePrincipalPolicy",
    "service-quotas:GetServiceQuota",
    "sts:GetCallerIdentity",
}
CLEAN_UP = {
    "dynamodb:DeleteItem",
    "dynamodb:Scan",
    "s3:DeleteObject",
    "s3:ListObjectVersions",
    "sqs:ChangeMessageVisibility",
}
TARGETS = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "ServiceQuotasV20190624": "service-quotas",
    "AWSOrganizationsV20161128": "organizations",
}


@dataclass
class Account:
    """How the account behaves; tests change it."""

    account_id: str = ACCOUNT
    arn: str = f"arn:aws:sts::{ACCOUNT}:assumed-role/Tester/somebody"
    aliases: list[str] | None = field(default_factory=lambda: ["ledger-staging"])
    tags: dict[str, str] = field(default_factory=dict)
    quotas: dict[str, float] | None = field(default_factory=lambda: {"L-B99A9384": 1000.0, "L-8A5B8E43": 10000.0})
    simulated_denials: set[str] | None = field(default_factory=set)
    passed: set[str] = field(default_factory=lambda: READS | CLEAN_UP)
    clock_offset: float = 0.0
    denied: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


@dataclass
class Front:
    """Where the stub is, and the certificate authority that signed its certificate."""

    url: str
    authority: Path
    account: Account


@contextmanager
def running(upstream: str, folder: Path, account: Account) -> Iterator[Front]:
    authority, certificate = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ssl.SSLError, ConnectionError):
                self.close_connection = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = _answer(account, upstream, self, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in {name.lower() for name in headers}:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            self.wfile.flush()

        do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(wall() + account.clock_offset, usegmt=True)

        def log_message(self, *arguments: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            # The handshake is left to the connection's own thread.
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            return  # a client that does not trust the certificate leaves in the middle of a handshake

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Front(f"https://127.0.0.1:{server.server_port}", authority, account)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(account: Account, upstream: str, request: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
    if request.path.startswith("/_aws/execute-api/"):
        account.seen.append("execute-api:Invoke")
        return _forward(upstream, request, body)
    scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", request.headers.get("Authorization", ""))
    if scope is None:
        return 403, {}, b'{"__type": "MissingAuthenticationTokenException", "message": "unsigned"}'
    service = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}.get(scope[3], scope[3])
    name = f"{service}:{_operation(request, body)}"
    account.seen.append(name)
    if scope[1] != ACCESS_KEY or not _signed_well(request, body, scope[2], scope[3]):
        return _error(service, "InvalidClientTokenId", "The security token included in the request is invalid.")
    played = _play(account, name, body)
    if played is not None:
        return played
    if name not in account.passed:
        account.denied.append(name)
        return _error(service, "AccessDenied", f"the tester is not authorized to perform: {name}")
    status, headers, content = _forward(upstream, request, body)
    if name == "cloudformation:DescribeStacks":
        rows = "".join(f"<member><Key>{k}</Key><Value>{v}</Value></member>" for k, v in account.tags.items())
        content = re.sub(rb"<Tags ?/>|<Tags>.*?</Tags>", b"", content, flags=re.DOTALL)
        content = content.replace(b"<StackStatus>", f"<Tags>{rows}</Tags><StackStatus>".encode(), 1)
        headers = {key: value for key, value in headers.items() if key.lower() != "content-length"}
    return status, headers, content


def _operation(request: Any, body: bytes) -> str:
    target = request.headers.get("X-Amz-Target")
    if target is not None:
        return str(target.partition(".")[2])
    parts = urlsplit(request.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    action = parse_qs(body.decode(errors="replace")).get("Action") if request.command == "POST" else None
    if action:
        return action[0]
    if parts.path.startswith("/apikeys/"):
        return "GetApiKey"
    if parts.path == "/usageplans":
        return "GetUsagePlans"
    if request.command == "GET" and "versions" in query:
        return "ListObjectVersions"
    if request.command == "GET" and "list-type" in query:
        return "ListObjectsV2"
    level = "Object" if parts.path.strip("/").count("/") else "Bucket"
    return f"{request.command.capitalize()}{level}"


def _play(account: Account, name: str, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """The calls that the stub answers itself; None for one that it does not play, or that is not granted."""
    if name == "sts:GetCallerIdentity":
        parts = f"<Arn>{account.arn}</Arn><UserId>AROATESTER:somebody</UserId><Account>{account.account_id}</Account>"
        return _xml("GetCallerIdentity", parts)
    if name == "iam:ListAccountAliases" and account.aliases is not None:
        rows = "".join(f"<member>{alias}</member>" for alias in account.aliases)
        return _xml("ListAccountAliases", f"<IsTruncated>false</IsTruncated><AccountAliases>{rows}</AccountAliases>")
    if name == "iam:GetRole" and account.simulated_denials is not None:
        role = (
            f"<Role><RoleName>Tester</RoleName><Arn>arn:aws:iam::{account.account_id}:role/people/Tester</Arn></Role>"
        )
        return _xml("GetRole", role)
    if name == "iam:SimulatePrincipalPolicy" and account.simulated_denials is not None:
        asked = parse_qs(body.decode())
        actions = [values[0] for key, values in asked.items() if key.startswith("ActionNames.member.")]
        rows = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalDecision>"
            f"{'implicitDeny' if action in account.simulated_denials else 'allowed'}</EvalDecision></member>"
            for action in actions
        )
        return _xml(
            "SimulatePrincipalPolicy", f"<IsTruncated>false</IsTruncated><EvaluationResults>{rows}</EvaluationResults>"
        )
    if name == "service-quotas:GetServiceQuota" and account.quotas is not None:
        code = json.loads(body)["QuotaCode"]
        quota = {"QuotaCode": code, "Value": account.quotas[code]}
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"Quota": quota}).encode()
    return None


def _xml(operation: str, result: str) -> tuple[int, dict[str, str], bytes]:
    content = f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
    return 200, {"Content-Type": "text/xml"}, content.encode()


def _error(service: str, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    if service in ("s3", "sts", "iam", "cloudformation", "sns"):
        inner = f"<Code>{code}</Code><Message>{message}</Message>"
        content = (
            f"<Error>{inner}</Error>" if service == "s3" else f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
        )
        return 403, {"Content-Type": "text/xml"}, content.encode()
    code = f"{code}Exception" if code == "AccessDenied" else code
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return 403, headers, json.dumps({"__type": code, "message": message}).encode()


def _forward(upstream: str, request: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(upstream)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
    try:
        connection.request(request.command, request.path, body, headers)
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
        return response.status, kept, response.read()
    finally:
        connection.close()


_HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive", "date", "server")


def _signed_well(request: Any, body: bytes, region: str, service: str) -> bool:
    """Whether the request's signature is the one that the known secret makes of it."""
    authorization = request.headers["Authorization"]
    names = re.search(r"SignedHeaders=([^,]+)", authorization)
    signature = re.search(r"Signature=(\w+)", authorization)
    assert names is not None
    assert signature is not None
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = kind(Credentials(ACCESS_KEY, SECRET_KEY), service, region)
    headers = {name: request.headers[name] for name in names[1].split(";")}
    again = AWSRequest(request.command, f"https://{request.headers['Host']}{request.path}", headers, body)
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    return bool(auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again) == signature[1])


def _certificate(folder: Path) -> tuple[Path, Path]:
    """An authority, and a certificate of 127.0.0.1 that it signed, with its key in the same file."""
    now = datetime.datetime.fromtimestamp(wall(), datetime.UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("test authority", "127.0.0.1")]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
    made = []
    for name, key, is_authority in zip(names, keys, (True, False), strict=True):
        builder = x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        if not is_authority:
            address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(address, critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    authority, certificate = folder / "authority.pem", folder / "certificate.pem"
    authority.write_bytes(made[0])
    private = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate.write_bytes(made[1] + private)
    return authority, certificate
