"""The log groups of one account and region, and how they are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.account import Account
from emulator.arn import Arn
from emulator.errors import EmulatorError
from emulator.operation import Params, Service
from emulator.services.logs.errors import (
    InvalidParameterException,
    ResourceNotFoundException,
    TooManyTagsException,
    ValidationException,
)
from emulator.services.logs.quotas import LogsQuotas
from emulator.services.logs.state import Destination, LogGroup, LogStream, ResourcePolicy

__all__ = ["LogStore"]


class LogStore(Service):
    """State and look-ups."""

    def __init__(self, account: Account, quotas: LogsQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = LogsQuotas() if quotas is None else quotas
        self.groups: dict[str, LogGroup] = {}
        self.resource_policies: dict[str, ResourcePolicy] = {}
        self.destinations: dict[str, Destination] = {}

    def group(self, params: Params) -> LogGroup:
        """The group that a call names, by name or by ARN. Raises ResourceNotFoundException."""
        name = params.get("logGroupName")
        identifier = params.get("logGroupIdentifier")
        if name is not None and identifier is not None:
            raise ValidationException("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
        if name is None and identifier is None:
            raise InvalidParameterException("One of logGroupName and logGroupIdentifier must be given.")
        self.check_names(params)
        found = self.groups.get(_name_in(str(identifier)) if name is None else name)
        if found is None:
            raise ResourceNotFoundException("The specified log group does not exist.")
        return found

    def check_names(self, params: Params) -> None:
        """Refuse names that no group and no stream can have."""
        longest = self.quotas.name_length
        if any(len(params.get(member) or "") > longest for member in ("logGroupName", "logStreamName")):
            raise InvalidParameterException(
                f"Invalid LogGroup or LogStream, both must have length less than or equal to {longest}."
            )

    def current(self, params: Params, now: float) -> LogGroup:
        """The group that a call names, without the events that its retention has ended for at `now`, epoch seconds."""
        group = self.group(params)
        self.expire(group, now)
        return group

    def expire(self, group: LogGroup, now: float) -> None:
        """Forget events that are older than the group keeps them, and what the emulator's memory has no place for."""
        days = group.retention_days
        oldest = None if days is None else int(now * 1000) - days * 86_400_000
        group.trim(self.quotas.kept_bytes_per_group, self.quotas.kept_streams_per_group, oldest)

    def stream(self, group: LogGroup, name: str) -> LogStream:
        """A stream of a group. Raises ResourceNotFoundException."""
        found = group.streams.get(name)
        if found is None:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        return found

    def tags_of_arn(self, arn: str) -> dict[str, str]:
        """The tags, to be changed, of the group or destination that an ARN names. Raises ResourceNotFoundException."""
        name = _name_in(arn)
        destination = self.destinations.get(name.removeprefix("destination:"))
        if destination is not None and name.startswith("destination:"):
            return destination.tags
        group = self.groups.get(name)
        if group is None:
            raise ResourceNotFoundException("The specified log group does not exist.")
        return group.tags

    def check_tags(self, tags: Mapping[str, str]) -> None:
        """Refuse more tags than a resource may have. Raises TooManyTagsException."""
        if len(tags) > self.quotas.tags:
            raise TooManyTagsException(f"A resource can have no more than {self.quotas.tags} tags.")

    def arn(self, group: LogGroup) -> str:
        """`arn:aws:logs:<region>:<account>:log-group:<name>`."""
        return self.account.arn("logs", f"log-group:{group.name}")

    def page(self, params: Params, member: str, items: Sequence[Any]) -> dict[str, Any]:
        """One page of a listing; the token is the index of the next item."""
        token = params.get("nextToken", "0")
        if not token.isdecimal():
            raise InvalidParameterException("The specified nextToken is invalid.")
        start, size = int(token), params.get("limit", self.quotas.describe_page)
        shown: dict[str, Any] = {member: list(items[start : start + size])}
        if start + size < len(items):
            shown["nextToken"] = str(start + size)
        return shown


def _name_in(identifier: str) -> str:
    if not identifier.startswith("arn:"):
        return identifier
    try:
        resource = Arn.parse(identifier).resource
    except EmulatorError as error:
        raise InvalidParameterException(f"Invalid ARN: {identifier}") from error
    return resource.removeprefix("log-group:").removesuffix(":*")
