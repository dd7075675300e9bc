"""Settings of staging runs: what they may say, which one wins, and that every mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator.targets.staging_settings import SettingsError, StagingSettings, read_settings

GOOD = 'accounts = ["111122223333"]\nstack = "audit-staging"\n'


def settings(tmp_path: Path, text: str, environ: dict[str, str] | None = None, **options: Any) -> StagingSettings:
    file = tmp_path / "windtunnel.toml"
    file.write_text("[staging]\n" + text)
    return read_settings(options, path=file, environ=environ or {})


def test_everything_can_be_said_in_the_file(tmp_path: Path) -> None:
    text = GOOD + 'region = "eu-west-1"\nprofile = "p"\nmax_rate = 20\nmax_bytes = "1.5GB"\nmax_duration = "10m"\n'
    found = settings(
        tmp_path, text + 'max_cost_usd = "unlimited"\nproduction_tags = ["owner=ledger-*"]\ncounters = "c.json"'
    )
    assert (found.stack, found.region, found.profile, found.accounts) == (
        "audit-staging",
        "eu-west-1",
        "p",
        ("111122223333",),
    )
    caps = found.caps
    assert (caps.max_rate, caps.max_bytes, caps.max_duration, caps.max_cost_usd) == (20.0, 1_500_000_000, 600.0, None)
    assert (found.production_tags, caps.counters) == (("owner=ledger-*",), "c.json")


def test_options_win_over_variables_and_those_over_the_file(tmp_path: Path) -> None:
    environ = {"WINDTUNNEL_STAGING_STACK": "by-variable", "WINDTUNNEL_STAGING_REGION": "eu-west-2"}
    found = settings(tmp_path, GOOD + 'region = "eu-west-1"', environ, stack="by-option", region=None)
    assert (found.stack, found.region) == ("by-option", "eu-west-2")


def test_caps_of_the_file_can_be_lowered_and_never_raised(tmp_path: Path) -> None:
    text = GOOD + 'max_rate = 20\nmax_bytes = "1GB"\nmax_cost_usd = 2'
    assert settings(tmp_path, text, max_rate=5.0).caps.max_rate == 5.0
    assert settings(tmp_path, text, {"WINDTUNNEL_STAGING_MAX_BYTES": "5MB"}).caps.max_bytes == 5_000_000
    for environ, options, told in (
        ({}, {"max_rate": 21.0}, "--max-rate would raise max_rate to 21, above the 20"),
        ({"WINDTUNNEL_STAGING_MAX_BYTES": "2GB"}, {}, "WINDTUNNEL_STAGING_MAX_BYTES would raise max_bytes"),
        ({"WINDTUNNEL_STAGING_MAX_COST_USD": "unlimited"}, {}, "to unlimited, above the 2"),
        ({}, {"max_cost_usd": 3.0}, "--max-cost would raise max_cost_usd"),
    ):
        with pytest.raises(SettingsError, match=told):
            settings(tmp_path, text, environ, **options)


def test_a_cap_that_the_file_leaves_open_is_the_callers(tmp_path: Path) -> None:
    assert settings(tmp_path, GOOD, max_rate=50.0).caps.max_rate == 50.0


def test_file_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read_settings({"stack": "s"}, environ={"WINDTUNNEL_ALLOWED_ACCOUNTS": "111122223333,444455556666"})
    assert (found.stack, found.accounts, found.source) == ("s", ("111122223333", "444455556666"), "")


MISTAKES = [
    ("", "accounts that you name"),
    ("accounts = []", "accounts that you name"),
    ('accounts = ["111122223333"]', "no stack is named: add --stack NAME"),
    (GOOD + "max_rat = 3", "no setting max_rat; did you mean max_rate?"),
    (GOOD + "xyz = 3", "no setting xyz; there are accounts"),
    ("accounts = [111122223333]", "must be a list of texts"),
    ('accounts = ["12"]', "'12' is no account id: 12 digits"),
    (GOOD + "max_rate = 0", "max_rate = 0 must be above 0"),
    (GOOD + "max_rate = true", "max_rate must be a number, not True"),
    (GOOD + 'max_bytes = "2 chairs"', "write 2GB, 500MiB or bytes"),
    (GOOD + 'max_duration = "soon"', "write 10m, 90s or seconds"),
    (GOOD + 'max_cost_usd = "much"', "write a number"),
    (GOOD + "max_cost_usd = inf", "must be above 0"),
    (GOOD + 'production_tags = ["prod"]', "'prod' is not key=value"),
    (GOOD + 'region = ""', "region must be a text"),
    (GOOD + 'endpoint_url = "http://127.0.0.1:1"', "is no https URL"),
    (GOOD + "= 3", "is no TOML"),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES)
def test_mistake_is_named_with_what_to_write(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told.replace("?", r"\?")):
        settings(tmp_path, text)


def test_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no settings file"):
        read_settings(path=tmp_path / "nowhere.toml", environ={})
    with pytest.raises(SettingsError, match="no settings file"):
        read_settings(environ={"WINDTUNNEL_CONFIG": str(tmp_path / "nowhere.toml")})
    (tmp_path / "w.toml").write_text("staging = 3")
    with pytest.raises(SettingsError, match="must be a table"):
        read_settings(path=tmp_path / "w.toml", environ={})
