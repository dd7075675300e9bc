"""POST /ingestMessage: the payload into Redis, the workflow started, then the receipt.

The caller waits for this function and for nothing else of the pipeline: one Redis SET and one StartExecution.
"""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from audit_message.aws_client import Budget, aws_client
from audit_message.internal_message import internal_message, security_context
from audit_message.invalid_request import InvalidRequest
from audit_message.payload_store import PayloadStore
from audit_message.request import IngestRequest, read_request
from botocore.exceptions import BotoCoreError, ClientError
from salvage_path import SalvagePath
from valkey.exceptions import ValkeyError

_LOGGER = logging.getLogger(__name__)

START_EXECUTION_BUDGET = Budget(connect_seconds=1, read_seconds=3, attempts=2)

# Redis or Step Functions did not do their part. Anything else is a defect of ours and must be seen as one.
FAILURES = (ValkeyError, BotoCoreError, ClientError)


@dataclass(frozen=True, slots=True)
class Ingest:
    """Ingests one proxy event and returns the proxy response."""

    payloads: PayloadStore
    states: Any
    state_machine_arn: str
    payload_ttl_seconds: int
    salvage_path: SalvagePath

    def __call__(self, event: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        try:
            request = read_request(event)
        except InvalidRequest as error:
            return _response(400, {"message": error.message, "field": error.field})
        message_id = _message_id(event)
        try:
            if "redrive" in event and self._is_taken(message_id, request):
                message = "This id is that of another message. Nothing was stored; the other message is untouched."
                return _response(409, {"message": message, "field": "redrive.messageID"})
            self.payloads.put(message_id, request.payload, self.payload_ttl_seconds)
            self._start(message_id, event, request, now)
        except FAILURES as error:
            _LOGGER.exception("message %s could not be ingested", message_id)
            return _salvaged(message_id, self.salvage_path.save(message_id, event, error, now))
        return _response(200, {"messageID": message_id})

    def _start(self, message_id: str, event: Mapping[str, Any], request: IngestRequest, now: datetime) -> None:
        context = security_context(event, request, now)
        message = internal_message(message_id, request, context, self.payloads.host, self.payloads.port)
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        try:
            self.states.start_execution(
                stateMachineArn=self.state_machine_arn,
                name=message_id,
                input=json.dumps(message, ensure_ascii=False, separators=(",", ":")),
                **({} if trace is None else {"traceHeader": trace}),
            )
        except ClientError as error:
            # The name is the message's own, so an earlier attempt, whose answer was lost, has started this very
            # message.
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def _is_taken(self, message_id: str, request: IngestRequest) -> bool:
        """Return whether a workflow has started under this id with another message, whose payload must not be overwritten."""
        arn = self.state_machine_arn.replace(":stateMachine:", ":execution:", 1)
        try:
            started = self.states.describe_execution(executionArn=f"{arn}:{message_id}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False
        message = json.loads(started["input"])
        digest = message["messageSecurityContext"]["payload"]["sha256"]
        return bool(
            digest != hashlib.sha256(request.payload).hexdigest() or message["messageMetaData"] != request.meta_data
        )


def _message_id(event: Mapping[str, Any]) -> str:
    """Return a new id, or the first one of a message that is re-driven (which no HTTP caller can pretend)."""
    redrive = event.get("redrive")
    return str(uuid4()) if redrive is None else str(redrive["messageID"])


def _salvaged(failure_id: str, salvaged: bool) -> dict[str, Any]:
    if salvaged:
        message = "The message could not be ingested now. It is kept and will be ingested later; do not send it again."
        return _response(503, {"message": message, "failureID": failure_id, "salvaged": True})
    message = "The message could not be ingested and could not be kept. Send it again."
    return _response(500, {"message": message, "failureID": failure_id, "salvaged": False})


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "isBase64Encoded": False,
        "body": json.dumps(body),
    }


def _from_env(environ: Mapping[str, str]) -> Ingest:
    payloads = PayloadStore.from_env(environ)
    try:
        payloads.connect()
    except FAILURES:
        # No reason to die: the next message tries again, and is salvaged if Redis is still away.
        _LOGGER.warning("Redis could not be reached while starting", exc_info=True)
    return Ingest(
        payloads=payloads,
        states=aws_client("stepfunctions", START_EXECUTION_BUDGET),
        state_machine_arn=environ["STATE_MACHINE_ARN"],
        payload_ttl_seconds=int(environ["PAYLOAD_TTL_SECONDS"]),
        salvage_path=SalvagePath(
            failure_function_name=environ["FAILURE_FUNCTION_NAME"],
            failed_messages_bucket=environ["FAILED_MESSAGES_BUCKET"],
            dead_letter_queue_url=environ["DEAD_LETTER_QUEUE_URL"],
        ),
    )


_ingest = _from_env(os.environ)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return _ingest(event, datetime.now(UTC))
