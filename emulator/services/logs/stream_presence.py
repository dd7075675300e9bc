"""Is the stream there that log events shall go to?"""

from __future__ import annotations

from emulator.arn import Arn
from emulator.effects import Call

__all__ = ["presence"]


def presence(target: Arn) -> Call:
    """A question that a stream or a Firehose that is there answers."""
    name = target.resource.partition("/")[2]
    if target.service == "kinesis":
        return Call("kinesis", "DescribeStreamSummary", {"StreamName": name}, "logs.amazonaws.com")
    return Call("firehose", "DescribeDeliveryStream", {"DeliveryStreamName": name}, "logs.amazonaws.com")
