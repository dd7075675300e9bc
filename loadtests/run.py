"""One load run from beginning to end: probe, load, drain, read back, put together. Nothing is judged here."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil

from loadtests.clock import monotonic, sleep, wall
from loadtests.collector import DONE, READBACK, job
from loadtests.facts import Pulse, RunFacts, UseSample
from loadtests.failures import EnvironmentNotReady, GeneratorFailed, LoadError, UsageError
from loadtests.floor import Floor, measure_floor
from loadtests.journal import save_journal
from loadtests.launcher import Collector, Listen, running_collector, running_generator
from loadtests.ledger import Unclaimed, assemble, read_messages, read_rows, write_messages
from loadtests.live import Live
from loadtests.message import Message
from loadtests.plan import RunPlan
from loadtests.probe import Prober, SizeLimit, largest_accepted
from loadtests.processor_use import GENERATOR, ProcessorUse, Sample
from loadtests.progress import Progress
from loadtests.run_folder import RunFolder
from loadtests.sizes import MessageSize
from loadtests.staging.guard import Guard
from loadtests.target import Target

__all__ = ["LoadRun", "RunOptions"]

_LOOK_SECONDS = 0.2
_GENERATOR_START_SECONDS = 30.0
# Pods of a cluster may have to be scheduled, and their image pulled.
_WORKERS_START_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is prepared and judged; a size of None bytes is measured."""

    mix: tuple[tuple[str, int | None, float], ...]
    thresholds: tuple[str, ...] = ()
    max_refused_percent: float = 0.0
    warm_up_messages: int = 4
    floor: Callable[[Sequence[int]], Floor] = measure_floor
    with_floor: bool = True
    with_journal: bool = True
    listen: Listen | None = None


