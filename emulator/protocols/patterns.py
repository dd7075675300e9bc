"""The models' regular expressions, which are Java's, compiled for Python.

AWS's framework matches a value as a whole (`String.matches`). Java's classes that Python's `re` does not have are
rewritten; a pattern that still does not compile is not checked, and `compile_pattern` says so by None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["Matches", "compile_pattern"]

Matches = Callable[[str], object]

# Java's POSIX and Unicode classes as members of a Python character class. A letter is what \w holds without digits and
# underscore, which no class can say; `\w` is the nearest that refuses nothing valid.
_CLASSES: Mapping[str, str] = {
    "ASCII": r"\x00-\x7F",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Graph": r"\x21-\x7E",
    "Lower": "a-z",
    "Print": r"\x20-\x7E",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "L": r"\w",
    "IsLetter": r"\w",
    "LD": r"\w",
    "Ll": "a-zß-öø-ÿ",
    "Lu": "A-ZÀ-ÖØ-Þ",
    "M": (
        r"\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u0610-\u061A\u064B-\u065F\u0900-\u0903\u093A-\u094F"
        r"\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F"
    ),
    "N": r"\d²³¹¼-¾٠-٩०-९⁰-⁹₀-₉⅐-↋①-⒛",
    "Nd": r"\d",
    "P": r"!-#%-*,-/:;?@\[-\]_{}¡§«¶·»¿‐-‧‰-⁞、-〃〈-】",
    "S": r"$+<=>\^`|~¢-©¬®-±´¸×÷₠-⃀℀-⅏←-⏿☀-➿",
    "Z": r"\s\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000",
    "Zs": r" \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000",
    "Cntrl": r"\x00-\x1F\x7F",
}
_PROPERTY = re.compile(r"\\p(?:\{(?:Is|In)?(\w+)\}|([A-Z]))")
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"  # Java writes the astral planes as a range of surrogate pairs
_DANGLING_RANGE = re.compile(r"(\\[wdsWDS])-(?=[^\]])")


def compile_pattern(pattern: str) -> Matches | None:
    """Whether a whole value matches, or None where the pattern cannot be compiled."""
    for candidate in (pattern, _python(pattern)):
        if candidate is None:
            continue
        try:
            return re.compile(candidate).fullmatch
        except re.error:
            continue  # the next candidate, or none
    return None


def _python(pattern: str) -> str | None:
    """The pattern with Java's own syntax rewritten; None where a class is not known."""
    out: list[str] = []
    index, in_class = 0, False
    pattern = pattern.replace(_SURROGATES, r"\U00010000-\U0010FFFF")
    while index < len(pattern):
        match = _PROPERTY.match(pattern, index)
        if match is not None:
            members = _CLASSES.get(match[1] or match[2])
            if members is None:
                return None
            out.append(members if in_class else f"[{members}]")
            index = match.end()
            continue
        if pattern[index] == "\\" and index + 1 < len(pattern):
            out.append(pattern[index : index + 2])
            index += 2
            continue
        in_class = (in_class or pattern[index] == "[") and pattern[index] != "]"
        out.append(pattern[index])
        index += 1
    return _DANGLING_RANGE.sub(r"\1\-", "".join(out))
