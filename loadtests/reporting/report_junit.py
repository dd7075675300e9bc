"""The report for CI servers: every check and threshold as a test case of JUnit XML.

What was found wrong is a failure; what could not be found out (too few messages, a late generator, a target that was not ready) is an
error; times that nobody can judge because of that are skipped. The dialect: https://github.com/windyroad/JUnit-Schema/blob/master/JUnit.xsd
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Protocol

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from loadtests.exit_codes import ExitCode
from loadtests.facts import RunFacts
from loadtests.failures import UsageError
from loadtests.thresholds import Threshold, parse_threshold
from loadtests.verdict import Verdict

__all__ = ["Case", "junit", "run_junit"]

# What says that the run itself went wrong, and so nothing about the pipeline.
_ERRORS = {ExitCode.GENERATOR_INVALID, ExitCode.ENVIRONMENT_NOT_READY, ExitCode.INTERRUPTED, ExitCode.USAGE}
_JUDGED_BY = {
    ExitCode.FUNCTIONAL_FAILURE: "promise",
    ExitCode.THRESHOLD: "threshold",
    ExitCode.REGRESSION: "regression",
    ExitCode.INCONCLUSIVE: "threshold",
    ExitCode.GENERATOR_INVALID: "generator",
}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case(Protocol):
    """A check: of a run's verdict, or of a gate."""

    @property
    def name(self) -> str:
        """What must hold."""

    @property
    def passed(self) -> bool:
        """Whether it does."""

    @property
    def detail(self) -> str:
        """What was found."""

    @property
    def exit_code(self) -> ExitCode:
        """What a run ends with where it does not hold."""


def junit(
    suite: str,
    cases: Iterable[Case],
    *,
    began: float | None = None,
    seconds: float = 0.0,
    properties: Mapping[str, object] | None = None,
) -> bytes:
    """Return checks as one test suite; `began` is in epoch seconds, where it is known."""
    found = TestSuite(_clean(suite))
    if began is not None:
        found.timestamp = f"{datetime.fromtimestamp(began, UTC):%Y-%m-%dT%H:%M:%S}"
    for name, value in (properties or {}).items():
        found.add_property(name, _clean(str(value)))
    known = list(cases)
    invalid = any(not case.passed and case.exit_code in _ERRORS for case in known)
    for case in known:
        found.add_testcase(_test_case(suite, case, invalid))
    found.time = round(seconds, 3)
    whole = JUnitXml("windtunnel")
    whole.add_testsuite(found)
    whole.update_statistics()  # type: ignore[no-untyped-call]
    found.time = whole.time = round(seconds, 3)
    stream = BytesIO()
    whole.write(stream)
    return stream.getvalue() + b"\n"


def _test_case(suite: str, case: Case, invalid: bool) -> TestCase:
    kind = _JUDGED_BY.get(case.exit_code, "run")
    test = TestCase(_clean(case.name), classname=f"windtunnel.{kind}", time=0.0)
    detail = _clean(case.detail)
    if invalid and _is_of_times(case):
        test.result = [Skipped("the run is not valid, so its figures are held against nothing")]
    elif not case.passed:
        test.result = [_result(case.exit_code, detail)]
    test.system_out = detail
    return test


def _is_of_times(case: Case) -> bool:
    """Whether it is a threshold of a time: a message that was lost stays lost, however late the generator was."""
    try:
        return case.exit_code is ExitCode.THRESHOLD and isinstance(parse_threshold(case.name), Threshold)
    except UsageError:
        return False


def _result(code: ExitCode, detail: str) -> Error | Failure:
    said = f"exit code {int(code)}"
    unknown = code in _ERRORS or code is ExitCode.INCONCLUSIVE
    return Error(detail, said) if unknown else Failure(detail, said)


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold: a message from elsewhere may have any character."""
    return _NOT_IN_XML.sub("�", text)


def run_junit(facts: RunFacts, verdict: Verdict) -> bytes:
    """Return the verdict on a run as JUnit XML."""
    plan = facts.plan
    properties = {
        "run_id": plan.run_id,
        "target": facts.target,
        "schedule": plan.schedule_text,
        "duration_seconds": f"{plan.duration_seconds:g}",
        "seed": plan.seed,
        "exit_code": int(verdict.exit_code),
        "verdict": verdict.headline,
    }
    return junit(
        f"load run {plan.run_id}",
        verdict.checks,
        began=facts.wall_start,
        seconds=facts.load_seconds + facts.drain_seconds + facts.readback_seconds,
        properties=properties,
    )
