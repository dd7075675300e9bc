import json
from dataclasses import replace

import pytest

from loadtests.message import Message
from loadtests.percentiles import Durations
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


def test_figures_of_all_messages_are_those_of_every_size_together() -> None:
    messages = good_messages()
    messages[3] = replace(messages[3], status=503, message_id=None, notices=(), objects=(), items=())
    messages[4] = replace(messages[4], notices=(*messages[4].notices, messages[4].notices[-1]))
    summary = summarize(good_facts(), messages)
    total = summary.total
    assert (total.sent, total.accepted, total.refused, total.repeated_notices) == (40, 39, 1, 1)
    assert total.statuses == {"200": 39, "503": 1}
    for percentile in (50, 90, 99):
        direct = Durations(message.ingest_seconds for message in messages if message.accepted)
        assert total.ingest.at(percentile) == direct.at(percentile)
        assert total.stages["final"].count == 39


def test_lateness_is_the_part_of_a_percentile_that_is_no_service() -> None:
    late = [
        replace(m, started_seconds=m.intended_seconds + 0.005, ended_seconds=m.intended_seconds + 0.02)
        for m in good_messages()
    ]
    generator = summarize(good_facts(), late).generator
    assert generator.late == 0
    assert generator.own_share == pytest.approx(0.25, rel=0.01)
    assert generator.own_share_of is not None
    assert generator.in_time


def test_row_of_the_log_keeps_what_it_says_twice_once() -> None:
    message = Message.from_json(json.loads(json.dumps(good_messages()[0].to_json())))
    assert message == good_messages()[0]
    assert message.objects[0].sha256 is message.payload_sha256
    assert message.items[0].object_key is message.objects[0].key
    assert message.items[0].message_id is message.message_id
