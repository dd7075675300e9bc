"""JSONata in definitions: `{% ... %}` strings, compiled once, evaluated with `$states`, the variables and AWS's own functions.

Rules. The delimiters wrap the whole string. An expression that gives nothing, the wrong type, something that is no JSON, runs for more
than a second, or fails, is a `States.QueryEvaluationError`. `$eval` does not exist. `$partition`, `$range`, `$hash`, `$random`, `$uuid` and
`$parse` do; `$now` and `$millis` follow the engine's clock.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment
from emulator.services.stepfunctions.asl.document import dumps
from emulator.services.stepfunctions.asl.failures import QUERY_EVALUATION_ERROR, DataFlowError
from emulator.services.stepfunctions.asl.intrinsics import FUNCTIONS, IntrinsicError
from emulator.services.stepfunctions.asl.timestamps import format_timestamp

__all__ = ["JsonataExpression", "JsonataTemplate", "QueryError", "is_jsonata", "parse_jsonata_template"]

_LONGEST_MILLISECONDS = 1_000  # of an evaluation, as on AWS
_DEEPEST_STACK = 500
Report = Callable[[str, str], None]


_REPLACED = ("eval", "partition", "range", "hash", "parse", "random", "uuid", "now", "millis")


class QueryError(DataFlowError):
    """An expression failed; `location` is the field, or None where no field was given."""

    def __init__(self, reason: str, location: str | None = None) -> None:
        super().__init__(reason, QUERY_EVALUATION_ERROR)
        self.location = location


class JsonataExpression:
    """One expression in a named field."""

    __slots__ = ("_compiled", "_field", "_functions", "_with_context", "text")

    def __init__(self, text: str, field: str) -> None:
        """Compile. Raises ValueError saying what is wrong."""
        from jsonata import Jsonata  # type: ignore[import-untyped]  # 40 ms, which only JSONata users pay
        from jsonata.jexception import JException  # type: ignore[import-untyped]

        self.text = text
        self._field = field
        self._with_context = "$states.context" in text or "$states" in text.replace("$states.", "")
        self._functions = frozenset(name for name in _REPLACED if f"${name}" in text)
        try:
            self._compiled = Jsonata(text, timeout=_LONGEST_MILLISECONDS, stack=_DEEPEST_STACK)
        except JException as error:
            raise ValueError(str(error)) from error
        self._compiled.set_output_convert_nulls(False)

    def evaluate(self, environment: Environment) -> Any:
        """The value. Raises QueryError."""
        from jsonata.jexception import JException
        from jsonata.utils import Utils  # type: ignore[import-untyped]

        null = Utils.NULL_VALUE
        bindings = dict(environment.query_bindings(lambda value: _with_nulls(value, null), self._with_context))
        if self._functions:
            table = _functions(environment, null)
            bindings.update({name: table[name] for name in self._functions})
        about = f"The JSONata expression '{self.text}' specified for the field '{self._field}'"
        try:
            value = self._compiled.evaluate(None, bindings)
        except (
            JException,
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            code = getattr(error, "error", None)
            details = f"{code}: {error}" if code else str(error)
            raise QueryError(f"{about} threw an error during evaluation. {details}", self._field) from error
        if value is None:
            raise QueryError(f"{about} returned nothing (undefined).", self._field)
        return _plain(value, null, about, self._field)


class JsonataTemplate:
    """JSON with expressions inside, and the type that the whole must have where a field asks for one."""

    __slots__ = ("_build", "_expected", "_field", "constant", "text")

    def __init__(
        self, text: str, build: Callable[[Environment], Any] | None, constant: Any, field: str, expected: str | None
    ) -> None:
        self.text = text
        self.constant = constant
        self._build = build
        self._field = field
        self._expected = expected

    @property
    def is_constant(self) -> bool:
        """Whether there is no expression in it."""
        return self._build is None

    def evaluate(self, environment: Environment) -> Any:
        """The template filled in. Raises QueryError."""
        if self._build is None:
            return self.constant
        value = self._build(environment)
        if self._expected is not None and json_type(value) != self._expected:
            raise QueryError(
                f"The JSONata expression '{self.text}' specified for the field '{self._field}' returned an unexpected result "
                f"type. Expected '{self._expected}', but was '{json_type(value)}' for value: {dumps(value)}",
                self._field,
            )
        return value


def is_jsonata(value: Any) -> bool:
    """Whether a value is an expression rather than a constant."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) >= 4


