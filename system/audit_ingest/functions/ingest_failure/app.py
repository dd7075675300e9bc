"""Salvages a message that ingest could not take. Invoked by the ingest function, synchronously.

It lives outside the VPC, so it works when what the VPC needs (addresses, endpoints, Redis) is the trouble. It raises
when the message cannot be written; ingest then tries the same itself.
"""

import os
from collections.abc import Mapping
from typing import Any

from audit_message.aws_client import Budget, aws_client
from audit_message.salvage import Salvage, encode_record, salvage_key

# Ingest waits 5 seconds for this function.
OBJECT_BUDGET = Budget(connect_seconds=1, read_seconds=2, attempts=1)
POINTER_BUDGET = Budget(connect_seconds=0.5, read_seconds=1, attempts=1)


def save(salvage: Salvage, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write the record and send its pointer; return where it is, and whether the pointer was sent."""
    pointer_sent = salvage.save(record, encode_record(record))
    failure_id = record["failureID"]
    return {"failureID": failure_id, "key": salvage_key(failure_id), "pointerSent": pointer_sent}


_salvage = Salvage(
    s3=aws_client("s3", OBJECT_BUDGET),
    sqs=aws_client("sqs", POINTER_BUDGET),
    bucket=os.environ["FAILED_MESSAGES_BUCKET"],
    queue_url=os.environ["DEAD_LETTER_QUEUE_URL"],
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return save(_salvage, event)
