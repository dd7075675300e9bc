"""What the collector costs: its CPU time for a message, and what it does to the ingest that it observes.

    python -m loadtests.bench.collector [--blocks 12] [--seconds 8] [--rate 10] [--size 256KiB] [--json]

Blocks of the same open-model load go through one embedded audit pipeline, with a collector and without one in turn (ABBA), so that
what the machine does besides hits both alike. Between blocks the pipeline comes to rest and the subscriber's queue is emptied. The
unit is the pair of neighbours; the bounds are those of Wilcoxon's signed-rank test, two-sided, 95 %.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from math import expm1, isfinite, log
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil

from loadtests.clock import monotonic, sleep, wall
from loadtests.collector import DONE, READBACK, job
from loadtests.failures import EnvironmentNotReady
from loadtests.gate.statistics import lower_bound, upper_bound
from loadtests.launcher import Collector, running_collector, running_generator
from loadtests.ledger import read_rows
from loadtests.message import STAGES
from loadtests.opening import DEFAULT_TEMPLATE, EMBEDDED, open_target
from loadtests.percentiles import Durations
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.probe import Prober
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import MessageSize, parse_size
from loadtests.target import Target, output

__all__ = ["Block", "effect", "main"]

_ALPHA = 0.025
_REST_SECONDS = 60.0
_WARM_UP = 4


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the load. CPU seconds are the collector's: while it received, and while it read back."""

    observed: bool
    messages: int
    ingest_p50_seconds: float
    service_p50_seconds: float
    receive_cpu_seconds: float = 0.0
    read_back_cpu_seconds: float = 0.0


def effect(blocks: list[Block]) -> tuple[float, float | None, float | None]:
    """Return by how much more an ingest takes with the collector, at the median: the estimate and its bounds, as fractions.

    A bound is None where the pairs are too few to state it; six are enough.
    """
    pairs = zip(blocks[::2], blocks[1::2], strict=True)
    logs = [
        log(one.ingest_p50_seconds / other.ingest_p50_seconds) * (1 if one.observed else -1) for one, other in pairs
    ]
    low, high = lower_bound(logs, _ALPHA), upper_bound(logs, _ALPHA)
    return expm1(median(logs)), expm1(low) if isfinite(low) else None, expm1(high) if isfinite(high) else None


class _Bench:
    def __init__(self, target: Target, size: str, rate: float, seconds: float, place: Path) -> None:
        self._target = target
        self._sizes = (MessageSize(size, parse_size(size)),)
        self._personas = (Persona(schedule=Rate(rate)),)
        self._seconds = seconds
        self._place = place
        self._sqs = target.client("sqs")
        self._queue = output(target, "SubscriberQueueUrl")
        self._url, self._key = target.api_url or "", target.api_key or ""

    def warm_up(self) -> None:
        """Send a few messages at once, and wait for their notices."""
        prober = Prober(self._url, self._key, "warm", 1)
        prober.warm_up(self._sizes[0].body_bytes, _WARM_UP)
        self._rest(_WARM_UP * len(STAGES))

    def block(self, number: int, *, observed: bool) -> Block:
        """Run one block and wait for the pipeline to come to rest."""
        folder = RunFolder(self._place / str(number))
        folder.path.mkdir()
        plan = RunPlan(f"block-{number:03d}", self._sizes, self._personas, self._seconds, seed=number)
        since = wall()
        with ExitStack() as stack:
            collector = None
            if observed:
                collector = stack.enter_context(
                    running_collector(job(self._target, folder, plan.run_id, since), folder)
                )
            began = 0.0 if collector is None else _cpu_seconds(collector)
            with running_generator(plan, folder, self._url, self._key) as process:
                process.wait(self._seconds + _REST_SECONDS)
            rows = [row for row in read_rows(folder.sent) if row["status"] == 200]
            if not rows or process.returncode != 0:
                raise EnvironmentNotReady(f"no message was accepted:\n{folder.generator_output.read_text()}")
            expected = len(rows) * len(STAGES)
            receive = read_back = 0.0
            if collector is None:
                self._rest(expected)
            else:
                self._hear(folder, expected)
                received = _cpu_seconds(collector)
                collector.tell(READBACK)
                # It ends after its last word; what it used is read while it still reads back.
                read = received
                while not collector.has_said(DONE, 0.05):
                    read = _cpu_seconds(collector)
                receive, read_back = received - began, read - received
        ingest = Durations(row["ended_seconds"] - row["intended_seconds"] for row in rows).at(50)
        service = Durations(row["ended_seconds"] - row["started_seconds"] for row in rows).at(50)
        assert ingest is not None
        assert service is not None
        return Block(observed, len(rows), ingest, service, receive, read_back)

    def _hear(self, folder: RunFolder, count: int) -> None:
        """Wait until the collector has heard everything."""
        _await(lambda: sum(1 for _ in read_rows(folder.notices)) >= count, "the collector did not hear every notice")

    def _rest(self, count: int) -> None:
        """Wait until all notices are in the queue, then empty it."""
        names = ["ApproximateNumberOfMessages"]

        def arrived() -> bool:
            found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=names)["Attributes"]
            return int(found[names[0]]) >= count

        _await(arrived, "not every notice came")
        while batch := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            entries = [{"Id": str(index), "ReceiptHandle": m["ReceiptHandle"]} for index, m in enumerate(batch)]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)


