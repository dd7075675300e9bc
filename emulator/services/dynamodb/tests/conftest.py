"""An engine with DynamoDB and its streams; time moves only when a test says so."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext
from emulator.protocols import Wire, load_model
from emulator.services.dynamodb import DynamodbQuotas, DynamodbService, DynamodbState, DynamodbStreamsService

_WIRES: dict[str, Wire] = {}


def _wire(service: str) -> Wire:
    if service not in _WIRES:
        _WIRES[service] = Wire(load_model(service), strict=True)
    return _WIRES[service]


class DynamodbDriver:
    """Calls operations as a client: parameters are checked against the model, and every result is written to the wire."""

    def __init__(self, quotas: DynamodbQuotas | None = None, state: DynamodbState | None = None) -> None:
        self.clock = VirtualClock(1_800_000_000.0)
        self.engine = Engine(self.clock)
        account = Account("http://127.0.0.1:4566")
        self.state = DynamodbState(account, quotas) if state is None else state
        self.engine.register("dynamodb", DynamodbService(account, state=self.state))
        self.engine.register("dynamodbstreams", DynamodbStreamsService(account, state=self.state))

    def call(self, operation: str, /, service: str = "dynamodb", **params: Any) -> Any:
        outcome: list[tuple[Any, Any]] = []
        context = CallContext(self.clock.now(), "request")
        wire = _wire(service)
        wire.validate(operation, params)
        self.engine.call(service, operation, params, context, lambda *ended: outcome.append(ended))
        self.engine.run_ready()
        [(result, error)] = outcome
        if error is not None:
            wire.serialise_error(error, "request", operation)
            raise error
        wire.serialise(operation, result, "request")
        return result

    def stream(self, operation: str, /, **params: Any) -> Any:
        return self.call(operation, service="dynamodbstreams", **params)

    def error(self, operation: str, /, service: str = "dynamodb", **params: Any) -> tuple[str, str]:
        """The code and the message of the error that a call must end with."""
        with pytest.raises(AwsError) as caught:
            self.call(operation, service=service, **params)
        return caught.value.code, caught.value.message

    def advance(self, seconds: float) -> None:
        target = self.clock.now() + seconds
        while (deadline := self.engine.timers.next_deadline()) is not None and deadline <= target:
            self.clock.move_to(deadline)
            self.engine.fire_due()
            self.engine.run_ready()
        self.clock.move_to(target)

    def table(self, name: str = "items", keys: str = "pk:S", **more: Any) -> str:
        """A table on demand; `keys` is `pk:S` or `pk:S sk:N`, and more attributes for indexes."""
        rows = [part.split(":") for part in keys.split()]
        schema = [
            {"AttributeName": attribute, "KeyType": kind}
            for (attribute, _), kind in zip(rows, ("HASH", "RANGE"), strict=False)
        ]
        more.setdefault("BillingMode", "PAY_PER_REQUEST")
        more.setdefault("KeySchema", schema)
        definitions = [{"AttributeName": attribute, "AttributeType": kind} for attribute, kind in rows]
        arn: str = self.call("CreateTable", TableName=name, AttributeDefinitions=definitions, **more)[
            "TableDescription"
        ]["TableArn"]
        return arn

    def put(self, table: str = "items", /, **attributes: Any) -> Any:
        return self.call("PutItem", TableName=table, Item={name: av(value) for name, value in attributes.items()})

    def get(self, table: str = "items", /, **key: Any) -> Any:
        answer = self.call("GetItem", TableName=table, Key={name: av(value) for name, value in key.items()})
        return plain(answer["Item"]) if "Item" in answer else None


def av(value: Any) -> dict[str, Any]:
    """A Python value as an attribute value."""
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [av(member) for member in value]}
        case dict():
            return {"M": {name: av(member) for name, member in value.items()}}
        case set() | frozenset():
            return {"SS": sorted(value)}
    raise TypeError(value)


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """An item of strings and whole numbers as Python values."""
    return {name: int(value["N"]) if "N" in value else next(iter(value.values())) for name, value in item.items()}


@pytest.fixture
def dynamodb() -> DynamodbDriver:
    return DynamodbDriver()


@pytest.fixture
def make_dynamodb() -> type[DynamodbDriver]:
    return DynamodbDriver
