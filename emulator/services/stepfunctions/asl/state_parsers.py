"""One parser per state type: which fields it takes and what they must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.services.stepfunctions.asl.catalogue import check_arguments
from emulator.services.stepfunctions.asl.choice import parse_rule_test
from emulator.services.stepfunctions.asl.definition import (
    ChoiceRule,
    ChoiceState,
    Expression,
    FailState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from emulator.services.stepfunctions.asl.fields import Fields
from emulator.services.stepfunctions.asl.jsonata_parsers import (
    condition_rule,
    constant_or_query,
    query,
    timestamp_or_query,
)
from emulator.services.stepfunctions.asl.map_parser import parse_map
from emulator.services.stepfunctions.asl.resources import (
    ActivityTask,
    HttpTask,
    Resource,
    ResourceError,
    ServiceTask,
    parse_resource,
)
from emulator.services.stepfunctions.asl.state_fields import LONGEST_SECONDS, Scope, assignments, elements_of, shared_by
from emulator.services.stepfunctions.asl.timestamps import parse_timestamp

__all__ = ["PARSERS"]


def _pass(name: str, fields: Fields, scope: Scope) -> State:
    return PassState(
        name=name,
        **shared_by(fields, scope, result=True),
        has_result=not scope.is_jsonata and fields.has("Result"),
        result=fields.data.get("Result"),
    )


def _succeed(name: str, fields: Fields, scope: Scope) -> State:
    return SucceedState(name=name, **shared_by(fields, scope, transition=False))


def _fail(name: str, fields: Fields, scope: Scope) -> State:
    if scope.is_jsonata:
        error, cause = (constant_or_query(fields, name, "string") for name in ("Error", "Cause"))
        return FailState(
            name=name,
            kind="Fail",
            is_jsonata=True,
            error=None if error is not None else fields.string("Error"),
            cause=None if cause is not None else fields.string("Cause"),
            error_path=error,
            cause_path=cause,
        )
    fields.only_one_of("Error", "ErrorPath")
    fields.only_one_of("Cause", "CausePath")
    return FailState(
        name=name,
        kind="Fail",
        error=fields.string("Error"),
        cause=fields.string("Cause"),
        error_path=fields.expression("ErrorPath"),
        cause_path=fields.expression("CausePath"),
    )


def _wait(name: str, fields: Fields, scope: Scope) -> State:
    if scope.is_jsonata:
        if fields.only_one_of("Seconds", "Timestamp") is None:
            fields.problems.report("Missing one of the following fields: [Seconds, Timestamp]", fields.location)
        moment, at = timestamp_or_query(fields)
        after = constant_or_query(fields, "Seconds", "number")
        fixed = None if after is not None else fields.integer("Seconds", 0, LONGEST_SECONDS)
        return WaitState(
            name=name,
            **shared_by(fields, scope),
            seconds=None if fixed is None else float(fixed),
            timestamp=moment,
            seconds_path=after,
            timestamp_path=at,
        )
    if fields.only_one_of("Seconds", "SecondsPath", "Timestamp", "TimestampPath") is None:
        text = "Missing one of the following fields: [Seconds, SecondsPath, Timestamp, TimestampPath]"
        fields.problems.report(text, fields.location)
    seconds = fields.integer("Seconds", 0, LONGEST_SECONDS)
    timestamp = fields.string("Timestamp")
    moment = None
    if timestamp is not None:
        try:
            moment = parse_timestamp(timestamp)
        except ValueError:
            fields.report("Timestamp", "String does not match RFC3339 timestamp")
    return WaitState(
        name=name,
        **shared_by(fields, scope),
        seconds=None if seconds is None else float(seconds),
        timestamp=moment,
        seconds_path=fields.expression("SecondsPath"),
        timestamp_path=fields.expression("TimestampPath"),
    )


def _choice(name: str, fields: Fields, scope: Scope) -> State:
    fields.require("Choices")
    rules = []
    elements = elements_of(fields, "Choices")
    for index, element in enumerate(elements):
        element.require("Next")
        if scope.is_jsonata:
            rules.append(condition_rule(element, index, assignments(element, scope)))
            element.finish()
            continue
        test = parse_rule_test(element.data, element.location, fields.problems.report)
        rules.append(ChoiceRule(test, element.string("Next") or "", assignments(element, scope)))
    if not elements:
        fields.report("Choices", "At least one rule is required")
    default, assign = fields.string("Default"), assignments(fields, scope)
    shared = shared_by(fields, scope, transition=False)
    return ChoiceState(name=name, **shared, assign=assign, rules=tuple(rules), default=default)


def _task(name: str, fields: Fields, scope: Scope) -> State:
    fields.require("Resource")
    text = fields.string("Resource")
    resource: Resource | None = None
    if text is not None:
        try:
            resource = parse_resource(text, scope.catalogue)
        except ResourceError as error:
            fields.problems.report(str(error), fields.at("Resource"), unsupported=error.unsupported)
    _check_resource(resource, fields, scope)
    timeout, timeout_path = _seconds_or_path(fields, "TimeoutSeconds", scope)
    heartbeat, heartbeat_path = _seconds_or_path(fields, "HeartbeatSeconds", scope)
    if timeout is not None and heartbeat is not None and heartbeat >= timeout:
        fields.report("HeartbeatSeconds", "Value must be smaller than TimeoutSeconds")
    return TaskState(
        name=name,
        **shared_by(fields, scope, result=True, errors=True),
        resource=resource,
        timeout_seconds=None if timeout is None else float(timeout),
        heartbeat_seconds=None if heartbeat is None else float(heartbeat),
        timeout_path=timeout_path,
        heartbeat_path=heartbeat_path,
        role_arn=_credentials(fields, scope),
    )


def _check_resource(resource: Resource | None, fields: Fields, scope: Scope) -> None:
    """What the workflow's type allows, and the names of the arguments."""
    if scope.workflow_type == "EXPRESS":
        if isinstance(resource, ActivityTask):
            fields.report("Resource", "Express state machine does not support Activity ARN")
        elif isinstance(resource, ServiceTask) and resource.pattern != "":
            end = " " if resource.pattern == "waitForTaskToken" else ""  # as AWS writes it
            text = f"Express state machine does not support '.{resource.pattern}' service integration{end}"
            fields.report("Resource", text)
    name = "Arguments" if scope.is_jsonata else "Parameters"
    if isinstance(resource, HttpTask):
        _check_http(fields, name)
    elif isinstance(resource, ServiceTask) and resource.model is not None:
        check_arguments(resource.model, fields.data.get(name), fields.at(name), fields.problems.report)


