"""The process tree of an environment: what it tells of ends, and when."""

from __future__ import annotations

import asyncio
from pathlib import Path

from emulator.engine.janitor import Janitor
from emulator.sandbox.isolation import Command
from emulator.sandbox.language_runtimes import Folders
from emulator.sandbox.process import ProcessTree

BOTH_END_AT_ONCE = r"read first; read second; printf 'exit one 0\nexit two 137\n'; while read rest; do :; done"
"""A supervisor whose two programs end in the same moment: its owner reads both reports at once."""


def test_of_two_programs_that_end_at_once_the_second_runs_until_its_end_is_told(tmp_path: Path) -> None:
    """Whoever starts everything anew when nothing runs would otherwise take the second end for that of the new program."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        told: list[tuple[str, int, list[str]]] = []
        both: asyncio.Future[None] = loop.create_future()
        ended: asyncio.Future[int] = loop.create_future()

        def on_exit(name: str, code: int) -> None:
            told.append((name, code, [other for other in ("one", "two") if tree.runs(other)]))
            if len(told) == 2:
                both.set_result(None)

        janitor = Janitor(tmp_path)
        folders = Folders(task="/", layers="/", runtime="/", language="/")
        command = Command(("sh", "-c", BOTH_END_AT_ONCE), folders, {}, (), depth=0)
        tree = ProcessTree(loop, janitor, command, (1,), on_exit, ended.set_result)
        try:
            for name in ("one", "two"):
                tree.launch(name, ("true",), {}, 1)
            await asyncio.wait_for(both, 30.0)
        finally:
            tree.kill()
            await asyncio.wait_for(ended, 30.0)
            janitor.close()
        assert told == [("one", 0, ["two"]), ("two", -9, [])]

    asyncio.run(test())
