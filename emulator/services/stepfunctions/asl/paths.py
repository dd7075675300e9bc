"""JSONPath as Step Functions reads it: `$` the data, `$$` the context object, `$name` a variable, and reference paths to write to.

Rules. AWS uses the Jayway dialect: names with dots or brackets, indexes from either end, unions, slices, `*`, `..` and filters. A path of
names and single indexes is *definite*: it gives one value or fails. Any other gives the list of what it finds, possibly empty, and is
never an error. https://github.com/json-path/JsonPath, https://states-language.net/spec.html#path
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.path_filter import parse_filter
from emulator.services.stepfunctions.asl.path_text import PathScanner

__all__ = ["Path", "PathNotFound", "is_path", "parse_path", "parse_reference_path", "put"]

Select = Callable[[Any], list[Any]]
"""One indefinite step: what it finds below a value."""


class PathNotFound(Exception):
    """A definite path leads nowhere; the message is Jayway's."""


class Path:
    """A compiled path. `text` is as it was written."""

    __slots__ = ("_root", "_steps", "definite", "steps", "text", "variable")

    def __init__(self, text: str, root: str, steps: tuple[str | int | Select, ...]) -> None:
        self.text = text
        self._root = root
        self.variable = root[1:] if len(root) > 1 and root != "$$" else None
        self._steps = steps
        self.definite = all(isinstance(step, str | int) for step in steps)
        self.steps: tuple[str | int, ...] = tuple(step for step in steps if isinstance(step, str | int))

    @property
    def is_whole_input(self) -> bool:
        """Whether this is `$`."""
        return self._root == "$" and not self._steps

    def evaluate(self, environment: Environment) -> Any:
        """The value, or the list of values, that the path leads to. Raises PathNotFound."""
        root: Any
        if self.variable is not None:
            root = environment.variable(self.variable)
        else:
            root = environment.data if self._root == "$" else environment.context()
        return self.select(root)

    def select(self, root: Any) -> Any:
        """As `evaluate`, from a given root."""
        if self.definite:
            return _walk(root, self.steps)
        found = [root]
        for step in self._steps:
            if isinstance(step, str):
                found = [value[step] for value in found if isinstance(value, Mapping) and step in value]
            elif isinstance(step, int):
                found = [value[step] for value in found if _has_index(value, step)]
            else:
                found = [inner for value in found for inner in step(value)]
        return found

    def exists(self, environment: Environment) -> bool:
        """Whether the path finds anything (IsPresent)."""
        try:
            found = self.evaluate(environment)
        except PathNotFound:
            return False
        return self.definite or bool(found)


def is_path(text: str) -> bool:
    """Whether a string is meant as a path rather than as a function call."""
    return text.startswith("$")


def parse_path(text: str) -> Path:
    """Compile a path. Raises ValueError saying what is wrong."""
    scanner = PathScanner(text)
    root = scanner.take_root()
    steps: list[str | int | Select] = []
    while not scanner.at_end:
        steps.append(_step(scanner))
    return Path(text, root, tuple(steps))


def parse_reference_path(text: str) -> tuple[str | int, ...]:
    """Compile a path that results are written to: `$` and then names and indexes only. Raises ValueError."""
    path = parse_path(text)
    if path.variable is not None or text.startswith("$$") or not path.definite:
        raise ValueError("only '$' with names and single indexes may be written to")
    return path.steps


