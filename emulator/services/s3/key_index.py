"""The keys of a bucket in the order of their UTF-8 bytes, and the versions of each.

Python orders strings by code point, which is the order of their UTF-8 bytes. A point read does not depend on the number of keys, and a
page of a listing costs what it returns: keys whose newest version is a delete marker stand in the histories alone.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from sortedcontainers import SortedDict

__all__ = ["NULL_VERSION", "KeyIndex", "after_prefix"]

NULL_VERSION = "null"
_LAST = "\U0010ffff"


class _Version(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def version_id(self) -> str: ...

    @property
    def is_delete_marker(self) -> bool: ...


Version = TypeVar("Version", bound=_Version)


class KeyIndex(Generic[Version]):
    """All versions of all keys of one bucket."""

    __slots__ = ("_histories", "_live")

    def __init__(self) -> None:
        self._histories: SortedDict[str, list[Version]] = SortedDict()
        """By key: its versions, the oldest first."""
        self._live: SortedDict[str, Version] = SortedDict()
        """By key: the newest version, where it is an object."""

    def __len__(self) -> int:
        return len(self._histories)

    @property
    def live_keys(self) -> int:
        """How many keys a listing of objects shows."""
        return len(self._live)

    def newest(self, key: str) -> Version | None:
        """The newest version, which may be a delete marker."""
        history = self._histories.get(key)
        return history[-1] if history else None

    def live(self, key: str) -> Version | None:
        """The object that a read without a version finds."""
        found: Version | None = self._live.get(key)
        return found

    def find(self, key: str, version_id: str) -> Version | None:
        """One version by its id."""
        for version in reversed(self._histories.get(key, ())):
            if version.version_id == version_id:
                found: Version = version
                return found
        return None

    def add(self, version: Version) -> Version | None:
        """Make it the newest of its key; the null version that it replaces, where there was one."""
        replaced: Version | None = None
        history = self._histories.get(version.key)
        if history is None:
            self._histories[version.key] = [version]
        else:
            if version.version_id == NULL_VERSION:
                replaced = self._without_null(history)
            history.append(version)
        if version.is_delete_marker:
            self._live.pop(version.key, None)
        else:
            self._live[version.key] = version
        return replaced

    @staticmethod
    def _without_null(history: list[Version]) -> Version | None:
        for index in range(len(history) - 1, -1, -1):
            if history[index].version_id == NULL_VERSION:
                return history.pop(index)
        return None

    def remove(self, key: str, version_id: str) -> Version | None:
        """Take one version away; the version, or None where there is none of that id."""
        history = self._histories.get(key, [])
        for index in range(len(history) - 1, -1, -1):
            if history[index].version_id == version_id:
                break
        else:
            return None
        removed: Version = history.pop(index)
        if not history:
            del self._histories[key]
            self._live.pop(key, None)
        elif index == len(history):
            newest = history[-1]
            if newest.is_delete_marker:
                self._live.pop(key, None)
            else:
                self._live[key] = newest
        return removed

    def objects(self, start: str = "", *, inclusive: bool = True) -> Iterator[tuple[str, Version]]:
        """Keys with their objects, in order, from `start` on. The index may not change meanwhile."""
        live = self._live
        for key in live.irange(minimum=start, inclusive=(inclusive, True)):
            yield key, live[key]

    def histories(self, start: str = "", *, inclusive: bool = True) -> Iterator[tuple[str, list[Version]]]:
        """Keys with all their versions, the newest first, in order, from `start` on. The index may not change meanwhile."""
        histories = self._histories
        for key in histories.irange(minimum=start, inclusive=(inclusive, True)):
            yield key, histories[key][::-1]


def after_prefix(prefix: str) -> str | None:
    """The least string that is greater than all that begin with `prefix`; None where there is none."""
    stem = prefix.rstrip(_LAST)
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    if 0xD800 <= following <= 0xDFFF:  # no characters, in UTF-8 or in keys
        following = 0xE000
    return stem[:-1] + chr(following)
