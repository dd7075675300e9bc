"""How a message that cannot be ingested is salvaged: by the failure function, and if that cannot be, from here.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit_message.aws_client import Budget, aws_client
from audit_message.salvage import Salvage, encode_record, salvage_record
from botocore.exceptions import BotoCoreError, ClientError

_LOGGER = logging.getLogger(__name__)

# A synchronous invocation takes 6 MB.
MAX_INVOKE_BYTES = 6 * 1024 * 1024

# API Gateway gives up after 29 seconds, so the salvage must be done before: see the test of the budgets. The
# invocation is tried once, since the second way follows.
INVOKE_BUDGET = Budget(connect_seconds=1, read_seconds=5, attempts=1)
OBJECT_BUDGET = Budget(connect_seconds=1, read_seconds=3, attempts=1)
POINTER_BUDGET = Budget(connect_seconds=1, read_seconds=2, attempts=1)


class FailureFunctionFailed(Exception):
    """The failure function ran and did not save the message."""


@dataclass(frozen=True, slots=True)
class SalvagePath:
    """The names of what takes a failed message. Clients are made when they are needed: a cold start should not pay
    for the three of them, and a failure can wait the moment that they cost."""

    failure_function_name: str
    failed_messages_bucket: str
    dead_letter_queue_url: str

    def save(self, failure_id: str, event: Mapping[str, Any], error: Exception, now: datetime) -> bool:
        """Salvage the event. Returns whether it is in the failed-messages bucket. Raises nothing that AWS does."""
        record = salvage_record(failure_id, event, error, now)
        body = encode_record(record)
        if len(body) <= MAX_INVOKE_BYTES:
            try:
                self._invoke_failure_function(body)
            except (BotoCoreError, ClientError, FailureFunctionFailed):
                _LOGGER.exception("the failure function did not save %s; saving it from here", failure_id)
            else:
                return True
        try:
            self._save_from_here(record, body)
        except (BotoCoreError, ClientError):
            _LOGGER.exception("message %s is not salvaged", failure_id)
            return False
        return True

    def _invoke_failure_function(self, body: bytes) -> None:
        answer = aws_client("lambda", INVOKE_BUDGET).invoke(FunctionName=self.failure_function_name, Payload=body)
        if "FunctionError" in answer:
            raise FailureFunctionFailed(answer["Payload"].read(4096).decode(errors="replace"))

    def _save_from_here(self, record: Mapping[str, Any], body: bytes) -> None:
        salvage = Salvage(
            s3=aws_client("s3", OBJECT_BUDGET),
            sqs=aws_client("sqs", POINTER_BUDGET),
            bucket=self.failed_messages_bucket,
            queue_url=self.dead_letter_queue_url,
        )
        salvage.save(record, body)
