"""Connections: how to authorize at an HTTP endpoint. Their secrets go to Secrets Manager, and no answer ever shows them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from emulator.effects import Call, Effect, Process, Sleep, Spawn
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.events.http_calls import HttpCalls
from emulator.services.events.state import Connection

__all__ = ["ConnectionOperations"]

_MEMBERS: Final = {
    "API_KEY": "ApiKeyAuthParameters",
    "BASIC": "BasicAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
_PRINCIPAL: Final = "events.amazonaws.com"


class ConnectionOperations(HttpCalls):
    """CreateConnection, DescribeConnection and what belongs to them."""

    @operation("CreateConnection", unsupported=("InvocationConnectivityParameters", "KmsKeyIdentifier"))
    def create_connection(self, params: Params, context: CallContext) -> Process:
        """A connection, with its secret. Raises LimitExceededException, ResourceAlreadyExistsException, ValidationException."""
        name = params["Name"]
        if name in self.connections:
            raise ResourceAlreadyExistsException(f"Connection {name} already exists.")
        if len(self.connections) >= self.quotas.connections:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        kind, parameters = params["AuthorizationType"], params["AuthParameters"]
        _check(kind, parameters)
        identifiers = self.account.identifiers
        secret = {"Name": f"events!connection/{name}/{identifiers.uuid()}", "SecretString": _secret(parameters)}
        created = yield Call("secretsmanager", "CreateSecret", secret, principal=_PRINCIPAL)
        arn = self.account.arn("events", f"connection/{name}/{identifiers.uuid()}")
        connection = self.connections[name] = Connection(
            arn, name, kind, dict(parameters), context.now, context.now, context.now, created["ARN"]
        )
        connection.description = params.get("Description")
        effects = self._authorizing(connection)
        return Reply(_brief(connection), effects)

    @operation("UpdateConnection", unsupported=("InvocationConnectivityParameters", "KmsKeyIdentifier"))
    def update_connection(self, params: Params, context: CallContext) -> Process:
        """Change a connection. Raises ResourceNotFoundException, ValidationException."""
        connection = self._connection(params["Name"], "update")
        kind = params.get("AuthorizationType", connection.authorization_type)
        given = params.get("AuthParameters") or {}
        kept = connection.parameters if kind == connection.authorization_type else {}
        parameters = _deep_merged(kept, given)
        _check(kind, parameters)
        secret = {"SecretId": connection.secret_arn, "SecretString": _secret(parameters)}
        yield Call("secretsmanager", "PutSecretValue", secret, principal=_PRINCIPAL)
        connection.authorization_type, connection.parameters = kind, parameters
        connection.description = params.get("Description", connection.description)
        connection.modified = connection.authorized = context.now
        connection.token = None
        effects = self._authorizing(connection)
        return Reply({**_brief(connection), "LastAuthorizedTime": connection.authorized}, effects)

    @operation("DescribeConnection")
    def describe_connection(self, params: Params, context: CallContext) -> Reply:
        """A connection without its secrets. Raises ResourceNotFoundException."""
        connection = self._connection(params["Name"], "describe")
        shown = {
            **_listed(connection),
            "Description": connection.description,
            "SecretArn": connection.secret_arn,
            "AuthParameters": _without_secrets(connection.parameters),
        }
        return Reply({name: value for name, value in shown.items() if value is not None})

    @operation("ListConnections")
    def list_connections(self, params: Params, context: CallContext) -> Reply:
        """Connections, by name."""
        prefix, state = params.get("NamePrefix", ""), params.get("ConnectionState")
        shown = [
            _listed(self.connections[name])
            for name in sorted(self.connections)
            if name.startswith(prefix) and state in (None, self.connections[name].state)
        ]
        return Reply(self.page("Connections", shown, params))

    @operation("DeleteConnection")
    def delete_connection(self, params: Params, context: CallContext) -> Process:
        """Delete a connection and its secret. Raises ResourceNotFoundException."""
        connection = self._connection(params["Name"], "delete")
        del self.connections[connection.name]
        secret = {"SecretId": connection.secret_arn, "ForceDeleteWithoutRecovery": True}
        yield Call("secretsmanager", "DeleteSecret", secret, principal=_PRINCIPAL)
        return Reply({**_brief(connection), "ConnectionState": "DELETING", "LastAuthorizedTime": connection.authorized})

    @operation("DeauthorizeConnection")
    def deauthorize_connection(self, params: Params, context: CallContext) -> Process:
        """Forget what authorizes a connection. Raises ResourceNotFoundException."""
        connection = self._connection(params["Name"], "deauthorize")
        secret = {"SecretId": connection.secret_arn, "SecretString": "{}"}
        yield Call("secretsmanager", "PutSecretValue", secret, principal=_PRINCIPAL)
        connection.state, connection.token, connection.modified = "DEAUTHORIZED", None, context.now
        return Reply({**_brief(connection), "LastAuthorizedTime": connection.authorized})

    def retrieve_connection_credentials(self, params: Params, context: CallContext) -> Process:
        """`events:RetrieveConnectionCredentials`, which clients cannot call: what a connection adds to a request.

        `ConnectionArn`, and `Renew` where the last token was refused; maps `headers`, `query` and `body`.
        https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
        """
        connection = self.connection_of(params["ConnectionArn"])
        if connection.state == "DEAUTHORIZED" and connection.authorization_type != "OAUTH_CLIENT_CREDENTIALS":
            raise ValidationException(f"Connection {connection.name} is deauthorized.")
        return Reply((yield from self.credentials(connection, renewed=params.get("Renew", False))))

    def _connection(self, name: str, verb: str) -> Connection:
        connection = self.connections.get(name)
        if connection is None:
            raise ResourceNotFoundException(f"Failed to {verb} the connection(s). Connection '{name}' does not exist.")
        return connection

    def _authorizing(self, connection: Connection) -> tuple[Effect, ...]:
        """An OAuth connection is authorized a moment later, by fetching its first token."""
        connection.state, connection.state_reason = "AUTHORIZED", None
        if connection.authorization_type != "OAUTH_CLIENT_CREDENTIALS":
            return ()
        connection.state = "AUTHORIZING"
        return (Spawn(f"authorization of {connection.arn}", lambda: self._authorize(connection)),)

    def _authorize(self, connection: Connection) -> Process:
        yield Sleep(self.quotas.authorization_seconds)
        if self.connections.get(connection.name) is not connection or connection.state != "AUTHORIZING":
            return
        try:
            yield from self.credentials(connection)
        except (AwsError, EmulatorError) as error:
            connection.state, connection.state_reason = "DEAUTHORIZED", str(error)


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    """Raises ValidationException where what the type needs is not there."""
    if _MEMBERS[kind] not in parameters:
        raise ValidationException(f"Authorization type {kind} requires {_MEMBERS[kind]}.")


def _brief(connection: Connection) -> dict[str, Any]:
    return {
        "ConnectionArn": connection.arn,
        "ConnectionState": connection.state,
        "CreationTime": connection.created,
        "LastModifiedTime": connection.modified,
    }


def _listed(connection: Connection) -> dict[str, Any]:
    shown = {
        **_brief(connection),
        "Name": connection.name,
        "StateReason": connection.state_reason,
        "AuthorizationType": connection.authorization_type,
        "LastAuthorizedTime": connection.authorized,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _without_secrets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "ApiKeyAuthParameters" in parameters:
        shown["ApiKeyAuthParameters"] = {"ApiKeyName": parameters["ApiKeyAuthParameters"]["ApiKeyName"]}
    if "BasicAuthParameters" in parameters:
        shown["BasicAuthParameters"] = {"Username": parameters["BasicAuthParameters"]["Username"]}
    oauth = parameters.get("OAuthParameters")
    if oauth is not None:
        shown["OAuthParameters"] = {
            "ClientParameters": {"ClientID": oauth["ClientParameters"]["ClientID"]},
            "AuthorizationEndpoint": oauth["AuthorizationEndpoint"],
            "HttpMethod": oauth["HttpMethod"],
        }
        if "OAuthHttpParameters" in oauth:
            shown["OAuthParameters"]["OAuthHttpParameters"] = _open_pairs(oauth["OAuthHttpParameters"])
    if "InvocationHttpParameters" in parameters:
        shown["InvocationHttpParameters"] = _open_pairs(parameters["InvocationHttpParameters"])
    return shown


def _open_pairs(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, without the values that are secret."""
    return {
        member: [
            {name: value for name, value in pair.items() if name != "Value" or not pair.get("IsValueSecret", False)}
            for pair in pairs
        ]
        for member, pairs in parameters.items()
    }


