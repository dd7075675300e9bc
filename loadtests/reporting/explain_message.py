"""Why is this message not archived? One message of a finished run: its path, what is missing, and what stood in the way.

The facts come from the message log; the causes from what the emulator recorded under the message's trace, where it did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.failures import UsageError
from loadtests.journal import read_journal
from loadtests.message import STAGES, Message
from loadtests.outcome import Outcome, judge
from loadtests.reporting.waterfall import WaterfallRow, draw, is_failure, waterfall
from loadtests.run_folder import RunFolder
from loadtests.run_log import read_run

__all__ = ["Explanation", "explain_message", "find_run_of", "is_message_of", "reasons", "recorded"]

Entry = Mapping[str, Any]
# What must have been called for each thing that can be missing.
_OBJECT, _ITEM, _NOTICE = ("s3", "PutObject"), ("dynamodb", "PutItem"), ("sns", "Publish")
_SALVAGED = re.compile(r'"salvaged":\s*(true|false)')
_DEAD_LETTERS = re.compile("dead.?letter|dlq", re.IGNORECASE)
_SOUGHT = ("ResourceNotFoundException", "ResourceAlreadyExistsException")
_ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a message; `reasons` is empty exactly if nothing is wrong with it."""

    message: Message
    outcome: Outcome
    reasons: tuple[str, ...]
    rows: tuple[WaterfallRow, ...]

    def text(self, *, full: bool = False) -> str:
        """Return the explanation for people; a `full` one has every row of the waterfall."""
        message = self.message
        head = f"Message {message.message_id or message.key}: {message.size}, due at {message.intended_seconds:.3f} s of the load"
        head += f", sent by {message.persona}" if message.persona else ""
        told = "dropped by the generator" if self.outcome.dropped else f"answered {message.status or 'never'}"
        stages = ", ".join(f"{stage} {_moment(message, stage)}" for stage in STAGES)
        stored = f"{len(message.objects)} object(s), {len(message.items)} item(s)"
        verdict = ["Nothing is missing."] if not self.reasons else [f"- {reason}" for reason in self.reasons]
        return "\n".join([head, f"  {told}; {stages}; {stored}", "", *verdict, "", draw(self.rows, full=full)])

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as JSON."""
        return {
            "message": self.message.to_json(),
            "outcome": asdict(self.outcome),
            "reasons": list(self.reasons),
            "waterfall": [asdict(row) for row in self.rows],
        }


def _moment(message: Message, stage: str) -> str:
    seconds = message.stage_seconds(stage)
    return "-" if seconds is None else f"after {seconds * 1000:.0f} ms"


def is_message_of(message: Message, name: str) -> bool:
    """Whether `name` is a message's id, its key, or its trace."""
    return name in (message.message_id, message.key, message.trace_id)


def find_run_of(name: str, reports: Path) -> RunFolder:
    """Return the newest run below `reports` that has a message of that id, key or trace. Raises `UsageError` where none has."""
    runs = sorted((path.parent for path in reports.glob("*/messages.ndjson")), reverse=True)
    quoted = f'"{name}"'.encode()
    for path in runs:
        if quoted in (path / "messages.ndjson").read_bytes():
            return RunFolder(path.resolve())
    raise UsageError(f"no run in {reports} has a message {name!r} ({len(runs)} looked at); give its id, key or trace")


def explain_message(run_folder: Path, message_id: str) -> Explanation:
    """Return what became of one message of a finished run, given its id, key or trace.

    Raises `UsageError` where the run has no such message.
    """
    folder = RunFolder(run_folder)
    facts, messages = read_run(folder)
    message = next((candidate for candidate in messages if is_message_of(candidate, message_id)), None)
    if message is None:
        raise UsageError(f"run {facts.plan.run_id} has no message {message_id!r}: give its id, key or trace")
    journal = read_journal(folder)
    entries = recorded(journal or (), message)
    outcome = judge(message)
    return Explanation(
        message,
        outcome,
        tuple(reasons(message, outcome, entries)),
        tuple(waterfall(message, entries or (), facts.epoch_wall)),
    )


def recorded(journal: Sequence[Entry], message: Message) -> list[Entry] | None:
    """What was recorded of a message; None where nothing was, or where a long run has pushed its beginning out of the journal."""
    entries = [entry for entry in journal if entry.get("trace_id") == message.trace_id]
    return entries if any(entry["kind"] == "request" for entry in entries) else None


