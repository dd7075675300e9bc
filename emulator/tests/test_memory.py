"""Freed memory stays with the process."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

_PROGRAM = """
import resource, sys
from emulator.memory import keep_freed_memory
if sys.argv[1] == "keep": keep_freed_memory()
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
blocks = [b"x" * 6_000_000, bytearray(6_000_000)]
del blocks
before = faults()
for _ in range(20):
    one = b"y" * 6_000_000
    two = bytes(memoryview(one))
    del one, two
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is glibc's")
def test_large_blocks_come_from_memory_that_is_there() -> None:
    def faults(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", _PROGRAM, how], capture_output=True, check=True).stdout)

    pages = 20 * 12_000_000 // resource.getpagesize()
    assert faults("keep") < pages // 10
