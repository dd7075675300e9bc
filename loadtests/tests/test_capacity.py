from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.capacity import CapacityStep, find_capacity, judge_step, limited_by_generator, without_backlog
from loadtests.failures import EnvironmentNotReady
from loadtests.summary import summarize
from loadtests.tests.samples import good_facts, good_messages
from loadtests.verdict import decide


def step_of(limit: float):
    def step(rate: float) -> CapacityStep:
        return CapacityStep(rate, rate, 10, 0.1, 0.2, 0.3, 0.0, (), None if rate <= limit else "too slow")

    return step


@given(st.floats(0.5, 500), st.floats(1, 50))
def test_search_ends_just_below_the_limit(limit: float, start: float) -> None:
    best, steps = find_capacity(step_of(limit), start, max_steps=30)
    assert best is not None
    assert best <= limit <= best * 1.1 + 1e-9
    assert len(steps) <= 20


def test_search_is_bounded_and_says_when_nothing_kept_up() -> None:
    best, steps = find_capacity(step_of(0.001), 8, max_steps=3)
    assert best is None
    assert [step.rate_per_second for step in steps] == [8, 4, 2]


@pytest.mark.parametrize(("max_p99", "kept_up"), [(1.0, True), (0.001, False)])
def test_step_keeps_up_if_all_checks_hold_and_the_slowest_percent_is_fast(max_p99: float, kept_up: bool) -> None:
    facts, messages = good_facts(), good_messages()
    summary = summarize(facts, messages)
    found = judge_step(facts, summary, decide(facts, summary), max_p99)
    assert (found.why_not is None) is kept_up
    assert found.busiest.startswith("functions")


def test_step_that_lost_a_message_did_not_keep_up() -> None:
    facts, messages = good_facts(), good_messages()[:-1]
    summary = summarize(facts, messages)
    assert judge_step(facts, summary, decide(facts, summary), 1.0).why_not is not None


def test_percentiles_of_a_step_with_few_messages_are_not_stated() -> None:
    facts, messages = good_facts(), good_messages()
    summary = summarize(facts, messages)
    found = judge_step(facts, summary, decide(facts, summary), 1.0)
    assert found.ingest_p50_seconds is not None
    assert found.ingest_p99_seconds is None


def test_search_that_the_generator_ended_gives_a_lower_limit_only() -> None:
    def step(rate: float) -> CapacityStep:
        found = step_of(30)(rate)
        return replace(found, invalid=found.why_not is not None)

    best, steps = find_capacity(step, 10, max_steps=9)
    assert limited_by_generator(best, steps)
    best, steps = find_capacity(step_of(30), 10, max_steps=9)
    assert not limited_by_generator(best, steps)


def test_rate_that_leaves_a_backlog_is_told_apart() -> None:
    _, steps = find_capacity(step_of(100), 10, max_steps=4)
    lagging = [replace(step, drain_seconds=step.rate_per_second / 20) for step in steps]
    assert [step.rate_per_second for step in lagging] == [10, 20, 40, 80]
    assert without_backlog(lagging) == 20
    assert without_backlog([]) is None


def test_a_pipeline_that_refuses_after_an_overload_ends_the_search_with_what_is_known() -> None:
    def step(rate: float) -> CapacityStep:
        if rate > 20:
            raise EnvironmentNotReady("the cache is full")
        return step_of(100)(rate)

    best, steps = find_capacity(step, 10, max_steps=9)
    assert (best, len(steps)) == (20, 2)
    with pytest.raises(EnvironmentNotReady):
        find_capacity(step, 30, max_steps=9)
