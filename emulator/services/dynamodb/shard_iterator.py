"""Shard iterators: opaque to clients, and whole in themselves, so that a service that was restored still knows them."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from emulator.services.dynamodb.errors import ValidationException

__all__ = ["ShardIterator"]


@dataclass(frozen=True, slots=True)
class ShardIterator:
    """A place in a shard: the sequence number of the next record, and when the iterator was made (epoch seconds)."""

    stream_arn: str
    shard_id: str
    position: int
    issued: float

    def encode(self) -> str:
        """What a client gets: `<stream ARN>|1|<opaque>`, as AWS's look."""
        inner = f"{self.shard_id}|{self.position}|{self.issued!r}"
        return f"{self.stream_arn}|1|{base64.b64encode(inner.encode()).decode()}"

    @classmethod
    def decode(cls, text: str) -> ShardIterator:
        """Read it again. Raises ValidationException where it is no iterator."""
        arn, _, opaque = text.rpartition("|1|")
        try:
            shard_id, position, issued = base64.b64decode(opaque, validate=True).decode().split("|")
            return cls(arn, shard_id, int(position), float(issued))
        except (ValueError, binascii.Error) as error:
            raise ValidationException("Invalid ShardIterator") from error
