"""What a person sees in the terminal: a live line while the run lasts, then the tables."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.live import LiveFigures
from loadtests.percentiles import Durations
from loadtests.sizes import MAX, format_bytes
from loadtests.summary import SizeFigures, Summary
from loadtests.verdict import Verdict

__all__ = ["ConsoleProgress", "format_seconds", "new_console", "new_table", "print_results"]

_PLAIN_PERIOD_SECONDS = 5.0
_PLAIN_WIDTH = 120
_PHASES = {
    "probe": "Probing: is the pipeline there, and what is the largest message that it takes?",
    "floor": "Measuring the floor of this machine",
    "warm up": "Warming up, until every message so far is persisted",
    "load": "Starting the load",
    "drain": "Draining: every accepted message has its time to be persisted",
    "read back": "Reading back every object and item",
}


def format_seconds(seconds: float | None) -> str:
    """Return a duration for people, three digits: `8.31 ms`, `412 ms`, `1.25 s`; a dash for none."""
    if seconds is None:
        return "-"
    if seconds < 0.01:
        return f"{seconds * 1000:.2f} ms"
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s"


def new_console(*, stderr: bool = False) -> Console:
    """Return a console that keeps tables whole where there is no terminal to fit them into."""
    console = Console(highlight=False, stderr=stderr)
    return console if console.is_terminal else Console(highlight=False, stderr=stderr, width=_PLAIN_WIDTH)


class ConsoleProgress(AbstractContextManager["ConsoleProgress"]):
    """Progress on a terminal: one line that changes, or a plain line now and then where there is no terminal."""

    def __init__(self, console: Console, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._live: Live | None = None
        self._phase = ""
        self._last_plain = -_PLAIN_PERIOD_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def __enter__(self) -> Self:
        return self

    def phase(self, name: str) -> None:
        """Say what begins."""
        self._stop()
        self._phase = name
        self._last_plain = -_PLAIN_PERIOD_SECONDS
        if not self._quiet:
            self._console.print(Text(_PHASES.get(name, name), style="bold"))

    def note(self, text: str) -> None:
        """Say what was found out."""
        if not self._quiet:
            self._console.print(Text(f"  {text}", style="dim"))

    def update(self, figures: LiveFigures) -> None:
        """Show the figures."""
        if self._quiet:
            return
        line = Text("  " + progress_line(figures))
        if not self._console.is_terminal:
            if figures.at_seconds - self._last_plain >= _PLAIN_PERIOD_SECONDS and figures.started:
                self._last_plain = figures.at_seconds
                self._console.print(line, soft_wrap=True)
            return
        if self._live is None:
            self._live = Live(line, console=self._console, refresh_per_second=5)
            self._live.start()
        self._live.update(line)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def progress_line(figures: LiveFigures) -> str:
    """Return one line of progress."""
    waiting = figures.accepted - figures.persisted
    parts = [
        f"{figures.at_seconds:5.1f} s",
        f"started {figures.started}/{figures.planned} of {figures.planned_total}",
        f"{figures.rate_per_second:.1f}/s of {figures.planned_rate_per_second:.1f}/s",
        f"{figures.megabytes_per_second:.1f} MB/s",
        f"in flight {figures.in_flight}",
        f"p50 {_shown(figures.ingest_p50_seconds)}, p95 {_shown(figures.ingest_p95_seconds)}",
        f"accepted {figures.accepted}, persisted {figures.persisted}" + (f", waiting {waiting}" if waiting else ""),
    ]
    if figures.refused:
        parts.append(f"refused {figures.refused}")
    if figures.dropped:
        parts.append(f"dropped {figures.dropped}")
    return " | ".join(parts)


def _shown(seconds: float | None) -> str:
    return "n<" if seconds is None else format_seconds(seconds)


def print_results(console: Console, facts: RunFacts, summary: Summary, verdict: Verdict) -> None:
    """Print the tables and the verdict."""
    console.print()
    for why in verdict.invalid_because:
        console.print(Text(f"INVALID  {why}", style="bold red"), soft_wrap=True)
    if summary.generator.started or facts.complete:
        console.print(_counts(summary))
        console.print(_latencies(facts, summary, valid=not verdict.invalid_because))
        if len(summary.personas) > 1:
            console.print(_personas(summary))
    if summary.processor_use:
        console.print(_processors(facts, summary))
    for check in verdict.checks:
        if not check.passed and check.exit_code is not ExitCode.GENERATOR_INVALID:
            console.print(Text(f"FAILED  {check.name}: {check.detail}", style="red"))
    for message, outcome in summary.problems[:10]:
        console.print(Text(f"  {message.key} ({message.size}): {'; '.join(outcome.problems)}", style="red"))
    if len(summary.problems) > 10:
        console.print(f"  and {len(summary.problems) - 10} more")
    passed = verdict.exit_code is ExitCode.OK
    console.print(Text(f"{verdict.word}  {verdict.headline}", style="bold green" if passed else "bold red"))


def new_table(title: str, *columns: str) -> Table:
    """A table whose first column names the row and whose others are figures."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _counts(summary: Summary) -> Table:
    names = (
        "sent",
        "accepted",
        "refused",
        "archived",
        "metadata",
        "final",
        "lost",
        "duplicated",
        "corrupt",
        "false flags",
    )
    table = new_table("What became of the messages", "size", *names)
    for figures in (*summary.sizes, summary.total):
        good = (figures.sent, figures.accepted, figures.refused, figures.archived, figures.recorded, figures.announced)
        bad = (figures.lost, figures.duplicated, figures.corrupt, figures.false_flags)
        cells = [Text(str(value)) for value in good]
        cells += [Text(str(value), style="bold red" if value else "") for value in bad]
        table.add_row(_named(figures), *cells, style="bold" if figures is summary.total else "")
    return table


