"""Bodies that leave while they are written, against a list of what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.streamed_body import StreamedBody


class Reader:
    """Remembers what came."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.ends: list[bool] = []

    def take(self, part: bytes) -> None:
        self.parts.append(part)

    def end(self, *, whole: bool) -> None:
        self.ends.append(whole)


@given(st.lists(st.sampled_from(["write", "pause", "resume", "connect"]), max_size=40), st.booleans())
def test_every_byte_arrives_once_in_order_and_then_the_end(steps: list[str], whole: bool) -> None:
    body, reader, written = StreamedBody(), Reader(), b""
    connected = False
    for number, step in enumerate(steps):
        if step == "write":
            part = b"%d," % number
            written += part
            body.write(part)
        elif step == "connect" and not connected:
            connected = True
            body.connect(reader)
        elif step == "pause":
            body.pause()
        elif step == "resume":
            body.resume()
    (body.finish if whole else body.fail)()
    if not connected:
        body.connect(reader)
    body.resume()
    assert (b"".join(reader.parts), reader.ends, body.sent_bytes) == (written, [whole], len(written))


def test_writer_is_asked_to_pause_and_to_go_on_once_each() -> None:
    body, reader, asked = StreamedBody(), Reader(), []
    body.on_flow = asked.append
    for _ in range(8):
        body.write(bytes(65_536))
    assert asked == [True]
    body.connect(reader)
    assert asked == [True, False]


@pytest.mark.parametrize("early", [True, False])
def test_reader_that_goes_away_lets_the_writer_go_on(early: bool) -> None:
    body, reader, asked = StreamedBody(), Reader(), []
    body.on_flow = asked.append
    if not early:
        body.connect(reader)
        body.pause()
        body.write(bytes(300_000))
    body.abandon()
    body.write(bytes(1_000_000))
    body.finish()
    assert asked in ([], [True, False])
    assert (reader.parts, reader.ends) == ([], [])


def test_nothing_comes_after_the_end() -> None:
    body, reader = StreamedBody(), Reader()
    body.connect(reader)
    body.finish()
    body.write(b"late")
    body.fail()
    assert (reader.parts, reader.ends) == ([], [True])
