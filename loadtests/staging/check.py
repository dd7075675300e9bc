"""One check of the doctor, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "State", "failed", "ok", "skipped", "warning"]

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """`subject` names what was looked at, `detail` what was seen, `advice` what to do next."""

    subject: str
    state: State
    detail: str
    advice: str = ""


def ok(subject: str, detail: str) -> Check:
    """As it must be."""
    return Check(subject, "ok", detail)


def warning(subject: str, detail: str, advice: str) -> Check:
    """A run may start, and somebody should know this."""
    return Check(subject, "warning", detail, advice)


def failed(subject: str, detail: str, advice: str = "") -> Check:
    """No run should start. Without advice the detail says what to do."""
    return Check(subject, "failed", detail, advice)


def skipped(subject: str, because: str) -> Check:
    """Could not be looked at, since an earlier check failed."""
    return Check(subject, "skipped", f"not looked at: {because}")
