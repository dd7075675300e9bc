import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.failures import UsageError
from loadtests.sizes import format_bytes, parse_mix, parse_size

SIZES = [
    ("256KiB", 262_144),
    ("1MiB", 1_048_576),
    ("4MB", 4_000_000),
    ("1.5 MiB", 1_572_864),
    ("700B", 700),
    ("1kB", 1000),
]


@pytest.mark.parametrize(("text", "expected"), SIZES)
def test_size_is_decimal_or_binary_as_it_is_written(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "256", "4 mb", "-1MB", "0B", "1.00001B", "max", "KiB", "1e3B"])
def test_what_is_no_size_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="size"):
        parse_size(text)


@given(st.integers(1, 10_000), st.sampled_from(["B", "kB", "MB", "KiB", "MiB"]))
def test_whole_sizes_survive_formatting(count: int, unit: str) -> None:
    size = parse_size(f"{count}{unit}")
    shown = format_bytes(size)
    assert parse_size(shown) == pytest.approx(size, rel=0.06)


def test_mix_has_default_weights_and_own_ones() -> None:
    assert parse_mix("256KiB,1MiB:2.5,max,7B") == [
        ("256KiB", 262_144, 9.0),
        ("1MiB", 1_048_576, 2.5),
        ("max", None, 3.0),
        ("7B", 7, 1.0),
    ]


@pytest.mark.parametrize(
    "text", ["256KiB,256KiB", "1MiB:x", "1MiB:0", "1MiB:-1", "1MiB:inf", "1MiB:nan", "", "1MiB,,4MB"]
)
def test_mix_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_mix(text)
