"""The base of the operation classes: the shared state, and the rules that several of them need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulator.account import Account
from emulator.operation import Service
from emulator.services.dynamodb.errors import ResourceInUseException, ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.state import DynamodbState
from emulator.services.dynamodb.table import Table

__all__ = ["DynamodbStore"]


class DynamodbStore(Service):
    """`state` may be shared with the service of the streams."""

    def __init__(
        self, account: Account, quotas: DynamodbQuotas | None = None, *, state: DynamodbState | None = None
    ) -> None:
        super().__init__(account)
        self.state = DynamodbState(account, quotas) if state is None else state

    def check_idle(self, table: Table, now: float) -> None:
        """Raise ResourceInUseException where a table is being created, changed or deleted."""
        status = table.status(now)
        if status != "ACTIVE":
            doing = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}[status]
            raise ResourceInUseException(
                f"Attempt to change a resource which is still in use: Table is being {doing}: {table.name}"
            )

    def checked_tags(self, tags: Iterable[Mapping[str, str]], held: Mapping[str, str] | None = None) -> dict[str, str]:
        """Tags by key, joined to those that are `held`. Raises where a key comes twice, is AWS's own, or there are too many."""
        joined = dict(held or {})
        seen: set[str] = set()
        for tag in tags:
            key = tag["Key"]
            if key in seen:
                raise ValidationException("One or more parameter values were invalid: Duplicate tag key: " + key)
            if key.startswith("aws:"):
                raise ValidationException(
                    "One or more parameter values were invalid: Tag keys with the prefix aws: are reserved: " + key
                )
            seen.add(key)
            joined[key] = tag["Value"]
        if len(joined) > self.state.quotas.tags:
            raise ValidationException(
                f"One or more parameter values were invalid: Too many tags: {len(joined)}; at most {self.state.quotas.tags} are allowed"
            )
        return joined
