"""Where an estimate's counters come from: a finished run, a committed baseline, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtests.failures import UsageError
from loadtests.gate.baseline import Baseline
from loadtests.gate.counters import Counters, count
from loadtests.journal import read_journal
from loadtests.run_folder import RunFolder

__all__ = ["Source", "baseline_source", "file_source", "find_source", "run_source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Counters and what they were counted on. `template` is None where that is not known."""

    name: str
    counters: Counters
    template: Path | None = None


def find_source(name: str, reports: Path, baselines: Path) -> Source:
    """Return the counters of a run or a baseline of that name, or path. Raises `UsageError` where there is neither."""
    for folder in (Path(name), reports / name):
        if RunFolder(folder).facts.is_file():
            return run_source(RunFolder(folder.resolve()))
    path = baselines / f"{name}.json"
    if path.is_file():
        return baseline_source(path)
    if Path(name).is_file():
        return file_source(Path(name))
    known = [path.stem for path in sorted(baselines.glob("*.json"))]
    runs = sorted(folder.parent.name for folder in reports.glob("*/run.json"))[-3:]
    hint = f"baselines here: {', '.join(known) or 'none'}; the last runs: {', '.join(runs) or 'none'}"
    raise UsageError(f"{name!r} is neither a finished run nor a baseline; {hint}")


def run_source(folder: RunFolder) -> Source:
    """Return what the messages of a run cost. Raises `UsageError` where the run has no journal, as on AWS."""
    from loadtests.reporting.reports import read_run

    _, messages = read_run(folder)
    traces = [message.trace_id for message in messages if message.trace_id is not None]
    journal = read_journal(folder)
    if journal is None or not traces:
        raise UsageError(
            f"run {folder.path.name} has no journal, so nobody counted its calls: name a baseline, or run against the emulator"
        )
    return Source(f"run {folder.path.name}", count(journal, traces))


def baseline_source(path: Path) -> Source:
    """Return the counters that a baseline agreed on. Raises `UsageError`."""
    agreed = Baseline.read(path)
    template = agreed.plan.get("template")
    return Source(
        f"baseline {agreed.name}", agreed.counters, Path(template) if template and Path(template).is_file() else None
    )


def file_source(path: Path) -> Source:
    """Return the counters in a file: those of a baseline, or `{"messages": ..., "totals": {...}}`, or a run's report.

    Raises `UsageError` where the file holds none of these.
    """
    try:
        value: Any = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            f"there is no file {path}: --counters takes a baseline, a run's report.json, or counters"
        ) from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
    if isinstance(value, dict):
        if isinstance(value.get("counters"), dict):
            return Source(str(path), Counters.from_json(value["counters"]))
        if isinstance(value.get("counters_per_message"), dict):
            return Source(str(path), Counters(1, value["counters_per_message"]))
        if "messages" in value and isinstance(value.get("totals"), dict):
            return Source(str(path), Counters.from_json(value))
    raise UsageError(f'{path} holds no counters: write {{"messages": 10, "totals": {{"calls/s3.PutObject": 10}}}}')
