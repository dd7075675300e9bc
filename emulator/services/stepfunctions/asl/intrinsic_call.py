"""Calls of intrinsic functions: `States.Format('Hello {}', $.name)`, parsed once, nested at will.

Rules. Strings stand in single quotes; a backslash takes the next character as it is (`\\'`, `\\{`, `\\}`, `\\\\`). Other arguments are
numbers, true, false, null, paths and calls, nested at most ten deep.
"""

from __future__ import annotations

import re
from typing import Any

from emulator.services.stepfunctions.asl.definition import Environment, Expression
from emulator.services.stepfunctions.asl.document import loads
from emulator.services.stepfunctions.asl.failures import INTRINSIC_FAILURE, DataFlowError
from emulator.services.stepfunctions.asl.intrinsics import FUNCTIONS, Function, IntrinsicError
from emulator.services.stepfunctions.asl.paths import PathNotFound, parse_path

__all__ = ["IntrinsicCall", "parse_call"]

_DEEPEST = 10
_TOKEN = re.compile(
    r"\s*(?:(?P<name>States\.\w+)\s*\(|(?P<string>'(?:[^'\\]|\\.)*')|(?P<word>[^\s,()'$][^\s,()']*))", re.DOTALL
)
_UNESCAPED_PIECE = re.compile(r"\\(.)", re.DOTALL)
_PLACEHOLDER = re.compile(r"((?:[^\\{]|\\.|\{(?!\}))*)(\{\}|$)", re.DOTALL)


class _Literal:
    __slots__ = ("text", "value")

    def __init__(self, text: str, value: Any) -> None:
        self.text = text
        self.value = value

    def evaluate(self, environment: Environment) -> Any:
        return self.value


class IntrinsicCall:
    """One call. Raises DataFlowError when it is evaluated and the function refuses its arguments."""

    __slots__ = ("_arguments", "_function", "text")

    def __init__(self, text: str, function: Function, arguments: tuple[Expression, ...]) -> None:
        self.text = text
        self._function = function
        self._arguments = arguments

    def evaluate(self, environment: Environment) -> Any:
        """Evaluate the arguments and call the function."""
        values = [argument.evaluate(environment) for argument in self._arguments]
        try:
            return self._function.run(environment, *values)
        except IntrinsicError as error:
            reason = f"The function '{self.text}' had the following error: {error}"
            raise DataFlowError(reason, INTRINSIC_FAILURE) from error


def parse_call(text: str) -> IntrinsicCall:
    """Compile a call. Raises ValueError."""
    call, position = _call(text, 0, 1)
    if text[position:].strip() != "":
        raise ValueError(f"there is more after the call: {text[position:]!r}")
    return call


def _call(text: str, position: int, depth: int) -> tuple[IntrinsicCall, int]:
    if depth > _DEEPEST:
        raise ValueError(f"calls are nested more than {_DEEPEST} deep")
    found = _TOKEN.match(text, position)
    if found is None or found["name"] is None:
        raise ValueError(f"{text!r} is no call of an intrinsic function")
    begin, name = found.start("name"), found["name"]
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(f"there is no intrinsic function {name}")
    arguments, position = _arguments(text, found.end(), depth)
    if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
        raise ValueError(f"{name} does not take {len(arguments)} arguments")
    if name == "States.Format" and isinstance(arguments[0], _Literal) and isinstance(arguments[0].value, str):
        arguments[0] = _Literal(arguments[0].text, _template_pieces(arguments[0].text))
    return IntrinsicCall(text[begin:position], function, tuple(arguments)), position


def _arguments(text: str, position: int, depth: int) -> tuple[list[Expression], int]:
    arguments: list[Expression] = []
    position = _skip(text, position)
    if text.startswith(")", position):
        return arguments, position + 1
    while True:
        argument, position = _argument(text, position, depth)
        arguments.append(argument)
        position = _skip(text, position)
        if text.startswith(")", position):
            return arguments, position + 1
        if not text.startswith(",", position):
            raise ValueError(f"expected ',' or ')' at character {position + 1} of {text!r}")
        position = _skip(text, position + 1)


def _argument(text: str, position: int, depth: int) -> tuple[Expression, int]:
    if text.startswith("$", position):
        end = _path_end(text, position)
        return _Lookup(text[position:end].strip()), end
    found = _TOKEN.match(text, position)
    if found is None:
        raise ValueError(f"expected an argument at character {position + 1} of {text!r}")
    if found["name"] is not None:
        return _call(text, position, depth + 1)
    if found["string"] is not None:
        return _Literal(found["string"], _unescape(found["string"][1:-1])), found.end()
    try:
        return _Literal(found["word"], loads(found["word"])), found.end()
    except ValueError as error:
        raise ValueError(f"{found['word']!r} is neither a number, true, false nor null") from error


class _Lookup:
    """A path as an argument; the error names the path that led nowhere."""

    __slots__ = ("_path", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._path = parse_path(text)

    def evaluate(self, environment: Environment) -> Any:
        try:
            return self._path.evaluate(environment)
        except PathNotFound as error:
            reason = f"The JSONPath '{self.text}' could not be found in the input '{environment.input_text()}'"
            raise DataFlowError(reason) from error


def _path_end(text: str, position: int) -> int:
    """Where a path argument ends: at a comma or closing parenthesis outside brackets and quotes."""
    depth = 0
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"" and depth > 0:
            quote = character
        elif character in "[(":
            depth += 1
        elif depth > 0 and character in "])":
            depth -= 1
        elif depth == 0 and character in ",)":
            break
        position += 1
    return position


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _unescape(text: str) -> str:
    return _UNESCAPED_PIECE.sub(r"\1", text)


def _template_pieces(literal: str) -> tuple[str, ...]:
    """A quoted template, cut at its placeholders; escaped braces are none."""
    pieces: list[str] = []
    for found in _PLACEHOLDER.finditer(literal[1:-1]):
        pieces.append(_unescape(found[1]))
        if found[2] == "":
            break
    return tuple(pieces)
