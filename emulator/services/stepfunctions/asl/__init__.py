"""The Amazon States Language: definitions, paths, intrinsic functions, choice rules, error matching. Nothing here runs or waits."""

from emulator.services.stepfunctions.asl.catalogue import Catalogue
from emulator.services.stepfunctions.asl.definition import Definition
from emulator.services.stepfunctions.asl.document import Document
from emulator.services.stepfunctions.asl.fields import Problem
from emulator.services.stepfunctions.asl.parser import parse_definition, parse_state
from emulator.services.stepfunctions.asl.variable_references import variable_references

__all__ = ["Catalogue", "Definition", "Document", "Problem", "parse_definition", "parse_state", "variable_references"]
