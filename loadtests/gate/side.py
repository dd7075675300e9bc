"""One side of a comparison: an emulator of one tree with the pipeline of that tree in it, and single messages through it.

One message at a time, each followed to its final notice before the next is sent: what is measured is the work that a message
costs, not how messages queue behind each other, and the number of function environments is the same every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from loadtests.clock import monotonic, sleep
from loadtests.failures import EnvironmentNotReady
from loadtests.gate import tree_cpu
from loadtests.notices import notice_row
from loadtests.probe import Prober
from loadtests.target import Target, output

__all__ = ["MessageTimes", "Side", "running_side", "running_sides"]

_FINAL_SECONDS = 30.0
_WAIT_SECONDS = 5
_LOOK_SECONDS = 0.005
_ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")


@dataclass(frozen=True, slots=True)
class MessageTimes:
    """What one message took: `ingest` to its answer, `persisted` to its final notice with both flags true."""

    ingest_seconds: float
    persisted_seconds: float


class Side:
    """A running side."""

    def __init__(self, target: Target, control: Any, run_id: str, seed: int) -> None:
        if target.api_url is None or target.api_key is None or target.process_id is None:
            raise EnvironmentNotReady(f"target {target.name} has no API, key or process of its own to measure")
        self.target = target
        self._control = control
        self._prober = Prober(target.api_url, target.api_key, run_id, seed)
        self._sqs = target.client("sqs")
        self._queue = output(target, "SubscriberQueueUrl")
        self._root = psutil.Process(target.process_id)
        self._ended = 0
        self._seen = 0

    def send(self, body_bytes: int) -> MessageTimes:
        """Send one message and wait for its final notice. Raises `EnvironmentNotReady` where it is refused or none comes."""
        begun = monotonic()
        answer = self._prober.send(body_bytes)
        ended = monotonic()
        if answer.message_id is None:
            raise EnvironmentNotReady(
                f"a message of {body_bytes} bytes was refused: {answer.status} {answer.text[:300]}"
            )
        return MessageTimes(answer.seconds, self._await_final(self._prober.accepted_keys[-1], ended) - begun)

    def _await_final(self, key: str, since: float) -> float:
        while monotonic() - since < _FINAL_SECONDS:
            batch = self._sqs.receive_message(
                QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECONDS
            )
            at = monotonic()
            messages = batch.get("Messages", [])
            if not messages:
                continue
            entries = [{"Id": str(index), "ReceiptHandle": m["ReceiptHandle"]} for index, m in enumerate(messages)]
            rows = [row for m in messages if (row := notice_row(m["Body"], at)) is not None]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
            if any(row["stage"] == "final" and row["key"] == key for row in rows):
                return at
        raise EnvironmentNotReady(f"message {key} was accepted, but no final notice came in {_FINAL_SECONDS:.0f} s")

    def settle(self) -> None:
        """Wait until every workflow has ended: what it does after the final notice would overlap with the next message, and that
        decides how many environments there are. Raises `EnvironmentNotReady` where one does not end.
        """
        begun = monotonic()
        while monotonic() - begun < _FINAL_SECONDS:
            entries = self._control.journal(after=self._seen, service="stepfunctions")
            self._seen = max((int(entry["sequence"]) for entry in entries), default=self._seen)
            self._ended += sum(entry["kind"] in _ENDS for entry in entries)
            if self._ended >= len(self._prober.accepted_keys):
                return
            sleep(_LOOK_SECONDS)
        raise EnvironmentNotReady(f"a workflow had not ended {_FINAL_SECONDS:.0f} s after its final notice")

    def warm_up(self, messages: int, body_bytes: int) -> None:
        """Send messages that nobody counts, until each function has an environment that has worked."""
        for _ in range(messages):
            self.send(body_bytes)
            self.settle()

    def cpu_seconds(self, function: str | None = None) -> float:
        """Return the CPU time so far of the emulator and everything that it runs, or of one function's environments alone."""
        processes = tree_cpu.tree(self._root)
        return sum(
            tree_cpu.seconds_of(process)
            for process in processes
            if function is None or tree_cpu.function_of(process) == function
        )

    def ingest_function(self) -> str | None:
        """Return the name of the function behind the API: the first invocation to end under a request's trace."""
        requests: set[str] = set()
        for entry in self._control.journal():
            if entry["kind"] == "request":
                requests.add(str(entry.get("trace_id")))
            elif entry["kind"] == "invocation" and entry.get("trace_id") in requests:
                return str(entry["resource"]).rpartition("function:")[2].partition(":")[0]
        return None

    def last_sequence(self) -> int:
        """Return the number of the last thing that the emulator recorded."""
        return max((int(entry["sequence"]) for entry in self._control.journal(after=self._seen)), default=self._seen)

    def journal(self, after: int = 0) -> list[Mapping[str, Any]]:
        """Return what the emulator recorded after a sequence number."""
        entries: list[Mapping[str, Any]] = self._control.journal(after=after)
        return entries


@contextmanager
def running_side(checkout: Path | None, template: Path, run_id: str, seed: int) -> Iterator[Side]:
    """Start the emulator of a tree (None: this one) with the tree's pipeline in it. Raises `EnvironmentNotReady`."""
    from emulator.errors import EmulatorError
    from emulator.targets import EmbeddedTarget
    from emulator.targets.control import ControlClient

    try:
        with EmbeddedTarget.start(template=template, seed=seed, checkout=checkout) as target:
            assert target.control_url is not None
            yield Side(target, ControlClient(target.control_url), run_id, seed)
    except EmulatorError as error:
        where = "this tree" if checkout is None else str(checkout)
        raise EnvironmentNotReady(f"the emulator of {where} did not do its part: {error}") from error


@contextmanager
def running_sides(
    trees: Mapping[str, Path | None], template: Path, run_id: str, seed: int, *, warm_up: int, body_bytes: int
) -> Iterator[dict[str, Side]]:
    """Start several sides at once and warm them up. Raises `EnvironmentNotReady` where one does not come up.

    Starting is all work and no waiting, so that this is as fast as the cores are; what is measured comes after it.
    """
    with ExitStack() as stack, ThreadPoolExecutor(len(trees)) as threads:
        managers = {name: running_side(tree, template, f"{run_id}-{name}", seed) for name, tree in trees.items()}
        sides = _enter_all(stack, threads, managers)
        list(threads.map(lambda side: side.warm_up(warm_up, body_bytes), sides.values()))
        yield sides


def _enter_all(
    stack: ExitStack, threads: ThreadPoolExecutor, managers: Mapping[str, AbstractContextManager[Side]]
) -> dict[str, Side]:
    entering = {name: threads.submit(manager.__enter__) for name, manager in managers.items()}
    # Whichever fails, the others are running and must be ended.
    for name, future in entering.items():
        if future.exception() is None:
            stack.push(managers[name])
    return {name: future.result() for name, future in entering.items()}
