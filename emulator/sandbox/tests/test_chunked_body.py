"""Chunked bodies, however the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sandbox.chunked_body import ChunkedBody


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(1, 30), min_size=1))
def test_body_and_what_follows_it_do_not_depend_on_where_the_stream_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nA-B: c\r\n\r\nGET /next"
    chunked = ChunkedBody(10_000)
    position = 0
    sizes = iter(cuts * len(wire))
    while position < len(wire):
        size = next(sizes)
        chunked.feed(wire[position : position + size])
        position += size
        if chunked.complete:
            break
    assert chunked.complete
    assert bytes(chunked.body) == b"".join(parts)
    assert chunked.trailers == {"a-b": "c"}
    assert chunked.rest + wire[position:] == b"GET /next"


def test_what_exceeds_the_limit_is_counted_and_not_kept() -> None:
    chunked = ChunkedBody(4)
    chunked.feed(b"4\r\nfour\r\n3\r\nxyz\r\n0\r\n\r\n")
    assert (bytes(chunked.body), chunked.received, chunked.complete) == (b"four", 7, True)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError):
        ChunkedBody(4).feed(b"no number\r\n")
