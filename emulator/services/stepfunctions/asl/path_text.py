"""Reads the text of a path piece by piece and says where it is wrong."""

from __future__ import annotations

import re

__all__ = ["PathScanner"]

_ROOT = re.compile(r"\$\$|\$[^\W\d]\w*|\$")
_NAME = re.compile(r"[^\s.\[\]()'\"?:,*@&|<>=!~]+")
_INTEGER = re.compile(r"-?\d+")
_SPACE = re.compile(r"\s*")


class PathScanner:
    """A position in the text of a path."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position

    def error(self, problem: str) -> ValueError:
        """What is wrong, and where."""
        return ValueError(f"{problem} at character {self.position + 1} of {self.text!r}")

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.position >= len(self.text)

    def at(self, token: str) -> bool:
        """Whether `token` comes next."""
        return self.text.startswith(token, self.position)

    @property
    def at_quote(self) -> bool:
        """Whether a quoted string comes next, after white space."""
        self.skip_space()
        return self.at("'") or self.at('"')

    def skip_space(self) -> None:
        """Go past white space."""
        found = _SPACE.match(self.text, self.position)
        if found is not None:
            self.position = found.end()

    def take(self, token: str) -> bool:
        """Read `token` if it comes next."""
        if token not in (".", ".."):
            self.skip_space()
        if not self.at(token):
            return False
        self.position += len(token)
        return True

    def expect(self, token: str) -> None:
        """Read `token`. Raises ValueError where something else comes."""
        if not self.take(token):
            raise self.error(f"expected {token!r}")

    def take_root(self) -> str:
        """Read `$`, `$$` or `$name`."""
        found = _ROOT.match(self.text, self.position)
        if found is None:
            raise self.error("a path begins with '$'")
        self.position = found.end()
        return found.group()

    def take_name(self) -> str:
        """Read a name after a dot."""
        found = _NAME.match(self.text, self.position)
        if found is None:
            raise self.error("expected a name")
        self.position = found.end()
        if self.at("("):
            raise self.error("functions in paths are not supported")
        return found.group()

    def take_quoted(self) -> str:
        """Read a string in single or double quotes; a backslash takes the next character as it is."""
        self.skip_space()
        quote = self.text[self.position : self.position + 1]
        if quote not in ("'", '"'):
            raise self.error("expected a quoted name")
        position = self.position + 1
        characters: list[str] = []
        while position < len(self.text):
            character = self.text[position]
            if character == "\\" and position + 1 < len(self.text):
                characters.append(self.text[position + 1])
                position += 2
                continue
            position += 1
            if character == quote:
                self.position = position
                return "".join(characters)
            characters.append(character)
        raise self.error("the string has no end")

    def take_integer_or_none(self) -> int | None:
        """Read an integer if one comes next, after white space."""
        self.skip_space()
        found = _INTEGER.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return int(found.group())
