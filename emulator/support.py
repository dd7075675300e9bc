"""The tables of what is supported, as Markdown: `python -m emulator.support > docs/support.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from emulator.deploy.support import support_table
from emulator.gateway.not_in_moto import NOT_IN_MOTO
from emulator.gateway.routing import BRIDGED, NATIVE
from emulator.protocols import load_model
from emulator.service_registry import native_service_class

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """The whole page."""
    yield "# What is supported"
    yield ""
    yield "Made by `python -m emulator.support`; a test compares it with the code. What is not listed is refused by name."
    yield ""
    yield "## Native services"
    for name in sorted(NATIVE):
        operations = native_service_class(name).operations
        known = load_model(name).operation_names
        yield ""
        yield f"### {name}: {len(operations)} of {len(known)} operations"
        yield ""
        yield ", ".join(
            f"{row.name} (not: {', '.join(sorted(row.unsupported))})" if row.unsupported else row.name
            for row in sorted(operations.values(), key=lambda row: row.name)
        )
    yield ""
    yield "## Services bridged to moto"
    yield ""
    yield "Every operation that moto implements, except those that it would answer without doing them:"
    yield ""
    for name in sorted(BRIDGED):
        refused = sorted(NOT_IN_MOTO.get(name, ()))
        yield f"- **{name}**" + (f": refused: {', '.join(refused)}" if refused else "")
    yield ""
    yield "## Resource types in templates"
    yield ""
    yield from support_table()


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines())
