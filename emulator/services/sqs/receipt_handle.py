"""Receipt handles: opaque to clients, and enough to find the message again without a table of handles.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
"""

from __future__ import annotations

import binascii
from typing import NamedTuple

from emulator.services.sqs.errors import ReceiptHandleIsInvalid

__all__ = ["Receipt", "parse_receipt_handle", "receipt_handle"]

PREFIX = "AQEB"


class Receipt(NamedTuple):
    """Which queue, which message, and the how-manieth receive of it."""

    queue_id: str
    message_id: str
    receive_count: int


def receipt_handle(receipt: Receipt) -> str:
    """The handle of one receive."""
    text = f"{receipt.queue_id} {receipt.message_id} {receipt.receive_count}"
    return PREFIX + binascii.b2a_base64(text.encode(), newline=False).decode("ascii")


def parse_receipt_handle(handle: str, queue_id: str) -> Receipt:
    """What a handle stands for. Raises ReceiptHandleIsInvalid, also for another queue's handle."""
    try:
        if not handle.startswith(PREFIX):
            raise ValueError("no handle of ours")
        queue, message_id, count = binascii.a2b_base64(handle[len(PREFIX) :], strict_mode=True).decode().split(" ")
        receipt = Receipt(queue, message_id, int(count))
    except ValueError:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.') from None
    if receipt.queue_id != queue_id:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not for this queue.')
    return receipt
