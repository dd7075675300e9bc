import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.failures import EnvironmentNotReady, UsageError
from loadtests.probe import Answer, Prober, SizeLimit, largest_accepted


def probe(border: int) -> tuple[SizeLimit, list[int]]:
    """Search against a pipeline that takes up to `border` bytes; return the limit and what was asked."""
    asked: list[int] = []

    def send(size: int) -> Answer:
        asked.append(size)
        return Answer(200 if size <= border else 413, "", 0.01)

    return largest_accepted(send), asked


@given(st.integers(4096, 10 * 1024 * 1024))
def test_border_is_found_from_both_sides_with_few_requests(border: int) -> None:
    limit, asked = probe(border)
    assert limit.accepted_bytes <= border < limit.refused_bytes
    assert limit.refused_bytes - limit.accepted_bytes <= 64
    assert {limit.accepted_bytes, limit.refused_bytes} <= set(asked)
    assert limit.load_bytes < limit.accepted_bytes
    assert len(asked) <= 22


def test_border_near_the_lambda_limit_costs_a_dozen_requests() -> None:
    _, asked = probe(6 * 1024 * 1024 - 1500)
    assert len(asked) <= 12


def test_pipeline_that_takes_nothing_is_not_ready() -> None:
    with pytest.raises(EnvironmentNotReady, match="413"):
        probe(100)


def test_pipeline_that_takes_more_than_api_gateway_may_is_not_ready() -> None:
    with pytest.raises(EnvironmentNotReady, match="10 MiB"):
        probe(20_000_000)


def test_answer_has_an_id_only_if_the_message_was_accepted() -> None:
    assert Answer(200, '{"messageID": "a"}', 0.1).message_id == "a"
    assert Answer(200, '{"other": "a"}', 0.1).message_id is None
    assert Answer(413, "not json", 0.1).message_id is None


@pytest.mark.parametrize(
    ("size", "hop"), [(6 * 1024 * 1024, "Lambda, which takes 6 MiB"), (11_000_000, "API Gateway, which")]
)
def test_size_that_no_pipeline_takes_is_a_mistake_of_who_asked_for_it_and_the_hop_is_named(
    monkeypatch: pytest.MonkeyPatch, size: int, hop: str
) -> None:
    prober = Prober("http://127.0.0.1:1/", "key", "run", 1)
    monkeypatch.setattr(prober, "send", lambda size: Answer(413, "Request Too Long", 0.1))
    with pytest.raises(UsageError, match=f"too large for {hop}.*--sizes max.*windtunnel limits --size {size}B"):
        prober.warm_up(size, 2)
