"""Checks parameters against the model's constraints and words what does not hold as AWS does.

botocore's own validator knows `required` and `min`; AWS also enforces `max`, `pattern` and `enum`. Types are checked
while parsing. Each shape is compiled once; a shape without constraints costs nothing. Members that the model marks as
sensitive are never quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.errors import AwsError
from emulator.protocols.dialects import Dialect
from emulator.protocols.java_text import java_text, member_name
from emulator.protocols.patterns import compile_pattern

__all__ = ["Check", "Checks", "Violation", "violation_error"]

NOT_NULL = "Member must not be null"
Check = Callable[[Any], list["Violation"]]
"""The violations inside a value; empty where there are none."""
_Bound = tuple[Callable[[Any], bool], str]


@dataclass(frozen=True, slots=True)
class Violation:
    """One constraint that does not hold. `path` starts at the checked value, `member` is the outermost member."""

    path: str
    member: str
    value: str | None
    """The value as text; None where it is sensitive."""
    constraint: str
    alone: bool = False
    """Whether it is told instead of all others, and `constraint` is the whole text."""

    def text(self) -> str:
        """AWS's sentence."""
        quoted = "Value" if self.value is None else f"Value {self.value}"
        return f"{quoted} at '{self.path}' failed to satisfy constraint: {self.constraint}"

    def below(self, step: str, member: str) -> Violation:
        """The same violation, seen from the structure, list or map around it."""
        return replace(self, path=f"{step}.{self.path}" if self.path else step, member=member)


def violation_error(dialect: Dialect, violations: Sequence[Violation]) -> AwsError:
    """The error that a service answers with."""
    first = violations[0]
    if first.constraint == NOT_NULL and dialect.missing_code is not None:
        return AwsError.named(dialect.missing_code, dialect.missing_text.format(member=first.member))
    if dialect.invalid_text is not None:
        text = dialect.invalid_text.format(member=first.member, constraint=first.constraint)
        return AwsError.named(dialect.invalid_code, text)
    for violation in violations:
        if violation.alone:
            return AwsError.named(dialect.invalid_code, violation.constraint)
    count = len(violations)
    found = f"{count} validation error{'' if count == 1 else 's'} detected: "
    return AwsError.named(dialect.invalid_code, found + "; ".join(violation.text() for violation in violations))


