from dataclasses import replace
from typing import Any

import pytest

from loadtests.exit_codes import ExitCode
from loadtests.reporting.exemplars import Exemplar
from loadtests.reporting.validity import is_valid, validity_rows
from loadtests.reporting.waterfall import WaterfallRow, draw, is_failure, span_of, waterfall
from loadtests.reporting.waterfall_page import draw_exemplars
from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_message, good_messages
from loadtests.verdict import decide

WALL = 1_795_000_100.0


def entry(begin: float, end: float, kind: str, service: str, operation: str, **more: Any) -> dict[str, Any]:
    values = {"started": WALL + begin, "time": WALL + end, "kind": kind, "service": service, "operation": operation}
    return {"trace_id": "t", "outcome": "ok", "resource": "", **values, **more}


def rows_of(*journal: dict[str, Any]) -> list[WaterfallRow]:
    return [row for row in waterfall(good_message(), journal, WALL) if row.who not in ("sender", "subscriber")]


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        ("arn:aws:lambda:us-east-1:000000000000:function:audit-ingest-ArchiveFunction-2K2CDLNGRI59", "ArchiveFunction"),
        ("audit-ingest-archivebucket-1umegaooz51i", "archivebucket"),
        ("http://127.0.0.1:38295/000000000000/audit-ingest-SubscriberQueue-SEHYV5GEN008", "SubscriberQueue"),
        ("arn:aws:states:us-east-1:0:execution:m:bef0fbda-d55d-4d0e-9fcd-d3e62f417e1b", "bef0fbda…"),
        ("my-own-name", "my-own-name"),
        ("x" * 60, "…" + "x" * 47),
    ],
)
def test_resource_is_called_as_its_template_calls_it(resource: str, shown: str) -> None:
    (row,) = rows_of(entry(0.01, 0.02, "call", "s3", "PutObject", resource=resource))
    assert row.what == f"PutObject {shown}"


def test_handler_is_a_bar_as_long_as_it_ran() -> None:
    ran = entry(0.05, 0.05, "invocation", "lambda", "invocation", detail={"duration_ms": 30.0, "cold": True})
    (row,) = rows_of(ran)
    assert row.what.startswith("cold handler")
    assert (row.begin_seconds, row.end_seconds) == pytest.approx((0.02, 0.05))


def test_to_ask_and_to_hear_no_is_no_failure_but_to_miss_what_must_be_there_is() -> None:
    assert not is_failure({"operation": "HeadObject", "outcome": "NoSuchKey"})
    assert is_failure({"operation": "GetObject", "outcome": "NoSuchKey"})
    assert is_failure({"operation": "HeadObject", "outcome": "SlowDown"})


def test_what_repeats_another_row_is_left_out_and_counted_unless_it_failed() -> None:
    journal = [
        entry(0.01, 0.02, "call", "logs", "PutLogEvents"),
        entry(0.01, 0.02, "delivery", "engine", "sns a -> sqs b"),
        entry(0.03, 0.04, "delivery", "engine", "sns a -> sqs c", outcome="InternalError"),
    ]
    text = draw(rows_of(*journal))
    assert "PutLogEvents" not in text
    assert "sns a -> sqs c  <- InternalError" in text
    assert text.endswith("2 minor rows are left out: --full shows them")
    assert draw(rows_of(*journal), full=True).count("\n") == 2


def test_bars_stay_in_their_track_and_points_have_no_width() -> None:
    exemplar = Exemplar(("any",), good_message(trace_id="t"), ())
    journal = [entry(0.0, 0.0, "request", "apigateway", "POST"), entry(0.01, 0.5, "call", "s3", "PutObject")]
    (drawn,) = draw_exemplars(good_facts(epoch_wall=WALL), [exemplar], [*journal, {"trace_id": "another"}])
    assert drawn.recorded
    assert drawn.reasons == ()
    assert all(bar.left >= 0 and bar.left + bar.width <= 100.01 for bar in drawn.bars)
    assert {bar.width for bar in drawn.bars if bar.row.who == "subscriber"} == {0.0}
    assert max(bar.left + bar.width for bar in drawn.bars) == pytest.approx(100)
    assert drawn.marks[0] == (0.0, "0 ms")


def test_span_of_one_moment_is_not_empty() -> None:
    first, last = span_of([WaterfallRow("a", "b", 0.0, 0.0)])
    assert last > first


def test_validity_says_what_the_verdict_says() -> None:
    messages = good_messages()
    late = [
        replace(m, started_seconds=m.intended_seconds + 2, ended_seconds=m.intended_seconds + 2.1) for m in messages
    ]
    for given, valid in ((messages, True), (late, False), (messages[:-1], False)):
        facts = good_facts()
        summary = summarize(facts, given)
        verdict = decide(facts, summary)
        rows = validity_rows(facts, summary, verdict)
        assert is_valid(verdict) is valid is rows[0].good
        assert all(row.good for row in rows) is valid, [row for row in rows if not row.good]
        assert (verdict.exit_code is ExitCode.OK, verdict.word) == ((True, "PASSED") if valid else (False, "INVALID"))


def test_broken_promise_is_no_doubt_about_the_figures() -> None:
    messages = [replace(good_messages()[0], objects=()), *good_messages()[1:]]
    summary = summarize(good_facts(), messages)
    assert is_valid(decide(good_facts(), summary))


def test_workers_of_a_distributed_run_are_shown_with_their_clocks() -> None:
    worker = {"index": 0, "host": "a", "started": 20, "finished": 20, "cpu_seconds": 1.0, "seconds": 4.0}
    worker |= {"clock_error_seconds": 0.001, "clock_offset_seconds": 0.0, "promptness": [], "lost": None}
    other = {**worker, "index": 1, "clock_error_seconds": 2.0, "lost": "it said nothing any more"}
    facts = good_facts(plan=replace(good_facts().plan, workers=2), workers=(worker, other))
    summary = summarize(facts, good_messages())
    rows = {row.name: row for row in validity_rows(facts, summary, decide(facts, summary))}
    assert (rows["Workers"].value, rows["Workers"].good) == ("1 of 2", False)
    assert not rows["Workers' clocks differ by"].good
    assert rows["Generator used"].good