def _named(figures: SizeFigures) -> str:
    """The size, with its bytes where the label does not say them."""
    return f"max ({format_bytes(figures.body_bytes)})" if figures.size == MAX and figures.body_bytes else figures.size


def _latencies(facts: RunFacts, summary: Summary, *, valid: bool) -> Table:
    names = [
        f"{metric} {name}" if name == "p50" else name
        for metric in ("ingest", "persisted")
        for name in ("p50", "p90", "p99")
    ]
    title = "How long it took, from the moment each message was due"
    table = new_table(title if valid else f"INVALID  {title}", "size", *names, "slowest", "ingest / floor")
    for figures in summary.sizes:
        table.add_row(_named(figures), *_percentiles(figures), _floor(facts, figures))
    table.caption = "n<: too few messages. persisted: until the final notice with both flags true"
    table.caption_justify = "left"
    return table


def _personas(summary: Summary) -> Table:
    names = [f"{metric} {name}" for metric in ("ingest", "persisted") for name in ("p50", "p90", "p99")]
    table = new_table("By persona", "persona", "sent", "accepted", "refused", "lost", *names)
    for figures in summary.personas:
        counts = (figures.sent, figures.accepted, figures.refused, figures.lost)
        table.add_row(figures.size, *map(str, counts), *_percentiles(figures)[:6])
    return table


def _percentiles(figures: SizeFigures) -> list[str]:
    def cells(durations: Durations) -> list[str]:
        if durations.count == 0:
            return ["-"] * 3
        return ["n<" if (value := durations.supported(p)) is None else format_seconds(value) for p in (50, 90, 99)]

    slowest = figures.persisted.maximum if figures.persisted.count else None
    return [*cells(figures.ingest), *cells(figures.persisted), format_seconds(slowest)]


def _floor(facts: RunFacts, figures: SizeFigures) -> str:
    ratio = figures.floor_ratio
    if ratio is None:
        if figures.floor_p50_seconds is not None:
            return "n<"
        return "-" if facts.floor is None else "not measured"
    return f"{ratio:.1f} x {format_seconds(figures.floor_p50_seconds)}"


def _processors(facts: RunFacts, summary: Summary) -> Table:
    title = f"Who used the {facts.machine['cores']} cores"
    table = new_table(title, "part", "cores during the load", "CPU seconds in all")
    for use in sorted(summary.processor_use, key=lambda use: -use.load_cores):
        table.add_row(use.part, f"{use.load_cores:.2f}", f"{use.cpu_seconds:.1f}")
    return table
