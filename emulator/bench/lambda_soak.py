"""An hour of mixed load on Lambda, and whether anything leaks: `python -m emulator.bench.lambda_soak [--minutes N] [--rate N]`.

Synchronous, asynchronous, failing, crashing, timing out, large, streamed and URL invocations of several functions, one of them with an
extension, at a modest rate. Each minute it looks at the emulator: processes, resident memory (the emulator's and all functions'), file
descriptors, folders and files below its temporary folder, entries of the journal. After the warm-up a straight line is laid through each
figure; its slope is the verdict. What grows by design is kept constant: the journal is short, so that it is full before the warm-up ends,
and before each look the log groups are deleted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import urlopen

from emulator.bench.soak_figures import Figures, Trend, measure, trends
from emulator.bench.soak_functions import KINDS, Kind, deploy, payload
from emulator.clock import stopwatch
from emulator.targets.api_url import reachable_url

__all__ = ["main"]

RUNTIME = f"python3.{sys.version_info.minor}"
_CALLERS = 8
_JOURNAL_ENTRIES = 5_000
_WARM_UP = 0.3
"""Share of the run before the line begins: until the pool, the journal and the logs are as full as they get."""


class Soak:
    """One run against one emulator."""

    def __init__(self, endpoint: str, process_id: int, folder: Path) -> None:
        import boto3
        from botocore.config import Config

        self.endpoint, self.process_id = endpoint, process_id

        def client(service: str) -> Any:
            return boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=endpoint,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",  # the emulator takes it
                config=Config(read_timeout=60, retries={"total_max_attempts": 1}, max_pool_connections=_CALLERS),
            )

        self.client, self.logs = client("lambda"), client("logs")
        self.url = reachable_url(deploy(self.client, folder, RUNTIME), endpoint)
        self.calls: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.looks: list[Figures] = []

    def run(self, minutes: float, rate: float, look_seconds: float) -> None:
        """Call at the rate, and look from time to time; a line is printed for each look."""
        choose = random.Random(7)
        weights = [kind.weight for kind in KINDS]
        pause = Event()
        started = stopwatch()
        next_look, next_call = started + look_seconds, started
        with ThreadPoolExecutor(_CALLERS) as callers:
            while (now := stopwatch()) < started + minutes * 60.0:
                if now >= next_look:
                    next_look += look_seconds
                    self._look((now - started) / 60.0)
                if now >= next_call:
                    next_call += 1.0 / rate
                    callers.submit(self._call, choose.choices(KINDS, weights)[0])
                pause.wait(max(0.0, min(next_call, next_look) - stopwatch()))
        self._look((stopwatch() - started) / 60.0)

    def _look(self, minutes: float) -> None:
        for group in self.logs.describe_log_groups()["logGroups"]:
            self.logs.delete_log_group(logGroupName=group["logGroupName"])
        look = measure(self.process_id, self.endpoint, minutes)
        self.looks.append(look)
        print(_row(asdict(look).values()), f"{sum(self.calls.values()):9}{sum(self.wrong.values()):7}", flush=True)

    def _call(self, kind: Kind) -> None:
        try:
            answer = self._answer(kind)
        except Exception as error:  # whatever it is, it is a wrong answer, and the run goes on
            answer = f"{type(error).__name__}: {error}"
        self.calls[kind.name] += 1
        if kind.expects.replace(" ", "") not in answer.replace(" ", "")[:3_000_000]:
            self.wrong[kind.name] += 1
            self.examples.setdefault(kind.name, answer[:300])

    def _answer(self, kind: Kind) -> str:
        """What came back; empty for an asynchronous call that was taken."""
        body = payload(kind)
        if kind.way == "url":
            with urlopen(f"{self.url}nothing", timeout=60) as answer:  # noqa: S310  # our own endpoint
                return str(answer.read().decode())
        if kind.way == "stream":
            reply = self.client.invoke_with_response_stream(FunctionName=kind.function, Payload=body)
            with contextlib.closing(reply["EventStream"]) as events:
                return b"".join(one["PayloadChunk"]["Payload"] for one in events if "PayloadChunk" in one).decode()
        how = "Event" if kind.way == "event" else "RequestResponse"
        reply = self.client.invoke(FunctionName=kind.function, InvocationType=how, Payload=body)
        return str(reply["Payload"].read().decode())

    def result(self, minutes: float) -> dict[str, Any]:
        """Everything, as JSON-ready data."""
        after = [look for look in self.looks if look.minutes >= minutes * _WARM_UP]
        found: list[Trend] = trends(after)
        return {
            "minutes": minutes,
            "calls": dict(self.calls),
            "wrong": dict(self.wrong),
            "examples": self.examples,
            "looks": [asdict(look) for look in self.looks],
            "trends": [{**asdict(trend), "leaks": trend.leaks} for trend in found],
            "verdict": _verdict(found, sum(self.wrong.values())),
        }


def _verdict(found: Sequence[Trend], wrong: int) -> str:
    if not found:
        return "too short for a verdict"
    leaks = [trend.figure for trend in found if trend.leaks]
    return f"leak: {', '.join(leaks)}" if leaks else "wrong answers" if wrong else "no leak"


def _row(values: Any) -> str:
    return "".join(f"{value:>16}" for value in values)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print a line each minute and the verdict, and write everything as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m emulator.bench.lambda_soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--look-seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=None, help="write the figures to this file")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = Path(place)
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "emulator", "up", "--port", "0", "--ready-file", str(ready)]
        environment = {**os.environ, "WINDTUNNEL_JOURNAL_ENTRIES": str(_JOURNAL_ENTRIES)}
        with (folder / "emulator.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            soak = Soak(_endpoint(process, ready), process.pid, folder)
            print(_row(field.name for field in fields(Figures)), "    calls  wrong", flush=True)
            soak.run(given.minutes, given.rate, given.look_seconds)
            result = soak.result(given.minutes)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        result["emulator_log"] = (folder / "emulator.log").read_text("utf-8", "replace")[-4_000:]
    if given.json is not None:
        given.json.write_text(json.dumps(result, indent=1))
    for trend in result["trends"]:
        print(f"{trend['figure']:>16} {trend['per_hour']:+10.2f} an hour (at most {trend['allowed']:.0f})")
    for name, count in result["wrong"].items():
        print(f"{count} wrong answers of kind {name!r}, for example {result['examples'][name]}")
    print(f"{sum(result['calls'].values())} calls; verdict: {result['verdict']}", flush=True)
    raise SystemExit(0 if result["verdict"] == "no leak" else 1)


def _endpoint(process: subprocess.Popen[bytes], ready: Path) -> str:
    pause = Event()
    deadline = stopwatch() + 30.0
    while stopwatch() < deadline and process.poll() is None:
        if ready.exists():
            endpoint: str = json.loads(ready.read_text())["endpoint_url"]
            return endpoint
        pause.wait(0.05)
    raise RuntimeError("the emulator did not start")


if __name__ == "__main__":
    main()
