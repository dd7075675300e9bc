"""Syntax trees -> expression text; what the parser reads as the same tree again."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.services.dynamodb.expressions.ast import (
    Add,
    And,
    Assignment,
    Between,
    Call,
    Comparison,
    ConditionNode,
    Deletion,
    In,
    Not,
    Operand,
    Or,
    Path,
    UpdateTree,
    Value,
)

__all__ = ["print_condition", "print_operand", "print_path", "print_projection", "print_update"]

_SECTIONS = {Assignment: "SET", Add: "ADD", Deletion: "DELETE"}


def print_path(path: Path) -> str:
    """`a.b[0]`."""
    text = str(path.elements[0])
    for element in path.elements[1:]:
        text += f"[{element}]" if isinstance(element, int) else f".{element}"
    return text


def print_operand(operand: Operand) -> str:
    """A path, value, function or sum."""
    if isinstance(operand, Path):
        return print_path(operand)
    if isinstance(operand, Value):
        return operand.name
    if isinstance(operand, Call):
        return f"{operand.function}({', '.join(map(print_operand, operand.arguments))})"
    return f"{print_operand(operand.left)} {operand.operator} {print_operand(operand.right)}"


def print_condition(node: ConditionNode) -> str:
    """A condition, with parentheses only where the tree needs them."""
    if isinstance(node, Comparison):
        return f"{print_operand(node.left)} {node.operator} {print_operand(node.right)}"
    if isinstance(node, Between):
        return f"{print_operand(node.operand)} BETWEEN {print_operand(node.low)} AND {print_operand(node.high)}"
    if isinstance(node, In):
        return f"{print_operand(node.operand)} IN ({', '.join(map(print_operand, node.choices))})"
    if isinstance(node, Call):
        return print_operand(node)
    if isinstance(node, Not):
        return f"NOT {_inside(node.condition, (And, Or))}"
    if isinstance(node, And):
        return f"{_inside(node.left, (Or,))} AND {_inside(node.right, (And, Or))}"
    return f"{print_condition(node.left)} OR {_inside(node.right, (Or,))}"


def _inside(node: ConditionNode, weaker: tuple[type, ...]) -> str:
    text = print_condition(node)
    return f"({text})" if isinstance(node, weaker) else text


def print_projection(paths: Sequence[Path]) -> str:
    """`a, b.c`."""
    return ", ".join(map(print_path, paths))


def print_update(tree: UpdateTree) -> str:
    """`SET ... REMOVE ...`, each section once."""
    sections: dict[str, list[str]] = {}
    for action in tree.actions:
        section = _SECTIONS.get(type(action), "REMOVE")
        text = print_path(action.path)
        if isinstance(action, Assignment):
            text += f" = {print_operand(action.value)}"
        elif isinstance(action, Add | Deletion):
            text += f" {action.value.name}"
        sections.setdefault(section, []).append(text)
    return " ".join(f"{section} {', '.join(texts)}" for section, texts in sections.items())