def parse_jsonata_template(
    value: Any, field: str, location: str, report: Report, expected: str | None = None
) -> JsonataTemplate:
    """Compile a field; problems go to `report`."""
    build = _compile(value, field, location, report)
    if is_jsonata(value):
        return JsonataTemplate(value[2:-2].strip(), build, None, field, expected)
    return JsonataTemplate(dumps(value), build, value, field, expected)


def json_type(value: Any) -> str:
    """The JSON type of a value, as AWS names it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _compile(value: Any, field: str, location: str, report: Report) -> Callable[[Environment], Any] | None:
    if is_jsonata(value):
        try:
            return JsonataExpression(value[2:-2].strip(), field).evaluate
        except ValueError as error:
            report(f"The JSONata expression is not valid: {error}", location)
            return None
    if isinstance(value, str) and (value.startswith("{%") or value.endswith("%}")):
        report("A JSONata expression must begin with '{%' and end with '%}'", location)
    if isinstance(value, Mapping):
        members = [
            (name, inner, _compile(inner, f"{field}/{name}", f"{location}/{name}", report))
            for name, inner in value.items()
        ]
        if all(build is None for _, _, build in members):
            return None
        return lambda environment: {
            name: inner if build is None else build(environment) for name, inner, build in members
        }
    if isinstance(value, list):
        items = [
            (inner, _compile(inner, f"{field}[{index}]", f"{location}[{index}]", report))
            for index, inner in enumerate(value)
        ]
        if all(build is None for _, build in items):
            return None
        return lambda environment: [inner if build is None else build(environment) for inner, build in items]
    return None


def _with_nulls(value: Any, null: Any) -> Any:
    """JSON for the library, which takes None for "nothing" and has its own null."""
    if value is None:
        return null
    if isinstance(value, Mapping):
        return {name: _with_nulls(inner, null) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_nulls(inner, null) for inner in value]
    return value


def _plain(value: Any, null: Any, about: str, field: str) -> Any:
    """The library's answer as JSON; functions and the like are none."""
    if value is null or value is None:
        return None
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list):
        return [_plain(inner, null, about, field) for inner in value]
    if type(value) is dict:
        return {name: _plain(inner, null, about, field) for name, inner in value.items()}
    raise QueryError(f"{about} returned an unexpected result type. Expected JSON, but was a function.", field)


def _functions(environment: Environment, null: Any) -> dict[str, Any]:
    """What AWS adds to JSONata, what it takes away, and what must follow the clock and the seed here."""
    from jsonata import Jsonata

    def call(name: str, *arguments: Any) -> Any:
        given = [_plain(argument, null, name, name) for argument in arguments]
        try:
            return _with_nulls(FUNCTIONS[name].run(environment, *given), null)
        except IntrinsicError as error:
            raise ValueError(str(error)) from error

    def now(picture: Any = None, zone: Any = None) -> Any:
        if picture is None:
            return format_timestamp(environment.now())
        formatted = Jsonata("$fromMillis($at, $picture, $zone)")
        return formatted.evaluate(None, {"at": millis(), "picture": picture, "zone": zone})

    def millis() -> int:
        return round(environment.now() * 1000.0)

    def draw(seed: Any = None) -> float:
        source: Random = environment.random() if seed is None else Random(str(seed))
        return source.random()

    table: dict[str, Callable[..., Any]] = {
        "partition": lambda array, size: call("States.ArrayPartition", array, size),
        "range": lambda first, last, step: call("States.ArrayRange", first, last, step),
        "hash": lambda data, algorithm: call("States.Hash", data, algorithm),
        "parse": lambda text: call("States.StringToJson", text),
        "random": draw,
        "uuid": environment.uuid,
        "now": now,
        "millis": millis,
    }
    return {"eval": null, **{name: Jsonata.JLambda(function) for name, function in table.items()}}