def put(root: Any, steps: tuple[str | int, ...], value: Any) -> Any:
    """A copy of `root` with `value` at `steps`; what is on the way is copied, the rest is shared. Raises PathNotFound."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if root is not None and not isinstance(root, Mapping):
            raise PathNotFound(f"Unable to apply step {_quoted(step)} to input {_kind(root)}")
        copy: dict[str, Any] = {} if root is None else dict(root)
        copy[step] = put(copy.get(step), rest, value)
        return copy
    if not isinstance(root, list) or not _has_index(root, step):
        raise PathNotFound(f"Unable to apply step [{step}] to input {_kind(root)}")
    items = list(root)
    items[step] = put(items[step], rest, value)
    return items


def _step(scanner: PathScanner) -> str | int | Select:
    if scanner.take(".."):
        if scanner.at("["):
            inner = _bracket(scanner)
        else:
            inner = _wildcard if scanner.take("*") else scanner.take_name()
        return lambda value: _descend(value, inner)
    if scanner.take("."):
        if scanner.take("*"):
            return _wildcard
        return scanner.take_name()
    if scanner.at("["):
        return _bracket(scanner)
    raise scanner.error("expected '.' or '['")


def _bracket(scanner: PathScanner) -> str | int | Select:
    scanner.expect("[")
    if scanner.take("*"):
        scanner.expect("]")
        return _wildcard
    if scanner.take("?"):
        predicate = parse_filter(scanner, parse_path_at=_relative_path)
        scanner.expect("]")
        return lambda value: [item for item in _children(value) if predicate(item)]
    if scanner.at_quote:
        names = [scanner.take_quoted()]
        while scanner.take(","):
            names.append(scanner.take_quoted())
        scanner.expect("]")
        if len(names) == 1:
            return names[0]
        chosen = tuple(names)
        return lambda value: [value[name] for name in chosen if name in value] if isinstance(value, Mapping) else []
    return _indexes(scanner)


def _indexes(scanner: PathScanner) -> int | Select:
    start = scanner.take_integer_or_none()
    if scanner.take(":"):
        stop = scanner.take_integer_or_none()
        scanner.expect("]")
        return lambda value: value[start:stop] if isinstance(value, list) else []
    if start is None:
        raise scanner.error("expected a name, an index, '*' or '?' in brackets")
    indexes = [start]
    while scanner.take(","):
        index = scanner.take_integer_or_none()
        if index is None:
            raise scanner.error("expected an index")
        indexes.append(index)
    scanner.expect("]")
    if len(indexes) == 1:
        return start
    return lambda value: [value[index] for index in indexes if _has_index(value, index)]


def _relative_path(scanner: PathScanner) -> Callable[[Any], tuple[bool, Any]]:
    """The path after `@` in a filter: whether it finds something, and what."""
    steps: list[str | int | Select] = []
    while scanner.at(".") or scanner.at("["):
        steps.append(_step(scanner))
    path = Path("@", "$", tuple(steps))

    def find(value: Any) -> tuple[bool, Any]:
        try:
            found = path.select(value)
        except PathNotFound:
            return False, None
        return path.definite or bool(found), found

    return find


def _walk(value: Any, steps: tuple[str | int, ...]) -> Any:
    for position, step in enumerate(steps):
        if isinstance(step, str):
            if isinstance(value, Mapping):
                if step in value:
                    value = value[step]
                    continue
                last = position == len(steps) - 1
                where = _jayway(steps[: position + 1])
                raise PathNotFound(f"{'No results for path: ' if last else 'Missing property in path '}{where}")
            raise PathNotFound(
                f"Expected to find an object with property ['{step}'] in path {_jayway(steps[:position])} but found "
                f"'{_java_type(value)}'. This is not a json object according to the JsonProvider: "
                "'com.jayway.jsonpath.spi.json.JsonSmartJsonProvider'."
            )
        if not isinstance(value, list):
            raise PathNotFound(f"Filter: [{step}] can only be applied to arrays. Current context is: {_kind(value)}")
        if not _has_index(value, step):
            raise PathNotFound(f"Index out of bounds when evaluating path {_jayway(steps[: position + 1])}")
        value = value[step]
    return value


def _has_index(value: Any, index: int) -> bool:
    return isinstance(value, list) and -len(value) <= index < len(value)


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _wildcard(value: Any) -> list[Any]:
    return _children(value)


def _descend(value: Any, step: str | int | Select) -> list[Any]:
    """What `step` finds in the value and in everything below it."""
    if isinstance(step, str):
        found = [value[step]] if isinstance(value, Mapping) and step in value else []
    elif isinstance(step, int):
        found = [value[step]] if _has_index(value, step) else []
    else:
        found = list(step(value))
    for child in _children(value):
        if isinstance(child, Mapping | list):
            found.extend(_descend(child, step))
    return found


def _jayway(steps: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in steps)


def _quoted(step: str) -> str:
    return f'"{step}"'


_JAVA_TYPES: Mapping[type, str] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    list: "net.minidev.json.JSONArray",
}


def _java_type(value: Any) -> str:
    return "null" if value is None else _JAVA_TYPES.get(type(value), "java.lang.Object")


def _kind(value: Any) -> str:
    return dumps(value)
