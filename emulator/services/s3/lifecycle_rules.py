"""Lifecycle rules: what is wrong with them, which objects they are about, and when they act.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXml
from emulator.services.s3.state import DeleteMarker, ObjectVersion, Upload, Version

__all__ = ["DAY_SECONDS", "Act", "abort_due", "acts_on", "checked_rules", "enabled", "expiry_of"]

DAY_SECONDS = 86_400.0
_SMALLEST_TRANSITION_BYTES = 131_072
_DAYS_IN_STANDARD = 30
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)
_LONGEST_ID = 255
_COLDNESS: Mapping[str, int] = {
    "STANDARD": 0,
    "REDUCED_REDUNDANCY": 0,
    "STANDARD_IA": 1,
    "INTELLIGENT_TIERING": 2,
    "ONEZONE_IA": 3,
    "GLACIER_IR": 4,
    "GLACIER": 5,
    "DEEP_ARCHIVE": 6,
}
"""Objects go down only. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """What a rule does to a version, and when at the earliest."""

    due: float
    kind: str
    """`expire`, `remove` or `transition`."""
    version: Version
    storage_class: str = ""


# -- validation ------------------------------------------------------------


def checked_rules(rules: list[Rule], most: int, new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """The rules as they are kept, with ids. Raises MalformedXML, InvalidArgument, InvalidRequest."""
    if not 1 <= len(rules) <= most:
        raise MalformedXml
    kept = [{"ID": rule.get("ID") or new_id(), **{k: v for k, v in rule.items() if k != "ID"}} for rule in rules]
    for rule in kept:
        _check(rule)
    if len({rule["ID"] for rule in kept}) < len(kept):
        raise InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    return kept


def _check(rule: Rule) -> None:
    if len(rule["ID"]) > _LONGEST_ID:
        raise InvalidArgument(f"ID length should not exceed allowed limit of {_LONGEST_ID}")
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Prefix" in rule) == ("Filter" in rule):
        raise MalformedXml
    if len(rule.get("Filter") or {}) > 1:
        raise MalformedXml
    if not any(rule.get(action) for action in _ACTIONS):
        raise InvalidRequest("At least one action needs to be specified in a rule")
    tags = _selection(rule).tags
    if len({key for key, _ in tags}) < len(tags):
        raise InvalidRequest("Duplicate Tag Keys are not allowed.")
    tagged = bool(tags)
    if tagged and rule.get("AbortIncompleteMultipartUpload"):
        raise InvalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    expiration = rule.get("Expiration") or {}
    if tagged and "ExpiredObjectDeleteMarker" in expiration:
        raise InvalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    if len(expiration) > 1:
        raise MalformedXml
    _check_days(expiration, "Expiration", 1)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None:
        if not noncurrent:
            raise MalformedXml
        _check_days(noncurrent, "NoncurrentVersionExpiration", 1, "NoncurrentDays")
    _check_days(
        rule.get("AbortIncompleteMultipartUpload") or {}, "AbortIncompleteMultipartUpload", 1, "DaysAfterInitiation"
    )
    for transition in rule.get("Transitions") or ():
        _check_transition(transition, "Transition", "Days")
        if ("Date" in transition and "Days" in expiration) or ("Days" in transition and "Date" in expiration):
            raise InvalidRequest(
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
                f"'(prefix={_selection(rule).prefix})'"
            )
        days, last = transition.get("Days"), expiration.get("Days")
        if days is not None and last is not None and last <= days:
            raise InvalidArgument(
                f"'Days' in the Expiration action for filter '(prefix={_selection(rule).prefix})' must be greater than "
                "'Days' in the Transition action"
            )
    for transition in rule.get("NoncurrentVersionTransitions") or ():
        _check_transition(transition, "NoncurrentVersionTransition", "NoncurrentDays")


def _check_transition(transition: Rule, action: str, member: str) -> None:
    storage_class = transition.get("StorageClass")
    if storage_class is None or ("Days" in transition and "Date" in transition):
        raise MalformedXml
    days = transition.get(member)
    if days is None and "Date" not in transition:
        raise MalformedXml
    if days is not None and storage_class in _INFREQUENT and days < _DAYS_IN_STANDARD:
        raise InvalidArgument(
            f"'{member if member == 'Days' else 'Days'}' in {action} action must be greater than or equal to "
            f"{_DAYS_IN_STANDARD} for storageClass '{storage_class}'"
        )
    _check_days(transition, action, 0, member)


def _check_days(action: Rule, name: str, least: int, member: str = "Days") -> None:
    days = action.get(member)
    if days is not None and days < least:
        text = "a positive integer" if least else "nonnegative integer"
        raise InvalidArgument(f"'{member}' for {name} action must be {text}")
    date = action.get("Date")
    if date is not None and date % DAY_SECONDS:
        given = datetime.fromtimestamp(date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise InvalidArgument("'Date' must be at midnight GMT", fields={"ArgumentName": "Date", "ArgumentValue": given})


# -- selection ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Selection:
    prefix: str
    tags: tuple[tuple[str, str], ...]
    above_bytes: int | None
    below_bytes: int | None

    def takes(self, version: ObjectVersion) -> bool:
        size = version.size
        return (
            version.key.startswith(self.prefix)
            and all(version.tags.get(key) == value for key, value in self.tags)
            and (self.above_bytes is None or size > self.above_bytes)
            and (self.below_bytes is None or size < self.below_bytes)
        )


def _selection(rule: Rule) -> _Selection:
    given = rule.get("Filter") or {}
    chosen = given.get("And") or given
    tags = [*(chosen.get("Tags") or ()), *([chosen["Tag"]] if chosen.get("Tag") else ())]
    return _Selection(
        rule.get("Prefix") or chosen.get("Prefix") or "",
        tuple((tag["Key"], tag["Value"]) for tag in tags),
        chosen.get("ObjectSizeGreaterThan"),
        chosen.get("ObjectSizeLessThan"),
    )


def enabled(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that act."""
    return [rule for rule in rules if rule["Status"] == "Enabled"]


# -- time ------------------------------------------------------------


def _midnight(moment: float, days: int) -> float:
    """The first midnight UTC that is at least `days` after a moment."""
    return -(-(moment + days * DAY_SECONDS) // DAY_SECONDS) * DAY_SECONDS


def _due(action: Rule, since: float, member: str = "Days") -> float | None:
    if action.get("Date") is not None:
        return float(action["Date"])
    days = action.get(member)
    return None if days is None else _midnight(since, days)


def expiry_of(rules: list[dict[str, Any]], version: ObjectVersion) -> tuple[float, str] | None:
    """When the first rule expires a current version, and that rule's id."""
    found = [
        (due, str(rule["ID"]))
        for rule in enabled(rules)
        if _selection(rule).takes(version)
        and (due := _due(rule.get("Expiration") or {}, version.last_modified)) is not None
    ]
    return min(found, default=None)


def acts_on(rules: list[dict[str, Any]], history: list[Version], versioned: bool, smallest: str) -> Iterator[Act]:
    """All that the rules will do to the versions of one key, newest first, as things stand."""
    current = history[0]
    for rule in enabled(rules):
        selection = _selection(rule)
        if isinstance(current, ObjectVersion):
            if selection.takes(current):
                due = _due(rule.get("Expiration") or {}, current.last_modified)
                free = 0.0 if versioned else _free(current)
                if due is not None and free is not None:
                    yield Act(max(due, free), "expire", current)
                yield from _transitions(rule, "Transitions", "Days", current, current.last_modified, smallest)
        elif len(history) == 1:
            yield from _lone_marker(rule, selection, current)
        if versioned:
            yield from _noncurrent(rule, selection, history, smallest)


def _free(version: ObjectVersion) -> float | None:
    """From when on a version may be removed; None while it has a legal hold."""
    if version.legal_hold == "ON":
        return None
    return 0.0 if version.retention is None else version.retention.until


def _lone_marker(rule: Rule, selection: _Selection, marker: DeleteMarker) -> Iterator[Act]:
    """A delete marker with nothing below it goes by its own rule, or by the one that expires objects."""
    expiration = rule.get("Expiration") or {}
    if not marker.key.startswith(selection.prefix) or selection.tags:
        return
    if expiration.get("ExpiredObjectDeleteMarker"):
        yield Act(_midnight(marker.last_modified, 0), "remove", marker)
    elif (due := _due(expiration, marker.last_modified)) is not None:
        yield Act(due, "remove", marker)


def _noncurrent(rule: Rule, selection: _Selection, history: list[Version], smallest: str) -> Iterator[Act]:
    expiration = rule.get("NoncurrentVersionExpiration") or {}
    kept = expiration.get("NewerNoncurrentVersions") or 0
    for index, version in enumerate(history[1:]):
        since = history[index].last_modified
        if isinstance(version, DeleteMarker) or not selection.takes(version):
            continue
        due = _due(expiration, since, "NoncurrentDays")
        free = _free(version)
        if due is not None and free is not None and index >= kept:
            yield Act(max(due, free), "remove", version)
        yield from _transitions(rule, "NoncurrentVersionTransitions", "NoncurrentDays", version, since, smallest)


def _transitions(
    rule: Rule, member: str, days: str, version: ObjectVersion, since: float, smallest: str
) -> Iterator[Act]:
    chosen = (rule.get("Filter") or {}).get("And") or rule.get("Filter") or {}
    sized = "ObjectSizeGreaterThan" in chosen or "ObjectSizeLessThan" in chosen
    for transition in rule.get(member) or ():
        storage_class = transition["StorageClass"]
        small = version.size < _SMALLEST_TRANSITION_BYTES and not sized
        if small and not (smallest == "varies_by_storage_class" and storage_class in _ARCHIVES):
            continue
        due = _due(transition, since, days)
        if due is not None and _COLDNESS[storage_class] > _COLDNESS.get(version.storage_class, 0):
            yield Act(due, "transition", version, storage_class)


def abort_due(rules: list[dict[str, Any]], upload: Upload) -> float | None:
    """When the first rule gives up an upload under way."""
    found = [
        _midnight(upload.initiated, rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        for rule in enabled(rules)
        if rule.get("AbortIncompleteMultipartUpload") and upload.key.startswith(_selection(rule).prefix)
    ]
    return min(found, default=None)
