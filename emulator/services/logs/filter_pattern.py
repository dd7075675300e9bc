"""The subset of filter patterns for unstructured logs: terms, "quoted terms", ?optional and -excluded ones.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    ""                 everything
    ERROR Timeout      both terms
    "task timed out"   the phrase
    ?ERROR ?WARN       either; ignored next to plain terms, as AWS does
    ERROR -Retry       the first without the second
Terms are case-sensitive. JSON patterns (`{ ... }`), space-delimited ones (`[ ... ]`) and regular expressions (`%...%`) are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.errors import UnsupportedOperation
from emulator.services.logs.errors import InvalidParameterException

__all__ = ["matcher"]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)')


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for messages. Raises UnsupportedOperation for JSON, space-delimited and regular expression patterns."""
    text = pattern.strip()
    if text.startswith(("{", "[", "%")) or re.search(r"(?:^|\s)[-?]?%", text):
        raise UnsupportedOperation(
            f"logs: the filter pattern {pattern!r} is not supported by this emulator; it knows terms, quoted phrases, ?term and -term"
        )
    wanted: dict[str, list[str]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise InvalidParameterException(f"Invalid filter pattern: {pattern}")
        sign, quoted, plain = match.groups()
        if quoted is None and not re.fullmatch(r"[\w.:/$*@#=-]+", plain):
            raise InvalidParameterException(
                f"Invalid character(s) in term '{plain}': terms with other than alphanumeric characters must be quoted"
            )
        wanted[sign].append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    required, either, excluded = wanted[""], wanted["?"], wanted["-"]

    def matches(message: str) -> bool:
        if any(term in message for term in excluded):
            return False
        if required:
            return all(term in message for term in required)
        return not either or any(term in message for term in either)

    return matches