class Checks:
    """Compiles the checks of one service."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._structures: dict[str, Check | None] = {}
        self._checked_members: dict[str, set[str]] = {}
        """By structure without required members: those that something can be wrong with. Filled when it is compiled."""
        self.unchecked_patterns: dict[str, str] = {}
        """Patterns that Python cannot compile, by shape; their values pass."""

    def check(self, shape: Shape) -> Check | None:
        """The check of a shape, or None where nothing can be wrong with it."""
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            return self._list(shape)
        if isinstance(shape, MapShape):
            return self._map(shape)
        bounds = self._bounds(shape)
        return _bounds_check(shape, bounds) if bounds else None

    def _structure(self, shape: StructureShape) -> Check | None:
        if shape.name in self._structures:
            return self._structures[shape.name]
        box: list[Check | None] = [None]
        # A recursive reference found while compiling goes through the box, which is filled below.
        self._structures[shape.name] = lambda value: [] if box[0] is None else box[0](value)
        required = tuple(shape.required_members)
        checked = set() if required else self._checked_members.setdefault(shape.name, set())
        first = self._dialect.told_first.get(shape.name, ())
        names = (
            *(name for name in first if name in shape.members),
            *(name for name in shape.members if name not in first),
        )
        rows = tuple((name, check) for name in names if (check := self.check(shape.members[name])) is not None)
        checked.update(name for name, _ in rows)
        box[0] = self._structures[shape.name] = (
            _structure_check(required, rows, self._dialect.missing_alone.get(shape.name, {}))
            if required or rows
            else None
        )
        return box[0]

    def _list(self, shape: ListShape) -> Check:
        bounds = self._bounds(shape)
        scalar = self._bounds(shape.member) if shape.member.type_name == "string" else ()
        inner = None if scalar else self.check(shape.member)
        texts = f"Member must satisfy constraint: [{', '.join(self._member_texts(shape, scalar))}]"

        def check(value: Any) -> list[Violation]:
            found = _out_of_bounds(shape, bounds, value) if bounds else []
            for index, item in enumerate(value, 1):
                if item is None:
                    found.append(Violation(f"{index}.member", "", "null", NOT_NULL))
                elif inner is not None and (inside := inner(item)):
                    found.extend(violation.below(f"{index}.member", "") for violation in inside)
            if scalar and not all(test(item) for item in value if item is not None for test, _ in scalar):
                found.append(Violation("", "", _quoted(shape, value), texts))
            return found

        return check

    def _map(self, shape: MapShape) -> Check:
        bounds = self._bounds(shape)
        keys = self._bounds(shape.key)
        scalar = () if shape.value.type_name in ("list", "map", "structure") else self._bounds(shape.value)
        inner = None if scalar else self.check(shape.value)
        key_texts = f"Map keys must satisfy constraint: [{', '.join(text for _, text in keys)}]"
        short = self._short_key(shape.key)
        # Of a structure like DynamoDB's values, most have no member that could be wrong.
        members = self._checked_members.get(shape.value.name)
        passes = None if members is None else members.isdisjoint
        value_texts = f"Map value must satisfy constraint: [{', '.join(self._member_texts(shape, scalar))}]"

        def check(value: Any) -> list[Violation]:
            found = _out_of_bounds(shape, bounds, value) if bounds else []
            if keys and not all(map(short, map(len, value))):
                for test, _ in keys:
                    if not all(map(test, value)):
                        found.append(Violation("", "", _quoted(shape, value), key_texts))
                        break
            for key, item in value.items():
                if item is None:
                    found.append(Violation(f"{key}.member", "", "null", NOT_NULL))
                elif inner is not None and (passes is None or not passes(item)) and (inside := inner(item)):
                    found.extend(violation.below(f"{key}.member", "") for violation in inside)
            if scalar and not all(test(item) for item in value.values() if item is not None for test, _ in scalar):
                found.append(Violation("", "", _quoted(shape, value), value_texts))
            return found

        return check

    def _short_key(self, shape: Shape) -> Callable[[int], bool]:
        """Whether a key of so many characters is within all bounds, whatever its characters are."""
        limits = {**shape.metadata, **self._dialect.constraints.get(shape.name, {})}
        most = limits.get("max")
        if most is None or limits.keys() & {"min", "pattern", "enum"}:
            return _no_key
        # A character has at most four bytes in UTF-8, and two units in UTF-16.
        return (int(most) // 4).__ge__

    def _member_texts(self, shape: Shape, bounds: tuple[_Bound, ...]) -> list[str]:
        """The constraints of a list's members or a map's values, as the list or map names them."""
        texts = [text for _, text in bounds]
        if self._dialect.constraints.get(shape.name, {}).get("members_not_null", False):
            texts.append(NOT_NULL)
        return texts

    def _bounds(self, shape: Shape) -> tuple[_Bound, ...]:
        """The constraints of a shape itself: tests that are true where the constraint holds, with AWS's text for it."""
        limits: dict[str, Any] = {**shape.metadata, **self._dialect.constraints.get(shape.name, {})}
        measure, texts = _measure(shape, in_bytes=shape.name in self._dialect.byte_sized)
        bounds: list[_Bound] = []
        if measure is not None and limits.get("max") is not None:
            bounds.append((_at_most(measure, limits["max"]), texts[1].format(_number(shape, limits["max"]))))
        if measure is not None and limits.get("min") is not None:
            bounds.append((_at_least(measure, limits["min"]), texts[0].format(_number(shape, limits["min"]))))
        if shape.type_name == "string" and limits.get("pattern") is not None:
            matches = compile_pattern(limits["pattern"])
            if matches is None:
                self.unchecked_patterns[shape.name] = limits["pattern"]
            else:
                text = f"Member must satisfy regular expression pattern: {limits['pattern']}"
                bounds.append((lambda value: matches(value) is not None, text))
        if limits.get("enum"):
            values = frozenset(limits["enum"])
            text = f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
            bounds.append((values.__contains__, text))
        return tuple(bounds)


