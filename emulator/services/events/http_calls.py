"""Requests to HTTP endpoints through a connection: what authorizes them, and the invocation of an API destination.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import orjson

from emulator.effects import Now, Process, Sleep
from emulator.errors import AwsError
from emulator.http import HttpResponse
from emulator.outbound import SendHttp
from emulator.services.events.errors import ResourceNotFoundException
from emulator.services.events.state import ApiDestination, Connection, Event, Target
from emulator.services.events.store import EventsStore

__all__ = ["AuthorizationFailed", "HttpCalls"]

_USER_AGENT = "Amazon/EventBridge/ApiDestinations"
_TOKEN_MARGIN_SECONDS = 60.0  # a token is renewed a little before it expires
_TOKEN_SECONDS = 3_600.0  # for a token that does not say


class AuthorizationFailed(AwsError):
    """The authorization endpoint of a connection gave no token."""

    code = "AuthorizationFailed"


class HttpCalls(EventsStore):
    """What the service needs to call HTTP endpoints."""

    def connection_of(self, arn: str) -> Connection:
        """A connection by ARN. Raises ResourceNotFoundException."""
        name = arn.rpartition(":connection/")[2].partition("/")[0]
        connection = self.connections.get(name)
        if connection is None or connection.arn != arn:
            raise ResourceNotFoundException(f"Connection '{name}' does not exist.")
        return connection

    def credentials(self, connection: Connection, *, renewed: bool = False) -> Process:
        """What the connection adds to a request: maps `headers`, `query` and `body`. Raises AuthorizationFailed, EmulatorError."""
        parameters = connection.parameters
        headers: dict[str, str] = {}
        if connection.authorization_type == "API_KEY":
            key = parameters["ApiKeyAuthParameters"]
            headers[key["ApiKeyName"]] = key["ApiKeyValue"]
        elif connection.authorization_type == "BASIC":
            basic = parameters["BasicAuthParameters"]
            written = f"{basic['Username']}:{basic['Password']}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(written).decode()}"
        else:
            token = yield from self._token(connection, renewed=renewed)
            headers["Authorization"] = f"Bearer {token}"
        more = parameters.get("InvocationHttpParameters") or {}
        return {
            "headers": {**_pairs(more, "HeaderParameters"), **headers},
            "query": _pairs(more, "QueryStringParameters"),
            "body": _pairs(more, "BodyParameters"),
        }

    def _token(self, connection: Connection, *, renewed: bool) -> Process:
        """The OAuth access token, fetched when there is none that is good."""
        now = yield Now()
        if not renewed and connection.token is not None and now < connection.token_expires:
            return connection.token
        answer: HttpResponse = yield _token_request(connection)
        try:
            document = orjson.loads(answer.body)
            token = document["access_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            token = document = None
        if answer.status >= 400 or not isinstance(token, str):
            connection.state = "DEAUTHORIZED"
            connection.state_reason = f"The authorization endpoint answered {answer.status} and no access_token."
            raise AuthorizationFailed(connection.state_reason)
        lifetime = document.get("expires_in", _TOKEN_SECONDS)
        seconds = float(lifetime) if isinstance(lifetime, int | float | str) else _TOKEN_SECONDS
        connection.token, connection.token_expires = token, now + max(0.0, seconds - _TOKEN_MARGIN_SECONDS)
        connection.state, connection.state_reason, connection.authorized = "AUTHORIZED", None, now
        return token

    def invoke_api_destination(
        self, destination: ApiDestination, target: Target, event: Event, payload: str
    ) -> Process:
        """Call the endpoint, at the destination's rate. The response; a token that is refused is renewed once."""
        now = yield Now()
        start = max(now, destination.free_at)
        destination.free_at = start + 1.0 / destination.rate
        if start > now:
            yield Sleep(start - now)
        connection = self.connection_of(destination.connection_arn)
        for renewed in (False, True):
            added = yield from self.credentials(connection, renewed=renewed)
            answer: HttpResponse = yield self._invocation(destination, target, event, payload, added)
            if answer.status not in (401, 407) or connection.authorization_type != "OAUTH_CLIENT_CREDENTIALS":
                break
        return answer

    def _invocation(
        self,
        destination: ApiDestination,
        target: Target,
        event: Event,
        payload: str,
        added: Mapping[str, Mapping[str, str]],
    ) -> SendHttp:
        given = target.members.get("HttpParameters") or {}
        url = destination.endpoint
        for value in given.get("PathParameterValues") or ():
            url = url.replace("*", quote(value, safe=""), 1)
        headers = {
            "User-Agent": _USER_AGENT,
            "Content-Type": "application/json; charset=utf-8",
            "Range": "bytes=0-1048575",
        }
        headers = _merged(headers, given.get("HeaderParameters") or {}, added["headers"])
        if event.trace_header:
            headers = _merged(headers, {"X-Amzn-Trace-Id": f"Root={event.trace_header}"})
        query = {**(given.get("QueryStringParameters") or {}), **added["query"]}
        body = b"" if destination.method in ("GET", "HEAD") else _with_members(payload, added["body"]).encode()
        return SendHttp(
            destination.method,
            _with_query(url, query),
            tuple(headers.items()),
            body,
            self.quotas.api_destination_seconds,
            resource=url,
        )


def _token_request(connection: Connection) -> SendHttp:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html"""
    oauth = connection.parameters["OAuthParameters"]
    client = oauth["ClientParameters"]
    more = oauth.get("OAuthHttpParameters") or {}
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientID"],
        "client_secret": client["ClientSecret"],
        **_pairs(more, "BodyParameters"),
    }
    url, query = oauth["AuthorizationEndpoint"], _pairs(more, "QueryStringParameters")
    headers = {"User-Agent": _USER_AGENT}
    body = b""
    if oauth["HttpMethod"] == "GET":
        query = {**query, **form}
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(form).encode()
    headers = _merged(headers, _pairs(more, "HeaderParameters"))
    return SendHttp(oauth["HttpMethod"], _with_query(url, query), tuple(headers.items()), body, resource=url)


def _pairs(parameters: Mapping[str, Any], member: str) -> dict[str, str]:
    return {pair["Key"]: pair.get("Value", "") for pair in parameters.get(member) or ()}


def _merged(*parts: Mapping[str, str]) -> dict[str, str]:
    """Headers, where a later one takes the place of an earlier one, whatever their case."""
    merged: dict[str, tuple[str, str]] = {}
    for part in parts:
        merged.update({name.lower(): (name, value) for name, value in part.items()})
    return dict(merged.values())


def _with_query(url: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    written: Iterable[str] = filter(None, (parts.query, urlencode(query, quote_via=quote)))
    return urlunsplit(parts._replace(query="&".join(written)))


def _with_members(payload: str, members: Mapping[str, str]) -> str:
    """A JSON object with the connection's body parameters; anything else stays as it is."""
    if not members:
        return payload
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload
    return orjson.dumps({**document, **members}).decode() if isinstance(document, dict) else payload
