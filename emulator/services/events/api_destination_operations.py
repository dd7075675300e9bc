"""API destinations: HTTP endpoints as targets.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.events.http_calls import HttpCalls
from emulator.services.events.state import ApiDestination

__all__ = ["ApiDestinationOperations"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ApiDestinationOperations(HttpCalls):
    """CreateApiDestination and what belongs to it."""

    @operation("CreateApiDestination")
    def create_api_destination(self, params: Params, context: CallContext) -> Reply:
        """An API destination.

        Raises LimitExceededException, ResourceAlreadyExistsException, ResourceNotFoundException, ValidationException.
        """
        name = params["Name"]
        if name in self.api_destinations:
            raise ResourceAlreadyExistsException(f"An api-destination '{name}' already exists.")
        if len(self.api_destinations) >= self.quotas.api_destinations:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        self.connection_of(params["ConnectionArn"])
        _check_endpoint(params["InvocationEndpoint"])
        destination = self.api_destinations[name] = ApiDestination(
            self.account.arn("events", f"api-destination/{name}/{self.account.identifiers.uuid()}"),
            name,
            params["ConnectionArn"],
            params["InvocationEndpoint"],
            params["HttpMethod"],
            params.get("InvocationRateLimitPerSecond", self.quotas.api_destination_rate),
            context.now,
            context.now,
            params.get("Description"),
        )
        return Reply(self._brief(destination))

    @operation("UpdateApiDestination")
    def update_api_destination(self, params: Params, context: CallContext) -> Reply:
        """Change an API destination. Raises ResourceNotFoundException, ValidationException."""
        destination = self._destination(params["Name"], "update")
        if "ConnectionArn" in params:
            destination.connection_arn = self.connection_of(params["ConnectionArn"]).arn
        if "InvocationEndpoint" in params:
            _check_endpoint(params["InvocationEndpoint"])
            destination.endpoint = params["InvocationEndpoint"]
        destination.method = params.get("HttpMethod", destination.method)
        destination.rate = params.get("InvocationRateLimitPerSecond", destination.rate)
        destination.description = params.get("Description", destination.description)
        destination.modified = context.now
        return Reply(self._brief(destination))

    @operation("DescribeApiDestination")
    def describe_api_destination(self, params: Params, context: CallContext) -> Reply:
        """An API destination. Raises ResourceNotFoundException."""
        destination = self._destination(params["Name"], "describe")
        shown = self._listed(destination)
        if destination.description is not None:
            shown["Description"] = destination.description
        return Reply(shown)

    @operation("ListApiDestinations")
    def list_api_destinations(self, params: Params, context: CallContext) -> Reply:
        """API destinations, by name."""
        prefix, connection = params.get("NamePrefix", ""), params.get("ConnectionArn")
        shown = [
            self._listed(self.api_destinations[name])
            for name in sorted(self.api_destinations)
            if name.startswith(prefix) and connection in (None, self.api_destinations[name].connection_arn)
        ]
        return Reply(self.page("ApiDestinations", shown, params))

    @operation("DeleteApiDestination")
    def delete_api_destination(self, params: Params, context: CallContext) -> Reply:
        """Delete an API destination. Raises ResourceNotFoundException."""
        del self.api_destinations[self._destination(params["Name"], "delete").name]
        return Reply()

    def _destination(self, name: str, verb: str) -> ApiDestination:
        destination = self.api_destinations.get(name)
        if destination is None:
            raise ResourceNotFoundException(
                f"Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist."
            )
        return destination

    def _brief(self, destination: ApiDestination) -> dict[str, Any]:
        """An API destination is active while its connection is authorized."""
        connection = next((row for row in self.connections.values() if row.arn == destination.connection_arn), None)
        active = connection is not None and connection.state == "AUTHORIZED"
        return {
            "ApiDestinationArn": destination.arn,
            "ApiDestinationState": "ACTIVE" if active else "INACTIVE",
            "CreationTime": destination.created,
            "LastModifiedTime": destination.modified,
        }

    def _listed(self, destination: ApiDestination) -> dict[str, Any]:
        return {
            **self._brief(destination),
            "Name": destination.name,
            "ConnectionArn": destination.connection_arn,
            "InvocationEndpoint": destination.endpoint,
            "HttpMethod": destination.method,
            "InvocationRateLimitPerSecond": destination.rate,
        }


def _check_endpoint(url: str) -> None:
    """HTTPS, as on AWS; plain HTTP to this machine is let through for tests. Raises ValidationException."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not local and (parts.scheme != "https" or not parts.hostname):
        raise ValidationException(f"Parameter InvocationEndpoint is not valid. Reason: {url} is no HTTPS endpoint.")
