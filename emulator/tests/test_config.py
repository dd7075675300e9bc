"""Settings from the environment and from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.config import EmulatorConfig
from emulator.errors import EmulatorError


def test_the_default_is_loopback() -> None:
    assert EmulatorConfig.from_env({}) == EmulatorConfig(host="127.0.0.1", port=4566)


def test_variables_are_read_by_type() -> None:
    config = EmulatorConfig.from_env(
        {
            "WINDTUNNEL_PORT": "0",
            "WINDTUNNEL_SEED": "7",
            "WINDTUNNEL_AUTO_ADVANCE": "true",
            "WINDTUNNEL_CLOCK": "virtual",
            "WINDTUNNEL_CACHE_DIR": "/cache",
            "UNRELATED": "x",
        }
    )
    assert (config.port, config.seed, config.auto_advance, config.clock) == (0, 7, True, "virtual")
    assert config.cache_dir == Path("/cache")


def test_the_command_line_wins_and_zero_is_a_value() -> None:
    config = EmulatorConfig.from_env({"WINDTUNNEL_PORT": "1", "WINDTUNNEL_SEED": "7"}, port=0, seed=None)
    assert (config.port, config.seed) == (0, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [("WINDTUNNEL_PORT", "http"), ("WINDTUNNEL_CLOCK", "sundial"), ("WINDTUNNEL_AUTO_ADVANCE", "maybe")],
)
def test_a_value_that_does_not_fit_is_named(name: str, value: str) -> None:
    with pytest.raises(EmulatorError, match=f"{name}='{value}'"):
        EmulatorConfig.from_env({name: value})
