"""Event stream messages as botocore reads them."""

from __future__ import annotations

from botocore.eventstream import EventStreamBuffer

from emulator.event_stream import event_message, exception_message


def test_messages_are_what_botocore_reads() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(event_message("PayloadChunk", b"\x00part", "application/octet-stream"))
    buffer.add_data(exception_message("Stopped", b"{}"))
    chunk, stopped = buffer
    assert chunk.headers == {
        ":event-type": "PayloadChunk",
        ":content-type": "application/octet-stream",
        ":message-type": "event",
    }
    assert chunk.payload == b"\x00part"
    assert (stopped.headers[":message-type"], stopped.headers[":exception-type"]) == ("exception", "Stopped")
