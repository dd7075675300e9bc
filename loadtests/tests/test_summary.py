from dataclasses import replace

import pytest

from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_messages


def test_counts_add_up_over_the_sizes() -> None:
    messages = good_messages()
    messages[3] = replace(messages[3], objects=(), items=(), notices=())
    messages[4] = replace(messages[4], status=429, message_id=None, objects=(), items=(), notices=())
    summary = summarize(good_facts(), messages)
    for name in ("sent", "accepted", "refused", "archived", "recorded", "announced", "lost"):
        assert sum(getattr(figures, name) for figures in summary.sizes) == getattr(summary.total, name)
    total = summary.total
    assert (total.sent, total.accepted, total.refused, total.archived, total.lost) == (40, 39, 1, 38, 1)
    assert total.statuses == {"200": 39, "429": 1}


def test_latency_counts_from_the_intended_start_and_service_time_from_the_actual_one() -> None:
    late = [
        replace(m, started_seconds=m.intended_seconds + 1, ended_seconds=m.intended_seconds + 1.5)
        for m in good_messages()
    ]
    total = summarize(good_facts(), late).total
    assert total.ingest.at(50) == pytest.approx(1.5, rel=0.001)
    assert total.service.at(50) == pytest.approx(0.5, rel=0.001)


def test_persisted_is_the_final_notice_with_both_flags() -> None:
    summary = summarize(good_facts(), good_messages())
    assert summary.total.persisted.at(50) == pytest.approx(0.08, rel=0.001)
    assert summary.total.stages["archived"].at(50) == pytest.approx(0.05, rel=0.001)


def test_ratio_to_the_floor_is_of_medians_and_only_where_there_is_a_floor() -> None:
    floor = {"sizes": [{"body_bytes": 262144, "p50_seconds": 0.01}], "why_not": None}
    small, large = summarize(good_facts(floor=floor), good_messages()).sizes
    assert small.floor_ratio == pytest.approx((small.ingest.at(50) or 0) / 0.01)
    assert large.floor_ratio is None


def test_processor_use_is_the_difference_over_the_load_and_the_rest_is_other_programs() -> None:
    use = {part.part: part for part in summarize(good_facts(), good_messages()).processor_use}
    assert use["functions"].load_cores == pytest.approx(0.9)
    assert use["functions"].cpu_seconds == pytest.approx(3.6)
    assert use["other programs"].load_cores == pytest.approx(0.2)


def test_rate_of_a_full_run_is_the_planned_one() -> None:
    generator = summarize(good_facts(), good_messages()).generator
    assert generator.achieved_rate_per_second == pytest.approx(generator.planned_rate_per_second, rel=0.001)
    assert generator.dropped == 0