def _no_key(length: int) -> bool:
    """Every key is looked at."""
    return False


def _structure_check(
    required: tuple[str, ...], rows: tuple[tuple[str, Check], ...], missing_alone: Mapping[str, str]
) -> Check:
    find = dict(rows).get

    def check(value: Any) -> list[Violation]:
        for name in required:
            if value.get(name) is None:
                return violations(value)
        for name, item in value.items():
            inner = find(name)
            if inner is not None and item is not None and inner(item):
                return violations(value)
        return []

    def violations(value: Any) -> list[Violation]:
        """All of them, in the model's order."""
        found: list[Violation] = []
        get = value.get
        for name in required:
            if get(name) is None:
                text = missing_alone.get(name)
                found.append(Violation(member_name(name), name, "null", text or NOT_NULL, alone=text is not None))
        for name, inner in rows:
            item = get(name)
            if item is not None:
                found.extend(violation.below(member_name(name), name) for violation in inner(item))
        return found

    return check


def _bounds_check(shape: Shape, bounds: tuple[_Bound, ...]) -> Check:
    if len(bounds) == 1:
        ((test, text),) = bounds
        return lambda value: [] if test(value) else [Violation("", "", _quoted(shape, value), text)]
    return lambda value: _out_of_bounds(shape, bounds, value)


def _out_of_bounds(shape: Shape, bounds: tuple[_Bound, ...], value: Any) -> list[Violation]:
    return [Violation("", "", _quoted(shape, value), text) for test, text in bounds if not test(value)]


def _quoted(shape: Shape, value: Any) -> str | None:
    return None if shape.metadata.get("sensitive") else f"'{java_text(shape, value)}'"


# -- measures ------------------------------------------------------------

_LENGTH = (
    "Member must have length greater than or equal to {}",
    "Member must have length less than or equal to {}",
)
_VALUE = ("Member must have value greater than or equal to {}", "Member must have value less than or equal to {}")
_BYTES = (
    "Member must have size greater than or equal to {} bytes in UTF-8 encoding",
    "Member must have size less than or equal to {} bytes in UTF-8 encoding",
)
_NUMBERS: Mapping[str, type] = {"integer": int, "long": int, "float": float, "double": float}


def _measure(shape: Shape, *, in_bytes: bool) -> tuple[Callable[[Any], float] | None, tuple[str, str]]:
    kind = shape.type_name
    if kind in _NUMBERS:
        return _itself, _VALUE
    if kind in ("string", "character"):
        return (_utf8_bytes, _BYTES) if in_bytes else (_utf16_units, _LENGTH)
    if kind in ("list", "map", "blob"):
        return len, _LENGTH
    return None, _LENGTH


def _itself(value: Any) -> float:
    number: float = value
    return number


def _utf16_units(value: str) -> int:
    """Java counts UTF-16 units."""
    return len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2


def _utf8_bytes(value: str) -> int:
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _at_most(measure: Callable[[Any], float], bound: float) -> Callable[[Any], bool]:
    if measure is _utf16_units:  # a string has at most two units a character
        half = bound // 2
        return lambda value: len(value) <= half or _utf16_units(value) <= bound
    return lambda value: measure(value) <= bound


def _at_least(measure: Callable[[Any], float], bound: float) -> Callable[[Any], bool]:
    return lambda value: measure(value) >= bound


def _number(shape: Shape, bound: float) -> str:
    kind = _NUMBERS.get(shape.type_name, int)
    return str(kind(bound))
