"""The files of one run, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtests.ledger import MESSAGES

__all__ = ["RunFolder"]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`path/<run>`: the message log and the facts of the run stay; what the processes wrote meanwhile goes once it is put together."""

    path: Path

    @property
    def plan(self) -> Path:
        """What the run does."""
        return self.path / "plan.json"

    @property
    def messages(self) -> Path:
        """The message log: the source of truth of every report."""
        return self.path / MESSAGES

    @property
    def facts(self) -> Path:
        """What is known of the run itself: plan, machine, samples, phases."""
        return self.path / "run.json"

    @property
    def journal(self) -> Path:
        """What the emulator recorded meanwhile, where the target was one."""
        return self.path / "journal.ndjson"

    @property
    def parquet(self) -> Path:
        """The message log as a table, where it was asked for."""
        return self.path / "messages.parquet"

    @property
    def report_json(self) -> Path:
        """The report for machines."""
        return self.path / "report.json"

    @property
    def report_html(self) -> Path:
        """The report for people."""
        return self.path / "report.html"

    @property
    def junit(self) -> Path:
        """The report for CI servers."""
        return self.path / "junit.xml"

    @property
    def summary_markdown(self) -> Path:
        """The report for a pull request."""
        return self.path / "summary.md"

    @property
    def sizes_csv(self) -> Path:
        """The report for spreadsheets: a row for each size and persona."""
        return self.path / "sizes.csv"

    @property
    def messages_csv(self) -> Path:
        """The report for spreadsheets: a row for each message."""
        return self.path / "messages.csv"

    @property
    def distributions(self) -> Path:
        """The folder of the percentile distributions, as HdrHistogram writes them."""
        return self.path / "hgrm"

    @property
    def sent(self) -> Path:
        """One row for each message that was sent or dropped, by the generator."""
        return self.path / "sent.ndjson"

    @property
    def generator(self) -> Path:
        """The generator's start and pulse."""
        return self.path / "generator.ndjson"

    @property
    def generator_output(self) -> Path:
        """What Locust printed."""
        return self.path / "locust.log"

    @property
    def notices(self) -> Path:
        """One row for each notification, by the collector."""
        return self.path / "notices.ndjson"

    @property
    def objects(self) -> Path:
        """One row for each archived object, by the collector."""
        return self.path / "objects.ndjson"

    @property
    def items(self) -> Path:
        """One row for each metadata item, by the collector."""
        return self.path / "items.ndjson"

    @property
    def collector_output(self) -> Path:
        """What the collector printed."""
        return self.path / "collector.log"

    def drop_parts(self) -> None:
        """Remove what the message log and the facts now hold."""
        for part in (self.sent, self.generator, self.notices, self.objects, self.items, self.plan):
            part.unlink(missing_ok=True)
        for output in (self.generator_output, self.collector_output):
            if output.exists() and output.stat().st_size == 0:
                output.unlink()
