"""The last resort of a message that could not be ingested: an object in a bucket, and a pointer to it in a queue."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from audit_message.internal_message import origin_of

_LOGGER = logging.getLogger(__name__)


def salvage_record(failure_id: str, event: Mapping[str, Any], error: Exception, now: datetime) -> dict[str, Any]:
    """Return what is salvaged: the event as ingest can take it again, and why it could not be taken."""
    return {
        "failureID": failure_id,
        "failedAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "exception": {"type": type(error).__name__, "message": str(error)[:1024]},
        "event": {
            **origin_of(event),
            "isBase64Encoded": event.get("isBase64Encoded", False),
            "body": event.get("body"),
        },
    }


def encode_record(record: Mapping[str, Any]) -> bytes:
    """Return a record's bytes: JSON in UTF-8, no larger than it must be."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def salvage_key(failure_id: str) -> str:
    """Return the object key of a salvaged message. A message that fails again replaces its own object."""
    return f"{failure_id}.json"


class Salvage:
    """Writes records and pointers. Raises botocore's errors when a record cannot be written."""

    def __init__(self, s3: Any, sqs: Any, bucket: str, queue_url: str) -> None:
        self._s3 = s3
        self._sqs = sqs
        self._bucket = bucket
        self._queue_url = queue_url

    def save(self, record: Mapping[str, Any], body: bytes) -> bool:
        """Write the record, whose bytes are `body`, and send the pointer.

        Returns whether the pointer was sent. Without it the message is safe all the same, so that is no error: the
        caller is told, and re-driving the whole bucket finds the object.
        """
        key = salvage_key(record["failureID"])
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        pointer = {
            "message": "A message could not be ingested",
            "failureID": record["failureID"],
            "bucket": self._bucket,
            "key": key,
            "exception": record["exception"],
        }
        try:
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(pointer))
        except (ClientError, BotoCoreError):
            _LOGGER.exception("s3://%s/%s is salvaged but has no pointer in the queue", self._bucket, key)
            return False
        return True
