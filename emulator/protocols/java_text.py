"""Values as AWS's framework prints them in its validation messages: Java's `toString`."""

from __future__ import annotations

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

__all__ = ["java_text", "member_name"]


def java_text(shape: Shape, value: Any) -> str:
    """`[a, b]`, `{k=v}`, `Shape(member=value)`, `null`."""
    if value is None:
        return "null"
    if isinstance(shape, ListShape):
        return f"[{', '.join(java_text(shape.member, item) for item in value)}]"
    if isinstance(shape, MapShape):
        return f"{{{', '.join(f'{key}={java_text(shape.value, item)}' for key, item in value.items())}}}"
    if isinstance(shape, StructureShape):
        members = [f"{member_name(name)}={java_text(kind, value.get(name))}" for name, kind in shape.members.items()]
        return f"{shape.name}({', '.join(members)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


def member_name(name: str) -> str:
    """A member's name with its first letter lowered: `QueueName` is reported at `queueName`."""
    return name[:1].lower() + name[1:]
