"""The table of what can be deployed, as Markdown: `python -m emulator.deploy.support`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from emulator.deploy.catalogue import CATALOGUE
from emulator.deploy.properties import Each, Leaf, Shape

__all__ = ["support_table"]


def support_table() -> Iterator[str]:
    """The lines of the table: one row for each resource type."""
    yield "| resource type | properties | accepted, without effect here | `Fn::GetAtt` |"
    yield "|---|---|---|---|"
    for name, kind in sorted(CATALOGUE.items()):
        properties = ", ".join(_written(member, shape) for member, shape in sorted(kind.properties.items()))
        accepted = "; ".join(f"{member} ({reason})" for member, reason in sorted(kind.accepted.items()))
        attributes = ", ".join(kind.attributes)
        yield f"| `{name}` | {properties} | {accepted} | {attributes} |"


def _written(name: str, shape: Shape) -> str:
    """A property with its members, where it has some of its own."""
    if isinstance(shape, Leaf | Each) or name == "Tags":
        return name
    members: Mapping[str, Shape] = shape
    return f"{name} ({', '.join(_written(member, inner) for member, inner in sorted(members.items()))})"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in support_table())
