"""The settings of staging runs: a table `[staging]` in `windtunnel.toml`, variables, and options of the command line.

    [staging]
    accounts = ["111122223333"]      # the only ones that anything is sent to
    stack = "audit-ingest-staging"
    region = "eu-central-1"
    max_rate = 20                    # messages a second
    max_bytes = "2GB"                # request bodies, in all
    max_duration = "10m"
    max_cost_usd = 2.50              # estimated, before a byte is sent; "unlimited" for none
    production_tags = ["owner=ledger-*"]   # further marks of production; none of the built-in ones can be taken away

Every setting has a variable of its name, `WINDTUNNEL_STAGING_MAX_RATE` and so on. An option wins over a variable, and that over the
file; but a cap that the file states can only be lowered, so that raising one is a change that somebody reviews.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator.errors import EmulatorError
from emulator.targets.caps import Caps
from emulator.targets.duration import seconds_of

__all__ = ["SettingsError", "StagingSettings", "read_settings"]

FILE = "windtunnel.toml"
FILE_VARIABLE = "WINDTUNNEL_CONFIG"
PREFIX = "WINDTUNNEL_STAGING_"
ALLOWED_ACCOUNTS = "WINDTUNNEL_ALLOWED_ACCOUNTS"
UNLIMITED = "unlimited"
_UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_CAPS = ("max_rate", "max_bytes", "max_duration", "max_cost_usd")
_TEXTS = ("stack", "region", "profile", "endpoint_url", "counters")
_LISTS = ("accounts", "production_tags")
KNOWN = (*_LISTS, *_TEXTS, *_CAPS)


class SettingsError(EmulatorError):
    """A setting that is missing, or that cannot be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingSettings:
    """Where a staging run may go, and how much it may do there. `source` is the file that said so, for people."""

    accounts: tuple[str, ...]
    stack: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    """Something that plays AWS, for tests of this target; None is AWS."""
    production_tags: tuple[str, ...] = ()
    caps: Caps = field(default_factory=Caps)
    source: str = ""


def read_settings(
    options: Mapping[str, Any] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> StagingSettings:
    """The settings in force; `options` that are None do not count. Raises SettingsError, which names the place and the value.

    The file is `path`, else the one that `WINDTUNNEL_CONFIG` names, else `windtunnel.toml` in the working folder, which may be missing.
    """
    environ = os.environ if environ is None else environ
    place, stated = _file(path, environ)
    said = {name: (_checked(name, value, place), place) for name, value in stated.items()}
    agreed = dict(said)
    for name, value, origin in (*_variables(environ), *_options(options or {})):
        checked = _checked(name, value, origin)
        if name in _CAPS and name in agreed:
            _only_lower(name, checked, agreed[name][0], origin, place)
        said[name] = (checked, origin)
    values = {name: value for name, (value, _) in said.items()}
    accounts = values.get("accounts", ())
    if not accounts:
        raise SettingsError(
            f"the aws target works only in accounts that you name: write their ids into {FILE}, as "
            f'[staging] accounts = ["111122223333"], or into {ALLOWED_ACCOUNTS}'
        )
    if "stack" not in values:
        raise SettingsError(f"no stack is named: add --stack NAME, or write [staging] stack = ... into {FILE}")
    caps = Caps(**{name: values[name] for name in (*_CAPS, "counters") if name in values})
    plain = {name: values[name] for name in ("stack", "region", "profile", "endpoint_url") if name in values}
    marks = tuple(values.get("production_tags", ()))
    return StagingSettings(accounts=tuple(accounts), production_tags=marks, caps=caps, source=place, **plain)


def _file(path: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    named = path if path is not None else environ.get(FILE_VARIABLE)
    file = Path(FILE if named is None else named)
    if not file.is_file():
        if named is not None:
            raise SettingsError(f"there is no settings file {file}: write one, or leave --config away")
        return "", {}
    try:
        content = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no TOML: {error}") from error
    table = content.get("staging", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{file}: staging must be a table, [staging]")
    for name in table:
        if name not in KNOWN:
            near = get_close_matches(name, KNOWN, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}"
            raise SettingsError(f"{file}: [staging] has no setting {name}; {hint}")
    return str(file), table


def _variables(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = [(name, environ.get(PREFIX + name.upper(), ""), PREFIX + name.upper()) for name in KNOWN]
    found.append(("accounts", environ.get(ALLOWED_ACCOUNTS, ""), ALLOWED_ACCOUNTS))
    return [row for row in found if row[1] != ""]


def _options(options: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    names = {"max_cost_usd": "max-cost"}
    return [
        (name, value, "--" + names.get(name, name.replace("_", "-")))
        for name, value in options.items()
        if value is not None
    ]


def _only_lower(name: str, value: Any, agreed: Any, origin: str, place: str) -> None:
    if agreed is not None and (value is None or value > agreed):
        shown, limit = (UNLIMITED if one is None else f"{one:g}" for one in (value, agreed))
        raise SettingsError(
            f"{origin} would raise {name} to {shown}, above the {limit} that {place} states: a cap can only be lowered here; "
            f"to raise it, change {place}"
        )


def _checked(name: str, value: Any, origin: str) -> Any:
    """The value of a setting as it is used."""
    where = f"{origin}: {name}"
    if name in _LISTS:
        return _texts(name, value, where)
    if name in _TEXTS:
        if not isinstance(value, str) or value.strip() == "":
            raise SettingsError(f"{where} must be a text, not {value!r}")
        if name == "endpoint_url" and urlsplit(value).scheme != "https":
            raise SettingsError(f"{where} = {value!r} is no https URL: staging is spoken to over verified TLS only")
        return value
    if name == "max_cost_usd" and value == UNLIMITED:
        return None
    number = _number(name, value, where)
    if not 0 < number < float("inf"):
        raise SettingsError(f"{where} = {value!r} must be above 0")
    return number


def _texts(name: str, value: Any, where: str) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise SettingsError(f'{where} must be a list of texts, as {name} = ["..."], not {value!r}')
    texts = tuple(item.strip() for item in items if item.strip() != "")
    for text in texts:
        if name == "accounts" and re.fullmatch(r"\d{12}", text) is None:
            raise SettingsError(f"{where}: {text!r} is no account id: 12 digits, in quotes")
        if name == "production_tags" and "=" not in text:
            raise SettingsError(f"{where}: {text!r} is not key=value; * stands for anything")
    return texts


def _number(name: str, value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise SettingsError(f"{where} must be a number, not {value!r}")
    try:
        if name == "max_duration":
            return seconds_of(value)
        if name == "max_bytes":
            return _bytes(value)
        return float(value)
    except (EmulatorError, ValueError) as error:
        forms = {"max_duration": "10m, 90s or seconds", "max_bytes": "2GB, 500MiB or bytes"}
        raise SettingsError(f"{where} = {value!r} cannot be read: write {forms.get(name, 'a number')}") from error


def _bytes(value: float | str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", str(value).strip())
    if match is None or (match[2] or "B") not in _UNITS:
        raise ValueError(value)
    return int(float(match[1]) * _UNITS[match[2] or "B"])
