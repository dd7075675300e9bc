"""The subscriber: receives the pipeline's notifications from its queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import orjson

from loadtests.clock import monotonic
from loadtests.ledger import append_row

__all__ = ["notice_row", "receive_notices"]

# Long enough to be one call when nothing comes, short enough to stop soon.
_WAIT_SECONDS = 2
_RECEIVERS = 2
# The most that SQS gives or takes in one call.
_BATCH = 10


def receive_notices(sqs: Any, queue_url: str, prefix: str, log: BinaryIO, stop: threading.Event) -> None:
    """Append a row for each notice whose key begins with `prefix` to `log` until `stop` is set; every received message is deleted.

    The time of a notice is when the call that brought it returned. Raises botocore's errors.
    """
    lock = threading.Lock()
    with ThreadPoolExecutor(_RECEIVERS * 2, thread_name_prefix="notices") as threads:
        receivers = [
            threads.submit(_receive, sqs, queue_url, prefix, log, lock, stop, threads.submit) for _ in range(_RECEIVERS)
        ]
        try:
            for receiver in receivers:
                receiver.result()
        finally:
            stop.set()


def _receive(
    sqs: Any,
    queue_url: str,
    prefix: str,
    log: BinaryIO,
    lock: threading.Lock,
    stop: threading.Event,
    submit: Callable[..., Any],
) -> None:
    deletion = None
    received: list[Mapping[str, Any]] = []
    while not stop.is_set():
        batch = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=_WAIT_SECONDS)
        at = monotonic()
        messages = batch.get("Messages", [])
        rows = [row for message in messages if (row := notice_row(message["Body"], at)) is not None]
        with lock:
            log.write(b"".join(append_row(row) for row in rows if row["key"].startswith(prefix)))
            log.flush()
        received += messages
        # Full batches, or what is left when it is quiet: a call for each notice would cost as much as receiving it.
        if len(received) >= _BATCH or not messages:
            if deletion is not None:
                deletion.result()
            deletion = submit(_delete, sqs, queue_url, received)
            received = []
    if deletion is not None:
        deletion.result()
    _delete(sqs, queue_url, received)


def _delete(sqs: Any, queue_url: str, messages: list[Mapping[str, Any]]) -> None:
    for first in range(0, len(messages), _BATCH):
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages[first : first + _BATCH])
        ]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=entries)


def notice_row(body: str, at: float) -> dict[str, Any] | None:
    """Return what an SNS envelope in a queue says of a message; None for a body that is no notification of this pipeline."""
    try:
        envelope = orjson.loads(body)
        notice = orjson.loads(envelope["Message"])
        stage = envelope["MessageAttributes"]["stage"]["Value"]
        key = notice["messageMetaData"]["sourceTransactionID"]
        message_id = notice["messageID"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not (isinstance(stage, str) and isinstance(key, str) and isinstance(message_id, str)):
        return None
    state = notice.get("state")
    flags = state if isinstance(state, dict) else {}
    return {
        "at": at,
        "stage": stage,
        "key": key,
        "message_id": message_id,
        "s3": _boolean(flags.get("S3")),
        "metadata": _boolean(flags.get("metaData")),
        "notification": envelope.get("MessageId"),
    }


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
