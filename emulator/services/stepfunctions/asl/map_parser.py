"""The Map state's parser: items, item selector, concurrency and the processor's mode.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
"""

from __future__ import annotations

from typing import Any

from emulator.services.stepfunctions.asl.definition import Expression, Flow, MapState, State
from emulator.services.stepfunctions.asl.fields import Fields
from emulator.services.stepfunctions.asl.jsonata_parsers import constant_or_query, query
from emulator.services.stepfunctions.asl.map_run_parser import parse_batcher, parse_reader, parse_writer
from emulator.services.stepfunctions.asl.state_fields import LONGEST_SECONDS, Scope, shared_by
from emulator.services.stepfunctions.asl.template import FieldPath

__all__ = ["parse_map"]

_LONGEST_LABEL = 40


def parse_map(name: str, fields: Fields, scope: Scope) -> State:
    """A Map state in either query language."""
    key = fields.only_one_of("ItemProcessor", "Iterator")
    if key is None:
        fields.require("ItemProcessor")
    flow, child_type = Flow("", {}), None
    given = None if key is None else fields.object(key)
    if key is not None and given is not None:
        processor = Fields(given, fields.at(key), fields.problems)
        child_type = _child_type(processor)
        flow = scope.nested(processor, scope.workflow_type if child_type is None else child_type)
        processor.finish()
    distributed = child_type is not None
    if distributed and scope.workflow_type == "EXPRESS":
        fields.problems.report("EXPRESS state machines do not support a Distributed Map", fields.location)
    label = fields.string("Label")
    if label is not None and not 0 < len(label) <= _LONGEST_LABEL:
        fields.report("Label", f"Value must have 1 to {_LONGEST_LABEL} characters")
    run: dict[str, Any] = {  # an inline Map takes the tolerances, and tolerates nothing
        "is_distributed": distributed,
        "child_type": "STANDARD" if child_type is None else child_type,
        "label": label,
        "tolerated_count": _tolerance(fields, "ToleratedFailureCount", scope),
        "tolerated_percentage": _tolerance(fields, "ToleratedFailurePercentage", scope),
    }
    if distributed:
        is_jsonata = scope.is_jsonata
        run |= {
            "reader": parse_reader(fields, is_jsonata=is_jsonata),
            "batcher": parse_batcher(fields, is_jsonata=is_jsonata),
            "writer": parse_writer(fields, is_jsonata=is_jsonata),
        }
    return (_jsonata_map if scope.is_jsonata else _jsonpath_map)(name, fields, scope, flow, run)


def _tolerance(fields: Fields, name: str, scope: Scope) -> Expression | float | None:
    if scope.is_jsonata:
        expression = constant_or_query(fields, name, "number")
        return fields.number(name, 0.0) if expression is None else expression
    fields.only_one_of(name, f"{name}Path")
    path = fields.expression(f"{name}Path")
    return fields.number(name, 0.0) if path is None else path


def _jsonata_map(name: str, fields: Fields, scope: Scope, flow: Flow, run: dict[str, Any]) -> State:
    shared = shared_by(fields, scope, errors=True, arguments=False)
    concurrency = constant_or_query(fields, "MaxConcurrency", "number")
    fixed = None if concurrency is not None else fields.integer("MaxConcurrency", 0, LONGEST_SECONDS)
    return MapState(
        name=name,
        **shared,
        **run,
        processor=flow,
        items_path=query(fields, "Items", "array"),
        item_selector=query(fields, "ItemSelector"),
        max_concurrency=0 if fixed is None else fixed,
        max_concurrency_path=concurrency,
    )


def _jsonpath_map(name: str, fields: Fields, scope: Scope, flow: Flow, run: dict[str, Any]) -> State:
    fields.only_one_of("MaxConcurrency", "MaxConcurrencyPath")
    shared = shared_by(fields, scope, result=True, errors=True)
    old_selector, shared["parameters"] = shared["parameters"], None
    selector = old_selector
    if fields.only_one_of("ItemSelector", "Parameters") != "Parameters":
        selector = fields.template("ItemSelector")
    concurrency = fields.integer("MaxConcurrency", 0, LONGEST_SECONDS)
    return MapState(
        name=name,
        **shared,
        **run,
        processor=flow,
        items_path=_items_path(fields),
        item_selector=selector,
        max_concurrency=0 if concurrency is None else concurrency,
        max_concurrency_path=fields.expression("MaxConcurrencyPath"),
    )


def _items_path(fields: Fields) -> Expression | None:
    expression = fields.expression("ItemsPath")
    if isinstance(expression, FieldPath) and expression.path.is_whole_input:
        return None
    return expression


def _child_type(processor: Fields) -> str | None:
    """STANDARD or EXPRESS for a Distributed Map, None for an inline one."""
    given = processor.object("ProcessorConfig")
    if given is None:
        return None
    config = Fields(given, processor.at("ProcessorConfig"), processor.problems)
    mode, kind = config.string("Mode"), config.string("ExecutionType")
    if mode not in (None, "INLINE", "DISTRIBUTED"):
        config.report("Mode", "Value must be one of [INLINE, DISTRIBUTED]")
    if mode == "DISTRIBUTED":
        config.require("ExecutionType")
        if kind not in (None, "STANDARD", "EXPRESS"):
            config.report("ExecutionType", "Value must be one of [STANDARD, EXPRESS]")
    config.finish()
    if mode != "DISTRIBUTED":
        return None
    return "EXPRESS" if kind == "EXPRESS" else "STANDARD"
