"""Connections and API destinations. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from emulator.http import HttpResponse
from emulator.services.events.tests.event_room import EventRoom

ANY_ORDER = {"source": ["orders"]}


def secrets(room: EventRoom) -> Any:
    return room.record(
        "secretsmanager", CreateSecret=lambda params: {"ARN": f"arn:secret:{params['Name']}", "Name": params["Name"]}
    )


def connection(room: EventRoom, kind: str, **parameters: Any) -> str:
    made = room.call("CreateConnection", Name="c", AuthorizationType=kind, AuthParameters=parameters)
    return str(made["ConnectionArn"])


def destination(room: EventRoom, connection_arn: str, **more: Any) -> str:
    given = {"InvocationEndpoint": "https://example.com/orders/*", "HttpMethod": "POST", **more}
    return str(room.call("CreateApiDestination", Name="d", ConnectionArn=connection_arn, **given)["ApiDestinationArn"])


API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}}


def test_an_api_destination_is_called_with_everything_that_was_asked_for() -> None:
    room = EventRoom()
    secrets(room)
    more = {
        "HeaderParameters": [{"Key": "x-conn", "Value": "1"}],
        "QueryStringParameters": [{"Key": "q", "Value": "a b", "IsValueSecret": True}],
        "BodyParameters": [{"Key": "extra", "Value": "yes"}],
    }
    arn = destination(room, connection(room, "API_KEY", **API_KEY, InvocationHttpParameters=more))
    parameters = {
        "PathParameterValues": ["7/8"],
        "HeaderParameters": {"x-target": "2", "X-Conn": "overridden"},
        "QueryStringParameters": {"t": "3"},
    }
    room.rule(ANY_ORDER, {"Arn": arn, "InputPath": "$.detail", "HttpParameters": parameters})
    room.put({"n": 1})
    [request] = room.sent
    headers = dict(request.headers)
    assert request.url == "https://example.com/orders/7%2F8?t=3&q=a%20b"
    assert (headers["x-api-key"], headers["x-conn"], headers["x-target"]) == ("secret", "1", "2")
    assert json.loads(request.body) == {"n": 1, "extra": "yes"}
    assert request.method == "POST"


def test_basic_authorization() -> None:
    room = EventRoom()
    secrets(room)
    arn = destination(room, connection(room, "BASIC", BasicAuthParameters={"Username": "u", "Password": "p"}))
    room.rule(ANY_ORDER, {"Arn": arn})
    room.put({})
    assert dict(room.sent[0].headers)["Authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"


OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "hidden"},
        "AuthorizationEndpoint": "https://auth.example.com/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all", "IsValueSecret": True}]},
    }
}


def test_an_oauth_token_is_fetched_kept_and_renewed_when_it_is_refused() -> None:
    room = EventRoom()
    secrets(room)
    tokens = iter(["one", "two"])

    def answer(request: Any) -> HttpResponse:
        if "auth." in request.url:
            return HttpResponse(200, (), json.dumps({"access_token": next(tokens), "expires_in": 3600}).encode())
        refused = dict(request.headers)["Authorization"] == "Bearer one" and len(room.sent) > 4
        return HttpResponse(401 if refused else 200)

    room.answer = answer
    arn = destination(room, connection(room, "OAUTH_CLIENT_CREDENTIALS", **OAUTH))
    assert room.call("DescribeConnection", Name="c")["ConnectionState"] == "AUTHORIZING"
    assert room.call("DescribeApiDestination", Name="d")["ApiDestinationState"] == "INACTIVE"
    room.run(5.0)
    assert room.call("DescribeConnection", Name="c")["ConnectionState"] == "AUTHORIZED"
    assert room.call("DescribeApiDestination", Name="d")["ApiDestinationState"] == "ACTIVE"
    assert room.sent[0].body == b"grant_type=client_credentials&client_id=id&client_secret=hidden&scope=all"
    room.rule(ANY_ORDER, {"Arn": arn})
    for _ in range(4):
        room.put({})
    room.run(1.0)
    authorizations = [dict(request.headers).get("Authorization") for request in room.sent]
    assert authorizations == [None, *["Bearer one"] * 4, None, "Bearer two"]


def test_an_oauth_connection_that_gets_no_token_is_deauthorized() -> None:
    room = EventRoom()
    secrets(room)
    room.answer = lambda _: HttpResponse(500, (), b"no")
    connection(room, "OAUTH_CLIENT_CREDENTIALS", **OAUTH)
    room.run(5.0)
    described = room.call("DescribeConnection", Name="c")
    assert described["ConnectionState"] == "DEAUTHORIZED"
    assert "500" in described["StateReason"]


@pytest.mark.parametrize(("status", "attempts"), [(400, 1), (404, 1), (409, 3), (429, 3), (500, 3), (503, 3)])
def test_which_answers_of_an_endpoint_are_retried(status: int, attempts: int) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html"""
    room = EventRoom()
    secrets(room)
    room.answer = lambda _: HttpResponse(status, (("Retry-After", "30"),))
    arn = destination(room, connection(room, "API_KEY", **API_KEY))
    room.rule(
        ANY_ORDER,
        {"Arn": arn, "RetryPolicy": {"MaximumRetryAttempts": 2}, "DeadLetterConfig": {"Arn": room.queue("dead")}},
    )
    room.put({})
    room.run(29.0)
    assert len(room.sent) == 1
    room.run(3600.0)
    assert len(room.sent) == attempts
    assert len(room.messages("dead")) == 1


def test_an_api_destination_is_called_at_its_rate() -> None:
    room = EventRoom()
    secrets(room)
    arn = destination(room, connection(room, "API_KEY", **API_KEY), InvocationRateLimitPerSecond=1)
    room.rule(ANY_ORDER, {"Arn": arn})
    for _ in range(3):
        room.put({})
    assert len(room.sent) == 1
    room.run(1.0)
    assert len(room.sent) == 2
    room.run(1.0)
    assert len(room.sent) == 3


def test_no_answer_shows_a_connections_secrets() -> None:
    room = EventRoom()
    kept = secrets(room)
    more = {"HeaderParameters": [{"Key": "h", "Value": "hush", "IsValueSecret": True}, {"Key": "o", "Value": "open"}]}
    connection(room, "API_KEY", **API_KEY, InvocationHttpParameters=more)
    described = room.call("DescribeConnection", Name="c")
    assert described["AuthParameters"] == {
        "ApiKeyAuthParameters": {"ApiKeyName": "x-api-key"},
        "InvocationHttpParameters": {
            "HeaderParameters": [{"Key": "h", "IsValueSecret": True}, {"Key": "o", "Value": "open"}]
        },
    }
    assert "secret" not in json.dumps(described["AuthParameters"]).replace("IsValueSecret", "")
    assert described["SecretArn"].startswith("arn:secret:events!connection/c/")
    assert json.loads(kept.calls[0][1]["SecretString"])["api_key_value"] == "secret"
    room.call("DeleteConnection", Name="c")
    assert kept.calls[-1][0] == "DeleteSecret"
    assert room.refused("DescribeConnection", Name="c") == (
        "ResourceNotFoundException",
        "Failed to describe the connection(s). Connection 'c' does not exist.",
    )


def test_an_endpoint_must_be_https() -> None:
    room = EventRoom()
    secrets(room)
    arn = connection(room, "API_KEY", **API_KEY)
    given = {"ConnectionArn": arn, "InvocationEndpoint": "http://example.com/", "HttpMethod": "POST"}
    assert room.refused("CreateApiDestination", Name="d", **given)[0] == "ValidationException"