class LoadRun:
    """A run of `plan` (whose sizes are filled in) against a target, into a folder."""

    def __init__(
        self, target: Target, plan: RunPlan, options: RunOptions, folder: RunFolder, progress: Progress
    ) -> None:
        if target.api_key is None:
            raise UsageError(f"target {target.name} has no API key; the load sends one with each message")
        self._target = target
        self._api_key = target.api_key
        if target.api_url is None:
            raise UsageError(f"target {target.name} has no API URL; there is nowhere to send messages to")
        self._url = target.api_url
        self._guard = Guard.of(target)
        if self._guard is not None:
            self._need = self._guard.need(plan, options.mix, options.warm_up_messages)
            self._guard.refuse_too_much(self._need)
            plan = self._guard.guarded(plan)
        self._options = options
        self._folder = folder
        self._progress = progress
        self._wall_start = wall()
        self.facts = RunFacts(
            plan=plan,
            target=target.name,
            url=self._url,
            wall_start=self._wall_start,
            load_seconds=0.0,
            drain_seconds=0.0,
            readback_seconds=0.0,
            machine=_machine(),
            thresholds=options.thresholds,
            max_refused_percent=options.max_refused_percent,
        )
        self._live: Live | None = None
        self._start_seconds = _GENERATOR_START_SECONDS if options.listen is None else _WORKERS_START_SECONDS

    def execute(self) -> tuple[RunFacts, list[Message]]:
        """Run, and return the facts and the messages, which are also in the folder.

        A run that is interrupted or fails returns what is known until then, and says so in its facts.
        """
        self._folder.path.mkdir(parents=True)
        try:
            self._run()
        except KeyboardInterrupt:
            self.facts = replace(self.facts, interrupted=True)
        except LoadError as error:
            if not _is_running(self._target.process_id):
                error = EnvironmentNotReady(f"the target's process ended during the run; then: {error}")
            self.facts = replace(self.facts, failure=str(error), failure_code=int(error.exit_code))
        messages = self._put_together()
        write_messages(self._folder.messages, messages)
        self.facts.write(self._folder.facts)
        self._folder.drop_parts()
        return self.facts, read_messages(self._folder.messages)

    def _run(self) -> None:
        line = job(self._target, self._folder, self.facts.plan.key_root, self._wall_start)
        with running_collector(line, self._folder) as collector:
            self._prepare(collector)
            plan = self.facts.plan
            self._progress.phase("load")
            generating = running_generator(plan, self._folder, self._url, self._api_key, self._options.listen)
            with generating as generator:
                own = {GENERATOR: generator.pid, "observer": collector.process_id, "run": os.getpid()}
                use = ProcessorUse(monotonic, self._target.process_id, own)
                live = self._live = Live(plan, self._folder)
                try:
                    with use.running():
                        self._load(live, collector, generator.poll)
                        self._drain(live, collector)
                finally:
                    self._record(live, use.samples)
            self._read_back(collector)
        if self._options.with_journal:
            save_journal(self._target, self._folder, live.epoch_wall)

    def _prepare(self, collector: Collector) -> None:
        """Find the largest message, measure the floor, warm the pipeline up, and see that it persists what it accepts.

        Warming up comes last: environments that idle for the length of the floor's measurement would be cold again.
        """
        plan = self.facts.plan
        admit = None if self._guard is None else self._guard.admit
        prober = Prober(self._url, self._api_key, plan.key_root, plan.seed, admit)
        if self._guard is not None:
            target = self._target
            place = f"stack {target.stack_name}, account {target.account_id}, {target.region}"
            self._progress.note(f"to {place}: at most {self._need}")
            self._progress.note(
                f"keys of all messages begin with {plan.key_root}/; afterwards: windtunnel clean-up {plan.run_id}"
            )
        self._progress.phase("probe")
        sizes = tuple(
            MessageSize(label, self._limit(prober).load_bytes if body_bytes is None else body_bytes, weight)
            for label, body_bytes, weight in self._options.mix
        )
        self.facts = replace(self.facts, plan=replace(plan, sizes=sizes))
        if self._options.with_floor:
            self._progress.phase("floor")
            floor = self._options.floor([size.body_bytes for size in sizes])
            self.facts = replace(self.facts, floor=floor.to_json())
            if floor.why_not is not None:
                self._progress.note(f"floor {floor.why_not}")
        self._progress.phase("warm up")
        for size in sizes:
            prober.warm_up(size.body_bytes, self._options.warm_up_messages)
        self._await_probes(prober, collector)
        if self._guard is not None:
            self.facts = replace(self.facts, plan=self._guard.guarded(self.facts.plan))

    def _limit(self, prober: Prober) -> SizeLimit:
        limit = largest_accepted(lambda size: prober.send(size))
        self._progress.note(
            f"largest message: {limit.accepted_bytes} bytes are accepted, {limit.refused_bytes} refused with "
            f"{limit.refused_status}; the load uses {limit.load_bytes}"
        )
        value = {
            "accepted_bytes": limit.accepted_bytes,
            "refused_bytes": limit.refused_bytes,
            "refused_status": limit.refused_status,
            "refused_text": limit.refused_text,
            "load_bytes": limit.load_bytes,
        }
        self.facts = replace(self.facts, size_limit=value)
        return limit

    def _await_probes(self, prober: Prober, collector: Collector) -> None:
        """Wait until every probe is persisted, so that the load starts on an idle pipeline that is known to work."""
        live = Live(self.facts.plan, self._folder)
        deadline = monotonic() + self.facts.plan.drain_seconds
        while missing := [key for key in prober.accepted_keys if "final" not in live.heard(key)]:
            if monotonic() > deadline:
                raise EnvironmentNotReady(
                    f"{len(missing)} of {len(prober.accepted_keys)} messages before the load were accepted, but no final "
                    f"notice came in {self.facts.plan.drain_seconds:.0f} s; first: {missing[0]}"
                )
            collector.check()
            sleep(_LOOK_SECONDS)
            live.follow()

    def _load(self, live: Live, collector: Collector, ended: Callable[[], int | None]) -> None:
        """Follow the load until the generator has its last answer."""
        begun = monotonic()
        while (code := ended()) is None:
            collector.check()
            live.follow()
            if live.failure is not None:
                break
            if live.epoch is None and monotonic() - begun > self._start_seconds:
                missing = "Locust did not start" if self.facts.plan.workers == 1 else "not all workers came"
                raise GeneratorFailed(f"{missing} in {self._start_seconds:.0f} s: see {self._folder.generator_output}")
            self._progress.update(live.figures(monotonic()))
            sleep(_LOOK_SECONDS)
        live.follow()
        if live.failure is not None:
            raise GeneratorFailed(f"the load generator cannot send: {live.failure}")
        if code != 0 or live.epoch is None:
            raise GeneratorFailed(f"Locust ended with {code}: see {self._folder.generator_output}")
        self._progress.update(live.figures(monotonic()))

    def _drain(self, live: Live, collector: Collector) -> None:
        """Wait for every accepted message, or its deadline."""
        self._progress.phase("drain")
        begun = monotonic()
        while live.waiting(monotonic()):
            collector.check()
            self._progress.update(live.figures(monotonic()))
            sleep(_LOOK_SECONDS)
            live.follow()
        self._progress.update(live.figures(monotonic()))
        self.facts = replace(self.facts, drain_seconds=monotonic() - begun)

    def _read_back(self, collector: Collector) -> None:
        self._progress.phase("read back")
        begun = monotonic()
        collector.tell(READBACK)
        while not collector.has_said(DONE, _LOOK_SECONDS):
            collector.check()
        self.facts = replace(self.facts, readback_seconds=monotonic() - begun)

    def _record(self, live: Live, samples: Sequence[Sample]) -> None:
        live.follow()
        if live.epoch is None or live.epoch_wall is None:
            return
        epoch = live.epoch
        self.facts = replace(
            self.facts,
            load_seconds=0.0 if live.last_answer is None else live.last_answer - epoch,
            pulses=tuple(Pulse(at - epoch, *counts) for at, *counts in live.pulses),
            processor_use=tuple(UseSample(item.at - epoch, item.parts, item.machine) for item in samples),
            tcp_no_delay=live.tcp_no_delay,
            epoch_wall=live.epoch_wall,
            workers=tuple(live.workers),
            histograms=live.histograms,
        )

    def _put_together(self) -> list[Message]:
        epoch = None if self._live is None else self._live.epoch
        if epoch is None:
            return []
        folder = self._folder
        messages, unclaimed = assemble(
            read_rows(folder.sent),
            read_rows(folder.notices),
            read_rows(folder.objects),
            read_rows(folder.items),
            epoch_seconds=epoch,
            run_id=self.facts.plan.key_root,
            # A target whose process is ours to watch was started for this run, or for the runs before it.
            exclusive=self._target.process_id is not None,
        )
        # Of a run that was cut short, or lost a worker, some rows are missing: what nobody claims is no stray.
        told = self.facts.complete and all(worker["lost"] is None for worker in self.facts.workers)
        self.facts = replace(self.facts, unclaimed=unclaimed if told else Unclaimed())
        return messages


def _is_running(process_id: int | None) -> bool:
    """Whether a process of this machine runs; one that is elsewhere is taken to."""
    if process_id is None:
        return True
    try:
        return bool(psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _machine() -> dict[str, Any]:
    return {
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load_average_before": list(os.getloadavg()),
    }