def _await(condition: Any, why_not: str) -> None:
    deadline = monotonic() + _REST_SECONDS
    while not condition():
        if monotonic() > deadline:
            raise EnvironmentNotReady(f"{why_not} in {_REST_SECONDS:g} s")
        sleep(0.1)


def _cpu_seconds(collector: Collector) -> float:
    try:
        times = psutil.Process(collector.process_id).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextmanager
def _bench(options: argparse.Namespace) -> Iterator[_Bench]:
    with open_target(EMBEDDED, options.template) as target, tempfile.TemporaryDirectory() as place:
        bench = _Bench(target, options.size, options.rate, options.seconds, Path(place))
        bench.warm_up()
        yield bench


def _result(blocks: list[Block]) -> dict[str, Any]:
    observed = [block for block in blocks if block.observed]
    messages = sum(block.messages for block in observed)
    change, lower, upper = effect(blocks)
    return {
        "load_average": os.getloadavg()[0],
        "messages": messages,
        "receive_cpu_ms_per_message": sum(block.receive_cpu_seconds for block in observed) * 1000 / messages,
        "read_back_cpu_ms_per_message": sum(block.read_back_cpu_seconds for block in observed) * 1000 / messages,
        "ingest_p50_change": change,
        "ingest_p50_change_bounds": [lower, upper],
        "blocks": [asdict(block) for block in blocks],
    }


def main() -> None:
    """Run the blocks and print what they say."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.collector", description=__doc__)
    parser.add_argument("--blocks", type=int, default=16, help="an even number; half of them are observed")
    parser.add_argument("--seconds", type=float, default=6.0, help="of a block")
    parser.add_argument("--rate", type=float, default=10.0, help="messages per second")
    parser.add_argument("--size", default="256KiB")
    parser.add_argument("--template", type=Path, default=DEFAULT_TEMPLATE)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    blocks = []
    with _bench(options) as bench:
        for number in range(options.blocks // 2 * 2):
            # ABBA, so that a drift is shared out.
            blocks.append(bench.block(number, observed=number % 4 in (0, 3)))
            if not options.json:
                found = blocks[-1]
                mark = "with   " if found.observed else "without"
                print(f"{mark}  ingest p50 {found.ingest_p50_seconds * 1000:8.2f} ms  of {found.messages}", flush=True)
    result = _result(blocks)
    if options.json:
        sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return
    low, high = ("unknown" if bound is None else f"{bound:+.1%}" for bound in result["ingest_p50_change_bounds"])
    print(f"receiving costs {result['receive_cpu_ms_per_message']:.2f} ms of CPU a message ({len(STAGES)} notices)")
    print(f"reading back costs {result['read_back_cpu_ms_per_message']:.2f} ms of CPU a message, after the load")
    print(f"ingest p50 changes by {result['ingest_p50_change']:+.1%}, from {low} to {high} with 95 % confidence")


if __name__ == "__main__":
    main()