_HTTP_MEMBERS = frozenset(
    {
        "ApiEndpoint",
        "Authentication",
        "Headers",
        "InvocationConfig",
        "Method",
        "QueryParameters",
        "RequestBody",
        "Transform",
    }
)


def _check_http(fields: Fields, name: str) -> None:
    """The arguments of an HTTP task. https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html"""
    given = fields.data.get(name)
    if isinstance(given, str):  # one expression in JSONata
        return
    members = {member.removesuffix(".$") for member in given} if isinstance(given, Mapping) else set()
    location, report = fields.at(name), fields.problems.report
    for member in sorted(members - _HTTP_MEMBERS):
        report(f'The field "{member}" is not supported by Step Functions', location)
    for member in ("ApiEndpoint", "Method"):
        if member not in members:
            report(f'The field "{member}" is required but was missing', location)
    if not members & {"Authentication", "InvocationConfig"}:
        report('The field "Authentication" is required but was missing', location)


def _seconds_or_path(fields: Fields, name: str, scope: Scope) -> tuple[int | None, Expression | None]:
    if scope.is_jsonata:
        expression = constant_or_query(fields, name, "number")
        return (None, expression) if expression is not None else (fields.integer(name, 1, LONGEST_SECONDS), None)
    fields.only_one_of(name, f"{name}Path")
    return fields.integer(name, 1, LONGEST_SECONDS), fields.expression(f"{name}Path")


def _credentials(fields: Fields, scope: Scope) -> Expression | None:
    given = fields.object("Credentials")
    if given is None:
        return None
    if not any(name in given for name in ("RoleArn", "RoleArn.$")):
        fields.report("Credentials", "These fields are required: [RoleArn]")
    return query(fields, "Credentials") if scope.is_jsonata else fields.template("Credentials")


def _parallel(name: str, fields: Fields, scope: Scope) -> State:
    fields.require("Branches")
    branches = []
    for element in elements_of(fields, "Branches"):
        branches.append(scope.nested(element))
        element.finish()
    if not branches:
        fields.report("Branches", "At least one branch is required")
    return ParallelState(name=name, **shared_by(fields, scope, result=True, errors=True), branches=tuple(branches))


PARSERS: Mapping[str, Callable[[str, Fields, Scope], State]] = {
    "Choice": _choice,
    "Fail": _fail,
    "Map": parse_map,
    "Parallel": _parallel,
    "Pass": _pass,
    "Succeed": _succeed,
    "Task": _task,
    "Wait": _wait,
}
"""The eight state types."""
