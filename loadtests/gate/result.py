"""What the gates found, as one result: for people, for programs, for a pull request; and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtests.exit_codes import ExitCode, worst
from loadtests.gate.baseline import Budget, Change
from loadtests.gate.counters import Counters
from loadtests.gate.floor_ratio import RatioCheck
from loadtests.gate.relative import Relative
from loadtests.gate.statistics import Finding
from loadtests.reporting.report_junit import junit
from loadtests.reporting.report_markdown import append_step_summary
from loadtests.sizes import format_bytes

__all__ = ["GateCheck", "GateResult"]

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class GateCheck:
    """One thing that a gate looked at."""

    gate: str
    name: str
    passed: bool
    detail: str
    exit_code: ExitCode


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's run. `against` says what the counters were held against; `strict` makes an inconclusive result a failure; `failure` is
    what ended it before its end, and `failure_code` what it then ends with.
    """

    gate_id: str
    against: str
    counters: Counters | None = None
    changes: Sequence[Change] = ()
    budgets: Sequence[Budget] = ()
    ratios: Sequence[RatioCheck] = ()
    floor_why_not: str | None = None
    relative: Relative | None = None
    strict: bool = False
    failure: str | None = None
    failure_code: ExitCode = ExitCode.ENVIRONMENT_NOT_READY

    @property
    def checks(self) -> list[GateCheck]:
        """Everything that was looked at."""
        return list(self._checks())

    def _checks(self) -> Iterator[GateCheck]:
        if self.failure is not None:
            yield GateCheck("gate", "ran to its end", False, self.failure, self.failure_code)
        if self.counters is not None:
            worse = [change for change in self.changes if change.worse]
            detail = "; ".join(change.text for change in worse) or "no counter grew"
            yield GateCheck(
                "counters", f"no message costs more than {self.against}", not worse, detail, ExitCode.REGRESSION
            )
            per_message = self.counters.per_message()
            for budget in self.budgets:
                value = budget.value(per_message)
                name = f"{budget.name} <= {budget.limit:g} a message"
                yield GateCheck("budget", name, value <= budget.limit, f"{value:g}", ExitCode.THRESHOLD)
        for ratio in self.ratios:
            yield self._ratio(ratio)
        if self.relative is not None:
            name = f"head is not more than {self.relative.rule.margin:.0%} slower than base"
            detail = f"{self.relative.finding}: {'; '.join(self.relative.lines())}"
            yield self._found("relative", name, self.relative.finding, detail)

    def _ratio(self, ratio: RatioCheck) -> GateCheck:
        low, high = (ratio.before * (1 + bound) for bound in (ratio.decision.lower, ratio.decision.upper))
        detail = f"{ratio.finding}: {ratio.after:.2f} (from {low:.2f} to {high:.2f}), was {ratio.before:.2f}"
        if ratio.finding is Finding.INCONCLUSIVE and ratio.decision.detectable is not None:
            detail += f"; a change of {ratio.decision.detectable:.0%} would be seen"
        name = f"ingest over floor has not grown by {ratio.margin:.0%}, {format_bytes(ratio.body_bytes)}"
        return self._found("floor ratio", name, ratio.finding, detail)

    def _found(self, gate: str, name: str, finding: Finding, detail: str) -> GateCheck:
        code = ExitCode.REGRESSION if finding is Finding.REGRESSION else ExitCode.INCONCLUSIVE
        passed = finding is Finding.PASS or (finding is Finding.INCONCLUSIVE and not self.strict)
        return GateCheck(gate, name, passed, detail, code)

    @property
    def unknown(self) -> list[str]:
        """The gates that could not say whether it became worse."""
        found = ["floor ratio"] if any(ratio.finding is Finding.INCONCLUSIVE for ratio in self.ratios) else []
        if self.relative is not None and self.relative.finding is Finding.INCONCLUSIVE:
            found.append("relative")
        return found

    @property
    def exit_code(self) -> ExitCode:
        """What the gate ends with."""
        return worst(check.exit_code for check in self.checks if not check.passed)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "gate_id": self.gate_id,
            "exit_code": int(self.exit_code),
            "checks": [{**asdict(check), "exit_code": int(check.exit_code)} for check in self.checks],
            "against": self.against,
            "counters_per_message": None if self.counters is None else self.counters.per_message(),
            "changes": [asdict(change) for change in self.changes],
            "floor_ratios": [ratio.to_json() for ratio in self.ratios],
            "floor_why_not": self.floor_why_not,
            "inconclusive": self.unknown,
            "relative": None if self.relative is None else self.relative.to_json(),
        }

    def markdown(self) -> str:
        """Return it for a pull request."""
        word = (
            "passed" if self.exit_code is ExitCode.OK else f"failed ({self.exit_code.name.lower().replace('_', ' ')})"
        )
        lines = [f"### Windtunnel gate {word}", "", "| | gate | check | found |", "|---|---|---|---|"]
        for check in self.checks:
            mark = "✅" if check.passed else "❌"
            lines.append(f"| {mark} | {check.gate} | {_cell(check.name)} | {_cell(check.detail)} |")
        if self.changes:
            lines += ["", "| counter, per message | before | after | |", "|---|---|---|---|"]
            lines += [
                f"| {_cell(change.name)} | {change.before:g} | {change.after:g} | {change.word} |"
                for change in sorted(self.changes, key=lambda change: not change.compared)
            ]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Write `gate.json`, `gate.md` and `junit.xml`, and the step summary where GitHub asks for one; before anything fails."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "gate.json").write_bytes(orjson.dumps(self.to_json(), option=orjson.OPT_INDENT_2))
        (folder / "gate.md").write_text(self.markdown(), encoding="utf-8")
        (folder / "junit.xml").write_bytes(junit(f"gate {self.gate_id}", self.checks))
        append_step_summary(self.markdown(), environment)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
