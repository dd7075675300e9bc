"""What the emulator recorded of a run, kept beside the message log: `explain` and the counters read it.

A target without a control API (AWS) has no journal; what needs one says so.
"""

from __future__ import annotations

from typing import Any

from loadtests.ledger import append_row, read_rows
from loadtests.run_folder import RunFolder
from loadtests.target import Target

__all__ = ["fetch_journal", "read_journal", "save_journal"]


def fetch_journal(target: Target) -> list[dict[str, Any]] | None:
    """Return all entries, oldest first; None where the target keeps none. Raises `EmulatorError` where it does not answer."""
    if target.control_url is None:
        return None
    from emulator.targets.control import ControlClient

    return ControlClient(target.control_url).journal()


def save_journal(target: Target, folder: RunFolder, since: float | None) -> None:
    """Write the entries since a moment (epoch seconds) into a run's folder, where the target keeps a journal."""
    from emulator.errors import EmulatorError

    try:
        entries = None if since is None else fetch_journal(target)
    except EmulatorError:
        # The run has its result; a target that has ended since then takes only the details along.
        return
    if entries is not None and since is not None:
        with folder.journal.open("wb") as stream:
            stream.writelines(append_row(entry) for entry in entries if entry["time"] >= since)


def read_journal(folder: RunFolder) -> list[dict[str, Any]] | None:
    """Return the entries of a run; None where it has none."""
    return list(read_rows(folder.journal)) if folder.journal.exists() else None