def reasons(message: Message, outcome: Outcome, entries: Sequence[Entry] | None) -> Iterator[str]:
    """Yield why each thing that is missing or wrong is so; nothing for a message that is as it must be.

    `entries` are those of its trace; None where they were not recorded, and so no causes are known.
    """
    if outcome.dropped:
        yield f"never sent: {message.error}"
        return
    if outcome.refused:
        yield f"refused with {message.status}: {message.error or 'no reason was given'}"
    if outcome.unanswered:
        yield f"no answer: {message.error}"
    if not message.accepted:
        yield from _salvage(message, entries)
        yield from _failures(entries)
        return
    if not message.objects:
        yield f"not archived: {_cause(_OBJECT, entries)}"
    if not message.items:
        yield f"no metadata item: {_cause(_ITEM, entries)}"
    for stage in STAGES:
        if not any(notice.stage == stage for notice in message.notices):
            yield f"no {stage} notice: {_notice_cause(message, stage, entries)}"
    missing = {"accepted, but not archived", "accepted, but no metadata item"}
    yield from (problem for problem in outcome.problems if problem not in missing and not problem.startswith("no "))
    if outcome.problems:
        yield from _set_aside(entries)
        yield from _failures(entries)


def _salvage(message: Message, entries: Sequence[Entry] | None) -> Iterator[str]:
    """What became of a message that was refused because something behind the API failed."""
    salvaged = _SALVAGED.search(message.error or "")
    if salvaged is None:
        return
    if salvaged[1] == "true":
        yield "salvaged: it waits with the failed messages and goes in when it is re-driven; it must not be sent again"
    else:
        yield "not salvaged: nothing has it, so it must be sent again"
    if entries is not None and not any(True for _ in _failures(entries)):
        yield "no call to AWS failed for it, so what failed is behind another connection: the cache"
    yield from _set_aside(entries)


def _set_aside(entries: Sequence[Entry] | None) -> Iterator[str]:
    """Where the workflow left what it could not do."""
    for entry in entries or ():
        queue = str(entry.get("resource", "")).rpartition("/")[2].rpartition(":")[2]
        sent = (entry["kind"], entry["service"], entry["operation"]) == ("call", "sqs", "SendMessage")
        if sent and not is_failure(entry) and _DEAD_LETTERS.search(queue) is not None:
            yield f"set aside, with the reason, in the queue {queue}"


def _cause(call: tuple[str, str], entries: Sequence[Entry] | None) -> str:
    """Why a call left nothing behind."""
    if entries is None:
        return "nothing was recorded of it, so look at the workflow's execution, whose name is the message's id"
    calls = [entry for entry in entries if entry["kind"] == "call" and (entry["service"], entry["operation"]) == call]
    name = f"{call[0]} {call[1]}"
    failed = [str(entry["outcome"]) for entry in calls if is_failure(entry)]
    if calls and not failed:
        return f"{name} succeeded, but what it wrote is not there any more, or not where it belongs"
    if failed:
        return f"{name} failed {len(failed)} of {len(calls)} times, last with {failed[-1]}"
    return f"{name} was never called; {_workflow(entries)}"


def _workflow(entries: Sequence[Entry]) -> str:
    starts = [
        entry for entry in entries if (entry["service"], entry["operation"]) == ("stepfunctions", "StartExecution")
    ]
    ends = [str(entry["kind"]) for entry in entries if entry["kind"] in _ENDS]
    if not starts:
        return "the workflow was never started"
    if is_failure(starts[-1]):
        return f"starting the workflow failed with {starts[-1]['outcome']}"
    if not ends:
        return "the workflow had not ended when the run did"
    return f"the workflow ended: {ends[-1]}"


def _notice_cause(message: Message, stage: str, entries: Sequence[Entry] | None) -> str:
    if entries is None:
        fact = {"archived": message.objects, "metadata": message.items}.get(stage)
        return "what it announces is there, so the notice itself was lost" if fact else "nothing was recorded of it"
    publishes = [entry for entry in entries if (entry["service"], entry["operation"]) == _NOTICE]
    deliveries = [entry for entry in entries if entry["kind"] in ("delivery", "delivery_failed")]
    failed = [entry for entry in (*publishes, *deliveries) if is_failure(entry)]
    if failed:
        return f"{failed[-1]['operation']} failed with {failed[-1]['outcome']}"
    heard = len(message.notices)
    if len(publishes) > heard:
        count = f"{len(publishes)} notices were published and {heard} received"
        return f"{count}, so it was lost between topic and subscriber, or came after the run"
    return f"it was never published ({len(publishes)} of {len(STAGES)} were); {_workflow(entries)}"


def _failures(entries: Sequence[Entry] | None) -> Iterator[str]:
    """Everything under the trace that failed, once for each kind of failure."""
    counts: dict[str, int] = {}
    for entry in entries or ():
        # A log stream that is looked for before it is made is how logs are written.
        sought = entry["service"] == "logs" and entry.get("outcome") in _SOUGHT
        if is_failure(entry) and entry["kind"] != "response" and not sought:
            resource = str(entry.get("resource", "")).rpartition(":")[2]
            what = f"{entry['service']} {entry['operation']} {resource}".strip()
            said = f"{what}: {entry['outcome']}"
            counts[said] = counts.get(said, 0) + 1
    yield from (f"{said}{f' ({count} times)' if count > 1 else ''}" for said, count in counts.items())
