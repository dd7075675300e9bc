import pytest

from loadtests.floor import measure_floor, read_floor


def test_floor_without_a_benchmark_says_so() -> None:
    floor = measure_floor([1024], module="loadtests.no_such_benchmark")
    assert floor.p50_seconds == {}
    assert floor.why_not is not None
    assert "no benchmark" in floor.why_not


def test_benchmark_that_fails_says_why_and_fails_nothing() -> None:
    """This package's own test module stands for a program that does not know the options."""
    floor = measure_floor([1024], module="loadtests.tests.stand_in")
    assert floor.why_not is not None
    assert "failed" in floor.why_not


def test_floor_is_in_seconds_by_size() -> None:
    floor = read_floor(b'{"sizes": {"262144": {"floor": 2.5, "loopback": 0.4}}, "steps": []}')
    assert floor.p50_seconds == {262144: pytest.approx(0.0025)}
    assert floor.why_not is None


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"sizes": {"big": {"floor": 1}}}', b'{"sizes": {"1": {}}}', b'{"sizes": 3}']
)
def test_answer_that_is_not_understood_is_no_floor(text: bytes) -> None:
    assert "not understood" in str(read_floor(text).why_not)
