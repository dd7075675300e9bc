"""What the load generator can do: throughput, how late it starts messages, and the CPU time of a megabyte, against a sink.

    python -m loadtests.bench.generator [--seconds 10] [--repeat 2] [--beside 2] [--json]

The real thing end to end: Locust in its own process with the dispatcher, the bodies and the logs of a run, on an open model. The
sink is another process of the same machine, so the two share its cores: CPU time is the figure to plan with. `--beside` adds processes
that compute without end, as a pipeline under load does.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtests.bench.sink import running_sink
from loadtests.clock import monotonic, sleep
from loadtests.failures import GeneratorFailed
from loadtests.launcher import running_generator
from loadtests.ledger import read_rows
from loadtests.percentiles import Durations
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.run_folder import RunFolder
from loadtests.schedule import Rate
from loadtests.sizes import MessageSize, parse_size

__all__ = ["Figures", "measure"]

LOADS: tuple[tuple[str, float], ...] = (("256KiB", 200.0), ("6MB", 20.0))
_START_SECONDS = 60.0
_BUSY = "while True: sum(range(100_000))"


@dataclass(frozen=True, slots=True)
class Figures:
    """One load against the sink. Times in milliseconds; a percentile that the sample is too small for is None."""

    size: str
    rate_per_second: float
    messages: int
    dropped: int
    megabytes_per_second: float
    start_lag_p50_ms: float | None
    start_lag_p99_ms: float | None
    start_lag_max_ms: float
    service_p50_ms: float | None
    service_p99_ms: float | None
    cpu_ms_per_megabyte: float
    cores: float


def measure(size: str, rate: float, seconds: float) -> Figures:
    """Push messages of one size at a rate against a sink. Raises `GeneratorFailed`."""
    sizes = (MessageSize(size, parse_size(size)),)
    plan = RunPlan("bench", sizes, (Persona(schedule=Rate(rate)),), seconds, seed=1)
    with tempfile.TemporaryDirectory() as place, running_sink() as url:
        folder = RunFolder(Path(place))
        with running_generator(plan, folder, url, "bench") as process:
            begun = monotonic()
            while process.poll() is None:
                if monotonic() - begun > seconds + _START_SECONDS:
                    raise GeneratorFailed(f"the generator did not end:\n{folder.generator_output.read_text()}")
                sleep(0.1)
        if process.returncode != 0:
            raise GeneratorFailed(f"the generator ended badly:\n{folder.generator_output.read_text()}")
        return _figures(plan, folder)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep `count` processes computing, each in a session of its own as functions are, for the length of the block."""
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY], start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _figures(plan: RunPlan, folder: RunFolder) -> Figures:
    rows = [row for row in read_rows(folder.sent) if row["ended_seconds"] is not None and row["status"] == 200]
    end = [row for row in read_rows(folder.generator) if row["kind"] == "end"][-1]["workers"][0]
    lag = Durations(row["started_seconds"] - row["intended_seconds"] for row in rows)
    service = Durations(row["ended_seconds"] - row["started_seconds"] for row in rows)
    megabytes = sum(row["body_bytes"] for row in rows) / 1e6
    return Figures(
        size=plan.sizes[0].label,
        rate_per_second=plan.rate_per_second,
        messages=len(rows),
        dropped=int(end["dropped"]),
        megabytes_per_second=megabytes / max(row["ended_seconds"] for row in rows),
        start_lag_p50_ms=_milliseconds(lag, 50),
        start_lag_p99_ms=_milliseconds(lag, 99),
        start_lag_max_ms=lag.maximum * 1000,
        service_p50_ms=_milliseconds(service, 50),
        service_p99_ms=_milliseconds(service, 99),
        cpu_ms_per_megabyte=end["cpu_seconds"] * 1000 / megabytes,
        cores=end["cpu_seconds"] / end["seconds"],
    )


def _milliseconds(durations: Durations, percentile: float) -> float | None:
    value = durations.supported(percentile)
    return None if value is None else value * 1000


def _line(figures: Figures) -> str:
    def cell(value: float | None) -> str:
        return f"{'n<':>8}" if value is None else f"{value:8.2f}"

    return (
        f"{figures.size:>8} x {figures.rate_per_second:<5g} {figures.messages:6} {figures.dropped:5} {figures.megabytes_per_second:8.1f} "
        f"{cell(figures.start_lag_p50_ms)} {cell(figures.start_lag_p99_ms)} {figures.start_lag_max_ms:8.2f} "
        f"{cell(figures.service_p50_ms)} {cell(figures.service_p99_ms)} {figures.cpu_ms_per_megabyte:8.2f} {figures.cores:6.2f}"
    )


def main() -> None:
    """Measure each load a few times and print the figures of each."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.generator", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--repeat", type=int, default=2, help="how often each load is measured")
    parser.add_argument(
        "--load", action="append", help="SIZE@RATE instead of the usual ones; repeat", metavar="SIZE@RATE"
    )
    parser.add_argument("--beside", type=int, default=0, help="processes that compute meanwhile")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    loads = LOADS
    if options.load:
        pairs = [text.partition("@") for text in options.load]
        loads = tuple((size, float(rate)) for size, _, rate in pairs)
    if not options.json:
        print("start lag and service in ms, CPU in ms per MB; n<: too few messages for this percentile")
        print(
            f"{'load':16} {'sent':>6} {'drop':>5} {'MB/s':>8} {'lag p50':>8} {'lag p99':>8} {'lag max':>8} "
            f"{'svc p50':>8} {'svc p99':>8} {'CPU/MB':>8} {'cores':>6}"
        )
    found: list[dict[str, Any]] = []
    for _ in range(options.repeat):
        for size, rate in loads:
            with busy(options.beside):
                figures = measure(size, rate, options.seconds)
            found.append(asdict(figures))
            if not options.json:
                print(_line(figures), flush=True)
    if options.json:
        print(orjson.dumps({"load_average": os.getloadavg()[0], "loads": found}, option=orjson.OPT_INDENT_2).decode())


if __name__ == "__main__":
    main()
