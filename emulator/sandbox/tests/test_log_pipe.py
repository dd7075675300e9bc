"""Text and frames in one pipe."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from emulator.sandbox.log_pipe import LogPipe

_LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs", "Cc")), max_size=30)


def _frame(text: str) -> bytes:
    message = text.encode()
    return b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + bytes(8) + message


@given(
    parts=st.lists(st.tuples(st.booleans(), st.lists(_LINES, min_size=1, max_size=3)), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_order_and_boundaries_survive_however_the_bytes_arrive(
    parts: list[tuple[bool, list[str]]], cuts: list[int]
) -> None:
    written, expected = b"", []
    for framed, lines in parts:
        if framed:
            written += _frame("\n".join(lines))
            expected.append("\n".join(lines).removesuffix("\n"))
        else:
            written += b"".join(line.encode() + b"\n" for line in lines)
            expected += lines
    pipe = LogPipe(lambda: 0.0)
    try:
        last = 0
        for cut in [*sorted(cut for cut in cuts if cut < len(written)), len(written)]:
            os.write(pipe.write_end, written[last:cut])
            pipe.read()
            last = cut
        assert [line.text for line in pipe.collect()] == expected
    finally:
        pipe.close_write_end()
        pipe.close()


def test_flood_is_bounded_and_told() -> None:
    pipe = LogPipe(lambda: 0.0)
    try:
        for _ in range(200):
            os.write(pipe.write_end, b"x" * 60_000 + b"\n")
            pipe.read()
        lines = pipe.collect()
        assert sum(len(line.text) for line in lines) < 9_000_000
        assert "were dropped" in lines[-1].text
    finally:
        pipe.close_write_end()
        pipe.close()
