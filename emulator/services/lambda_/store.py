"""The functions and layers of one account and region, and how they are found: what all parts of the service share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from emulator.account import Account
from emulator.operation import Params, Service
from emulator.sandbox.capacity import Capacity
from emulator.services.lambda_.environments import EnvironmentPool, WarmEnvironment
from emulator.services.lambda_.errors import (
    InvalidParameterValueException,
    PreconditionFailedException,
    ResourceNotFoundException,
)
from emulator.services.lambda_.function_logs import FunctionLogs
from emulator.services.lambda_.function_name import LATEST, FunctionName, function_arn
from emulator.services.lambda_.quotas import LambdaQuotas
from emulator.services.lambda_.state import Configuration, Credentials, Function, Layer

__all__ = ["FunctionStore"]


class FunctionStore(Service):
    """State and look-ups. `capacity` bounds the environments that this machine carries (not AWS's limits)."""

    def __init__(self, account: Account, quotas: LambdaQuotas | None = None, capacity: Capacity | None = None) -> None:
        super().__init__(account)
        self.quotas = LambdaQuotas() if quotas is None else quotas
        self.functions: dict[str, Function] = {}
        self.layers: dict[str, Layer] = {}
        self.running = 0
        """Invocations under way in the whole account."""
        self.environments = EnvironmentPool(Capacity() if capacity is None else capacity)
        self.function_logs = FunctionLogs()
        self.streams: dict[str, WarmEnvironment] = {}
        """Living environments by id: where what they write late belongs."""
        self.collects_late_lines = False
        self.retires_idle = False

    def named(self, params: Params) -> FunctionName:
        """The function and qualifier that the caller named."""
        return FunctionName.parse(params["FunctionName"], params.get("Qualifier"), self.account)

    def function(self, name: FunctionName) -> Function:
        """The function. Raises ResourceNotFoundException."""
        function = self.functions.get(name.name)
        if function is None:
            raise ResourceNotFoundException(
                f"Function not found: {function_arn(self.account, name.name, name.qualifier)}"
            )
        return function

    def configuration(self, function: Function, qualifier: str | None) -> Configuration:
        """What runs under a qualifier; an alias with weights draws. Raises ResourceNotFoundException."""
        if qualifier is None or qualifier == LATEST:
            return function.latest
        alias = function.aliases.get(qualifier)
        if alias is not None:
            qualifier = alias.function_version
            draw = self.account.identifiers.random.random() if alias.routing else 1.0
            for version, weight in alias.routing.items():
                if draw < weight:
                    qualifier = version
                    break
                draw -= weight
            if qualifier == LATEST:
                return function.latest
        configuration = function.versions.get(qualifier)
        if configuration is None:
            raise ResourceNotFoundException(
                f"Function not found: {function_arn(self.account, function.name, qualifier)}"
            )
        return configuration

    def resolve(self, params: Params) -> tuple[Function, Configuration]:
        """Function and configuration that a call names."""
        name = self.named(params)
        function = self.function(name)
        return function, self.configuration(function, name.qualifier)

    def stored_code_bytes(self) -> int:
        """Code of all functions, versions and layers."""
        configurations = [
            configuration
            for function in self.functions.values()
            for configuration in (function.latest, *function.versions.values())
        ]
        layers = [version for layer in self.layers.values() for version in layer.versions.values()]
        return sum(one.code.code_size for one in configurations) + sum(one.code.code_size for one in layers)

    def check_revision(self, params: Params, revision_id: str, read_with: str = "GetFunction/GetAlias") -> None:
        """Refuse a change that was made against an older revision."""
        if params.get("RevisionId") not in (None, revision_id):
            raise PreconditionFailedException(
                "The Revision Id provided does not match the latest Revision Id. "
                f"Call the {read_with} API to retrieve the latest Revision Id"
            )

    def move_revision(self, function: Function, qualifier: str = "") -> None:
        """Something that belongs to a function, version or alias has changed: its RevisionId is another one."""
        revision_id = self.account.identifiers.uuid()
        alias = function.aliases.get(qualifier)
        if alias is not None:
            alias.revision_id = revision_id
        elif qualifier in function.versions:
            function.versions[qualifier] = replace(function.versions[qualifier], public_revision_id=revision_id)
        else:
            function.latest = replace(function.latest, public_revision_id=revision_id)

    def unqualified(self, params: Params) -> FunctionName:
        """The function that the caller named. Raises InvalidParameterValueException for a version or an alias."""
        name = self.named(params)
        if name.qualifier is not None:
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
                "Please specify either a function name or an unqualified function ARN."
            )
        return name

    def missing(self, function_name: str, qualifier: str) -> ResourceNotFoundException:
        """What operations on a qualifier say: an alias is named as one, a version as a function."""
        arn = function_arn(self.account, function_name, qualifier)
        if re.fullmatch(r"(?!\d+$)[\w-]+", qualifier) is None:
            return ResourceNotFoundException(f"Function not found: {arn}")
        return ResourceNotFoundException(f"Cannot find alias arn: {arn}")

    def page(self, params: Params, member: str, items: Sequence[Any]) -> dict[str, Any]:
        """One page of a listing under `member`; the marker is the index of the next item."""
        marker = params.get("Marker", "0")
        if not marker.isdecimal():
            raise InvalidParameterValueException(f"Invalid marker: {marker}")
        start, size = int(marker), params.get("MaxItems", self.quotas.page_size)
        shown: dict[str, Any] = {member: list(items[start : start + size])}
        if start + size < len(items):
            shown["NextMarker"] = str(start + size)
        return shown

    def new_credentials(self, function_name: str, role: str) -> Credentials:
        """A role session for a function, made known to whoever checks signatures."""
        identifiers = self.account.identifiers
        key = "ASIA" + identifiers.letters(16).upper()
        self.account.principals[key] = session_arn(self.account, role, function_name)
        return Credentials(key, identifiers.letters(40), identifiers.letters(128))

    def forget_credentials(self, credentials: Credentials) -> None:
        """The role session has ended."""
        self.account.principals.pop(credentials.access_key_id, None)


def session_arn(account: Account, role: str, function_name: str) -> str:
    """`arn:aws:sts::<account>:assumed-role/<role>/<function>`: who a function's code is."""
    return account.arn("sts", f"assumed-role/{role.rsplit('/', 1)[-1]}/{function_name}", region="")
