"""Everything that one account's DynamoDB holds: tables, streams, tokens. The service of tables and the one of streams share it."""

from __future__ import annotations

import re

from emulator.account import Account
from emulator.effects import Effect, Notify, Now, Process, Spawn, WaitFor
from emulator.services.dynamodb.backups import Backup
from emulator.services.dynamodb.capacity import same_item, write_consumption
from emulator.services.dynamodb.errors import ResourceNotFoundException, ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.stream import Stream
from emulator.services.dynamodb.table import Change, Table
from emulator.services.dynamodb.throttle import Throttle
from emulator.services.dynamodb.tokens import Tokens

__all__ = ["DynamodbState"]

_NAME = re.compile(r"[a-zA-Z0-9_.-]+").fullmatch
NOT_FOUND = "Requested resource not found"


class DynamodbState:
    """The state and the rules that all operations share."""

    def __init__(self, account: Account, quotas: DynamodbQuotas | None = None) -> None:
        self.account = account
        self.quotas = DynamodbQuotas() if quotas is None else quotas
        self.tables: dict[str, Table] = {}
        self.streams: dict[str, Stream] = {}
        """By ARN; those of tables that are gone, and those that were disabled, for a day."""
        self.backups: dict[str, Backup] = {}
        """By ARN; they outlive their tables."""
        self.tokens = Tokens(self.quotas.idempotency_seconds)
        self.throttle = Throttle(self.quotas)
        self.sweeping: set[str] = set()
        """Ids of the tables whose expired items a process deletes."""

    # -- finding -----------------------------------------------------------------------------------------------------

    def table_name(self, text: str) -> str:
        """The name of a table that was given by name or by ARN. Raises ValidationException where it is neither."""
        if text.startswith("arn:"):
            prefix = self.account.arn("dynamodb", "table/")
            return text.removeprefix(prefix)
        quotas = self.quotas
        length = f"Value '{text}' at 'tableName' failed to satisfy constraint: Member must have length "
        if len(text) > quotas.longest_table_name:
            raise ValidationException(
                f"1 validation error detected: {length}less than or equal to {quotas.longest_table_name}"
            )
        problems = []
        if len(text) < quotas.shortest_table_name:
            problems.append(f"{length}greater than or equal to {quotas.shortest_table_name}")
        if _NAME(text) is None:
            problems.append(
                f"Value '{text}' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: "
                "[a-zA-Z0-9_.-]+"
            )
        if problems:
            count = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
            raise ValidationException(f"{count} detected: {'; '.join(problems)}")
        return text

    def could_be_name(self, name: str) -> bool:
        """Whether a table could have that name, or that ARN."""
        try:
            self.table_name(name)
        except ValidationException:
            return False
        return True

    def check_name(self, name: str) -> None:
        """Raise ValidationException where `name` can be no table's: what AWS looks at before anything else of a request."""
        if name not in self.tables:
            self.table_name(name)

    def table(self, name: str, now: float) -> Table:
        """The table of that name or ARN, ready for items. Raises ResourceNotFoundException."""
        table = self.tables.get(name)
        if table is None:
            table = self.tables.get(self.table_name(name))
        if table is None or table.deleting_until is not None or now < table.creating_until:
            raise ResourceNotFoundException(NOT_FOUND)
        if table.time_to_live is not None:
            self.expire(table, now)
        return table

    def described_table(self, name: str, now: float) -> Table:
        """The table of that name or ARN, whatever its status. Raises ResourceNotFoundException that names it."""
        name = self.table_name(name)
        self.settle(now)
        table = self.tables.get(name)
        if table is None:
            raise ResourceNotFoundException(f"{NOT_FOUND}: Table: {name} not found")
        return table

    def settle(self, now: float) -> None:
        """Let happen what was due by `now`: tables and indexes that are gone, items that expired, streams nobody can read."""
        for table in list(self.tables.values()):
            if table.deleting_until is not None and table.deleting_until <= now:
                del self.tables[table.name]
                continue
            table.settle(now)
            self.expire(table, now)
        for stream in list(self.streams.values()):
            stream.settle(now)
            if stream.is_gone(now):
                del self.streams[stream.arn]

    # -- changing ----------------------------------------------------------------------------------------------------

    def commit(self, table: Table, change: Change, now: float, *, expired: bool = False) -> tuple[Effect, ...]:
        """Change a table, and tell its stream."""
        table.commit(change)
        stream = table.stream
        if stream is None:
            return ()
        old = None if change.before is None else change.before.item
        new = None if change.after is None else change.after.item
        if old is None and new is None:
            return ()
        if old is not None and new is not None and same_item(old, new):
            return ()
        keys = table.key_of(new if new is not None else old)  # type: ignore[arg-type]
        stream.append(self.account.identifiers.hex(32), now, keys, old, new, expired=expired)
        return (Notify(stream.topic),)

    def charge(self, table: Table, change: Change, now: float) -> None:
        """Take a write that is about to be done from the table's capacity. Raises where there is not enough."""
        if self.quotas.throttled:
            self.throttle.take(table, "write", write_consumption(change, self.quotas), now)

    def sweep(self, table: Table) -> tuple[Effect, ...]:
        """What lets the table's expired items be deleted when nobody asks: needed where a stream tells of it."""
        if table.time_to_live is None or table.stream is None:
            return ()
        topic = ("dynamodb", "time to live", table.table_id)
        if table.table_id in self.sweeping:
            return (Notify(topic),)
        self.sweeping.add(table.table_id)
        return (Spawn(f"time to live of {table.name}", lambda: self._sweep(table, topic)),)

    def _sweep(self, table: Table, topic: tuple[str, ...]) -> Process:
        """Delete items at their time until none has one any more; woken when an item was written."""
        try:
            while self.tables.get(table.name) is table and (timer := table.time_to_live) is not None:
                expiry = timer.next_expiry()
                if expiry is None or table.stream is None:
                    return
                now = yield Now()
                due = expiry + self.quotas.time_to_live_seconds
                if now < due:
                    yield WaitFor(topic, due - now)
                    continue
                self.expire(table, now)
                yield Notify(table.stream.topic)
        finally:
            self.sweeping.discard(table.table_id)

    def expire(self, table: Table, now: float) -> None:
        """Delete the items whose time to live ended long enough ago, each at its time."""
        timer = table.time_to_live
        if timer is None:
            return
        lag = self.quotas.time_to_live_seconds
        while (expired := timer.pop_expired(now - lag, now)) is not None:
            place, expiry = expired
            if table.records.get(place) is not None:
                self.commit(table, table.change_to(place, None), min(now, expiry + lag), expired=True)