def _secret(parameters: Mapping[str, Any]) -> str:
    """What the secret holds, as AWS writes it."""
    secret: dict[str, Any] = {}
    if "BasicAuthParameters" in parameters:
        basic = parameters["BasicAuthParameters"]
        secret = {"username": basic["Username"], "password": basic["Password"]}
    elif "ApiKeyAuthParameters" in parameters:
        key = parameters["ApiKeyAuthParameters"]
        secret = {"api_key_name": key["ApiKeyName"], "api_key_value": key["ApiKeyValue"]}
    elif "OAuthParameters" in parameters:
        oauth = parameters["OAuthParameters"]
        secret = {
            "client_id": oauth["ClientParameters"]["ClientID"],
            "client_secret": oauth["ClientParameters"]["ClientSecret"],
            "authorization_endpoint": oauth["AuthorizationEndpoint"],
            "http_method": oauth["HttpMethod"],
        }
        if "OAuthHttpParameters" in oauth:
            secret["oauth_http_parameters"] = _secret_pairs(oauth["OAuthHttpParameters"])
    if "InvocationHttpParameters" in parameters:
        secret["invocation_http_parameters"] = _secret_pairs(parameters["InvocationHttpParameters"])
    return orjson.dumps(secret).decode()


_SECRET_NAMES: Final = {
    "HeaderParameters": "header_parameters",
    "QueryStringParameters": "query_string_parameters",
    "BodyParameters": "body_parameters",
}


def _secret_pairs(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _SECRET_NAMES[member]: [
            {
                "key": pair["Key"],
                "value": pair.get("Value", ""),
                "is_value_secret": pair.get("IsValueSecret", False),
            }
            for pair in pairs
        ]
        for member, pairs in parameters.items()
    }


def _deep_merged(kept: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The structures of both; where both have a value, the given one."""
    merged = dict(kept)
    for name, value in given.items():
        old = merged.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[name] = _deep_merged(old, value) if both and isinstance(old, Mapping) else value
    return merged
