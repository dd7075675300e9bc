"""What the compilers of expressions share: names resolved, values counted, checks collected in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from emulator.services.dynamodb.expressions.ast import Call, Operand, Path, Value
from emulator.services.dynamodb.expressions.limits import DEEPEST_PATH, MOST_OPERATORS
from emulator.services.dynamodb.expressions.reserved_words import RESERVED_WORDS
from emulator.services.dynamodb.request_error import RequestError
from emulator.services.dynamodb.values import AttributeValue, type_of

__all__ = ["Check", "Elements", "Fetch", "Scope", "Values", "fetcher", "show_path"]

Values: TypeAlias = Mapping[str, AttributeValue]
Elements: TypeAlias = tuple[str | int, ...]
"""A path with its names resolved."""
Check: TypeAlias = Callable[[Values], None]
"""Something about a request's values that must hold; raises RequestError."""
Fetch: TypeAlias = Callable[[Mapping[str, AttributeValue], Values], AttributeValue | None]
"""An operand's value for an item; None where there is none."""


class Scope:
    """The surroundings of one expression while it is compiled. `kind` is the parameter's name; empty for a PartiQL statement."""

    def __init__(self, kind: str, names: Mapping[str, str]) -> None:
        self._kind, self._names = kind, names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.checks: list[Check] = []
        self.attribute_names: set[str] = set()
        self.nested_names: set[str] = set()
        self._operators = 0

    def error(self, message: str) -> RequestError:
        """An error of this expression."""
        return RequestError(message if self._kind == "" else f"Invalid {self._kind}: {message}")

    def elements(self, path: Path) -> Elements:
        """A path's real elements. Raises RequestError for a name that is not defined, or too many elements."""
        if len(path.elements) > DEEPEST_PATH:
            raise self.error(f"The document path has too many nesting levels; nesting levels: {len(path.elements)}")
        elements = tuple(self._name(element) if isinstance(element, str) else element for element in path.elements)
        head = str(elements[0])
        self.attribute_names.add(head)
        if len(elements) > 1:
            self.nested_names.add(head)
        return elements

    def _name(self, substitute: str) -> str:
        if not substitute.startswith("#"):
            if substitute.upper() in RESERVED_WORDS:
                raise self.error(f"Attribute name is a reserved keyword; reserved keyword: {substitute}")
            return substitute
        self.used_names.add(substitute)
        name = self._names.get(substitute)
        if name is None:
            raise self.error(
                f"An expression attribute name used in the document path is not defined; attribute name: {substitute}"
            )
        return name

    def value(self, name: str) -> None:
        """Note that the expression uses a `:value`, which must be defined."""
        self.used_values.add(name)
        missing = self.error(
            f"An expression attribute value used in expression is not defined; attribute value: {name}"
        )

        def defined(values: Values) -> None:
            if name not in values:
                raise RequestError(missing.message)

        self.checks.append(defined)

    def count_operator(self) -> None:
        """Note one more operator or function. Raises RequestError for one too many."""
        self._operators += 1
        if self._operators > MOST_OPERATORS:
            raise self.error(f"The expression contains too many operators; operator count: {self._operators}")

    def require_type(self, operator: str, operand: Operand, allowed: frozenset[str]) -> None:
        """Refuse an operand whose type is known from the request and not among the allowed ones."""

        def wrong(kind: str) -> RequestError:
            return self.error(
                "Incorrect operand type for operator or function; "
                f"operator or function: {operator}, operand type: {kind}"
            )

        if isinstance(operand, Value):
            name = operand.name

            def check(values: Values) -> None:
                kind = type_of(values[name])
                if kind not in allowed:
                    raise wrong(kind)

            self.checks.append(check)
        elif isinstance(operand, Call) and operand.function == "size" and "N" not in allowed:
            raise wrong("N")

    def require_path(self, operator: str, operand: Operand) -> None:
        """Refuse an operand that is no document path."""
        if not isinstance(operand, Path):
            raise self.error(f"Operator or function requires a document path; operator or function: {operator}")

    def require_distinct(self, operator: str, first: Operand, rest: tuple[Operand, ...]) -> None:
        """Refuse a path that is compared with itself."""
        if isinstance(first, Path):
            elements = self.elements(first)
            if any(isinstance(other, Path) and self.elements(other) == elements for other in rest):
                raise self.error(
                    "The first operand must be distinct from the remaining operands for this operator or function; "
                    f"operator: {operator}, first operand: {show_path(elements)}"
                )


def show_path(elements: Elements) -> str:
    """A path as AWS prints it: `[a, b, [1]]`."""
    return f"[{', '.join(f'[{element}]' if isinstance(element, int) else element for element in elements)}]"


def fetcher(elements: Elements) -> Fetch:
    """What finds a path in an item."""
    head, rest = str(elements[0]), elements[1:]
    if not rest:
        return lambda item, _values: item.get(head)

    def fetch(item: Mapping[str, AttributeValue], values: Values) -> AttributeValue | None:
        value = item.get(head)
        for element in rest:
            if value is None:
                return None
            if isinstance(element, int):
                members = value.get("L")
                value = None if members is None or element >= len(members) else members[element]
            else:
                members = value.get("M")
                value = None if members is None else members.get(element)
        return value

    return fetch
