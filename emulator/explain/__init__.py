"""Executions for people: a readable tree with the failure first, and a picture with the path taken. Works from API answers, AWS's too."""

from emulator.explain.drawing import Diagram
from emulator.explain.mermaid import mermaid
from emulator.explain.svg import svg
from emulator.explain.text import explain_text
from emulator.explain.tree import ExecutionTree, Visit, build_tree

__all__ = ["Diagram", "ExecutionTree", "Visit", "build_tree", "explain_text", "mermaid", "svg"]
