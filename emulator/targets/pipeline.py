"""A pipeline under test, as one object with verbs: send a message, wait for what must come of it, move time, inject
faults.

It knows the contract of an audit pipeline by the names of its stack's outputs: `ArchiveBucketName`,
`MetadataTableName` and `SubscriberQueueUrl`. A pipeline without one of them can still be used for the rest.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from emulator.clock import WallClock
from emulator.errors import EmulatorError
from emulator.targets.control import Caches, ClockControl, ControlClient, FaultControl
from emulator.targets.http_exchange import Answer, post
from emulator.targets.message import Message
from emulator.targets.post_allowance import PostAllowance
from emulator.targets.subscriber import Subscriber
from emulator.targets.target import Target

__all__ = ["Message", "Pipeline"]


class Pipeline:
    """Verbs on one target. Not for several threads."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.run_id = _new_run_id() if target.caps is not None else None
        """Names what is sent to a deployed stack, so that `windtunnel clean-up` finds it; None elsewhere."""
        self._allowance = None if target.caps is None else PostAllowance(target.caps)

    @cached_property
    def control(self) -> ControlClient:
        """The emulator's control API. Raises EmulatorError on a target without one."""
        self.target.require("control")
        return ControlClient(self.target.control_url or "")

    @property
    def clock(self) -> ClockControl:
        """Time: `clock.advance("2h")`."""
        return self.control.clock

    @property
    def faults(self) -> FaultControl:
        """Faults: `with faults.add("s3", "PutObject", code="SlowDown", status=503): ...`."""
        return self.control.faults

    @property
    def caches(self) -> Caches:
        """Outages: `with caches.down(): ...`."""
        return self.control.caches

    @cached_property
    def subscriber(self) -> Subscriber:
        """The reader of the demo subscriber's queue."""
        return Subscriber(self.target, self.target.output("SubscriberQueueUrl"))

    def journal(self, **where: Any) -> list[dict[str, Any]]:
        """Journal entries; see `ControlClient.journal`."""
        return self.control.journal(**where)

    def send(
        self,
        payload: bytes | Mapping[str, Any] | list[Any] | float | None,
        *,
        metadata: Mapping[str, Any] | None = None,
    ) -> Message:
        """Send one message through the API. Bytes travel as base64; anything else is the JSON value that it is.

        `metadata` overrides the four required fields, which are filled in, and adds its own.
        """
        value = base64.b64encode(payload).decode() if isinstance(payload, bytes) else payload
        meta_data = {**default_meta_data(self.run_id), **({} if metadata is None else metadata)}
        body = json.dumps({"messageMetaData": meta_data, "messagePayload": value}).encode()
        expected = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return Message.from_answer(self, self.post(body), expected=expected)

    def post(self, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a body to the API with its key; `headers` replace what is sent by default.

        Raises EmulatorError where the caps of a deployed stack do not allow it.
        """
        if self.target.api_url is None:
            raise EmulatorError(f"stack {self.target.stack_name} has no output that is the URL of an API")
        if headers is None:
            headers = {"Content-Type": "application/json"}
            if self.target.api_key is not None:
                headers["x-api-key"] = self.target.api_key
        if self._allowance is not None:
            self._allowance.admit(len(body))
        return post(self.target.api_url, body, headers)


def default_meta_data(run_id: str | None = None) -> dict[str, str]:
    """The required fields, with a transaction id of their own (below `windtunnel/<run>/` for a run) and the machine's time."""
    transaction = str(uuid.uuid4())
    return {
        "sourceSystemID": "windtunnel",
        "messageType": "test",
        "sourceTransactionID": transaction if run_id is None else f"windtunnel/{run_id}/{transaction}",
        "dateTime": datetime.fromtimestamp(WallClock().now(), UTC).isoformat(),
    }


def _new_run_id() -> str:
    return f"{datetime.fromtimestamp(WallClock().now(), UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
