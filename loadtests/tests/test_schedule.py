import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.failures import UsageError
from loadtests.persona import Persona
from loadtests.plan import RunPlan
from loadtests.schedule import Burst, Poisson, Ramp, Rate, Schedule, Stages, share, sized
from loadtests.schedule_text import parse_schedule
from loadtests.sizes import MessageSize

WEIGHTS = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)
RATES = st.integers(1, 400).map(lambda tenths: tenths / 10)
SPANS = st.integers(1, 100).map(lambda tenths: tenths / 10)
SCHEDULES = st.one_of(
    RATES.map(Rate),
    RATES.map(Poisson),
    st.builds(Ramp, RATES, RATES),
    st.lists(st.tuples(RATES, SPANS), min_size=1, max_size=4).map(lambda stages: Stages(tuple(stages))),
    st.builds(Burst, st.integers(1, 20), SPANS),
)


def moments(schedule: Schedule, duration: float, seed: int = 0) -> list[float]:
    return schedule.moments(duration, random.Random(seed))


@given(SCHEDULES, st.floats(1, 20), st.integers(0, 2**31))
def test_schedule_is_in_order_within_the_duration_and_repeatable(schedule, duration, seed) -> None:
    arrivals = moments(schedule, duration, seed)
    assert arrivals == sorted(arrivals)
    assert all(0 <= at < duration for at in arrivals)
    assert arrivals == moments(schedule, duration, seed)


@given(SCHEDULES)
def test_schedule_is_read_as_it_is_written(schedule) -> None:
    assert parse_schedule(str(schedule)) == schedule


@given(st.lists(st.tuples(SCHEDULES, WEIGHTS), min_size=1, max_size=4), st.integers(1, 7), st.integers(0, 99))
def test_workers_together_send_each_arrival_of_every_persona_once(personas, workers, seed) -> None:
    """Worker i of n takes the arrivals i, i+n, ...; nothing else decides who sends what."""
    sizes = tuple(MessageSize(f"{number}kB", number * 1000) for number in range(1, 7))
    names = [
        Persona(f"p{number}", schedule, {size.label: weight for size, weight in zip(sizes, weights, strict=False)})
        for number, (schedule, weights) in enumerate(personas)
    ]
    plan = RunPlan("run", sizes, tuple(names), 3.0, seed)
    whole = plan.arrivals()
    assert [arrival.index for arrival in whole] == list(range(len(whole)))
    parts = [whole[index::workers] for index in range(workers)]
    assert sorted((arrival for part in parts for arrival in part), key=lambda a: a.index) == whole
    assert RunPlan.from_json(plan.to_json()).arrivals() == whole
    for number, persona in enumerate(names):
        own = [arrival for arrival in whole if arrival.persona_index == number]
        assert {sizes[arrival.size_index].label for arrival in own} <= set(persona.weights)
        if not isinstance(persona.schedule, Poisson):
            assert len(own) == len(moments(persona.schedule, 3.0))


@given(st.integers(0, 5000), WEIGHTS)
def test_share_adds_up_and_is_off_by_less_than_one(total, weights) -> None:
    counts = share(total, weights)
    assert sum(counts) == total
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - total * weight / sum(weights)) < 1 + 1e-9


def test_constant_arrivals_are_evenly_spaced() -> None:
    assert moments(Rate(4), 2) == [0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]


def test_poisson_arrivals_have_the_mean_and_the_spread_of_independent_ones() -> None:
    """For exponential gaps the standard deviation equals the mean; https://en.wikipedia.org/wiki/Exponential_distribution"""
    gaps = [after - before for before, after in itertools.pairwise(moments(Poisson(50), 200, seed=3))]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(0.02, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)


@given(st.floats(0, 100), st.floats(1, 100), st.floats(1, 20))
def test_ramp_has_reached_i_when_message_i_comes(first, last, duration) -> None:
    for index, at in enumerate(moments(Ramp(first, last), duration)):
        due = first * at + (last - first) / duration * at * at / 2
        assert due == pytest.approx(index, abs=1e-6)


def test_stages_follow_each_other_and_the_last_goes_on() -> None:
    assert moments(Stages(((2, 1), (0, 1), (4, 0.5))), 3) == [0, 0.5, 2, 2.25, 2.5, 2.75]
    assert moments(Stages(((2, 1), (4, 10))), 1.5) == [0, 0.5, 1, 1.25]


def test_burst_is_many_at_one_moment() -> None:
    assert moments(Burst(3, 2), 5) == [0, 0, 0, 2, 2, 2, 4, 4, 4]


def test_another_seed_gives_another_order_but_the_same_shares() -> None:
    one, other = ([size for _, size in sized(Rate(10), 30, [9, 5, 3, 3], random.Random(seed))] for seed in (1, 2))
    assert one != other
    assert sorted(one) == sorted(other)


def test_persona_that_is_added_changes_nothing_for_those_before_it() -> None:
    sizes = (MessageSize("1kB", 1000), MessageSize("2kB", 2000))
    one = (Persona("a", Poisson(20)),)
    alone = RunPlan("run", sizes, one, 5.0, 1).arrivals()
    both = RunPlan("run", sizes, (*one, Persona("b", Burst(5, 1))), 5.0, 1).arrivals()
    assert [(a.at_seconds, a.size_index) for a in both if a.persona_index == 0] == [
        (a.at_seconds, a.size_index) for a in alone
    ]


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("rate(50)", Rate(50)),
        ("rate(50/s)", Rate(50)),
        ("stages(10:5s, 50:500ms)", Stages(((10, 5), (50, 0.5)))),
        ("burst(20, every=5s)", Burst(20, 5)),
        ("constant", Rate(7)),
        ("poisson", Poisson(7)),
    ],
)
def test_schedule_is_written_in_more_than_one_way(text, schedule) -> None:
    assert parse_schedule(text, 7) == schedule


IMPOSSIBLE = ["", "bursty", "rate", "rate()", "rate(0)", "rate(-1)", "rate(x)", "rate(1,2)", "ramp(1)", "ramp(0,0)"]
IMPOSSIBLE += ["stages()", "stages(5)", "stages(5:0s)", "burst(0,1s)", "burst(1.5,1s)", "burst(1,0s)", "ramp"]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_impossible_schedules_are_refused(text) -> None:
    with pytest.raises(UsageError, match=r"schedule|too little"):
        parse_schedule(text)


def test_load_without_a_duration_is_refused() -> None:
    with pytest.raises(UsageError, match="duration"):
        list(sized(Rate(1), 0, [1], random.Random(0)))
