"""What a finished run left in its folder: its facts and its message log."""

from __future__ import annotations

from loadtests.facts import RunFacts
from loadtests.ledger import read_messages
from loadtests.message import Message
from loadtests.run_folder import RunFolder

__all__ = ["read_run"]


def read_run(folder: RunFolder) -> tuple[RunFacts, list[Message]]:
    """Return what a finished run left. Raises `OSError` where it left nothing."""
    return RunFacts.read(folder.facts), read_messages(folder.messages)
