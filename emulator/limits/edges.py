"""Who hands a message to whom: what a template says of it, and what it cannot say.

What AWS hands on by itself (an API to its function, a topic to its subscriptions, a workflow to its tasks) is in the template, and so is
its size. What a function hands on is decided in its code: the template only says, by its permissions, to whom it may.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from emulator.deploy.graph import references
from emulator.limits.template_view import Resource, TemplateView

__all__ = ["CODE_CALLS", "Carrier", "Edge", "edges_of"]


class Carrier(StrEnum):
    """How a message gets from one resource to the next, which decides what its size becomes."""

    REQUEST = "request"
    """A sender's HTTP request."""
    PROXY = "proxy"
    """An API's event for a function."""
    URL = "url"
    """A function URL's event."""
    RECORDS = "records"
    """A batch of records that an event source mapping fetches for a function."""
    NOTIFICATION = "notification"
    """A topic's delivery: its own envelope, or the raw message."""
    RAW_NOTIFICATION = "raw notification"
    EVENT = "event"
    """An event bus's delivery."""
    POINTER = "pointer"
    """A notice that names an object, and does not hold it."""
    IMAGES = "images"
    """A stream's record with the item before and after."""
    TASK = "task"
    """A workflow's task; what it passes on is at most what a state may hold."""
    SAME = "same"
    """The message as it is: to a dead-letter queue."""
    CODE = "code"
    """Whatever the function's code makes of it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One hop. `operation` is what AWS calls it, `source` is empty for the sender."""

    source: str
    target: str
    carrier: Carrier
    operation: str
    binary_media_types: tuple[str, ...] = ()


CODE_CALLS: Mapping[str, tuple[str, str]] = {
    "s3:PutObject": ("AWS::S3::Bucket", "s3:PutObject"),
    "dynamodb:PutItem": ("AWS::DynamoDB::Table", "dynamodb:PutItem"),
    "dynamodb:UpdateItem": ("AWS::DynamoDB::Table", "dynamodb:UpdateItem"),
    "dynamodb:BatchWriteItem": ("AWS::DynamoDB::Table", "dynamodb:BatchWriteItem"),
    "sqs:SendMessage": ("AWS::SQS::Queue", "sqs:SendMessage"),
    "sns:Publish": ("AWS::SNS::Topic", "sns:Publish"),
    "states:StartExecution": ("AWS::StepFunctions::StateMachine", "states:StartExecution"),
    "states:StartSyncExecution": ("AWS::StepFunctions::StateMachine", "states:StartSyncExecution"),
    "lambda:InvokeFunction": ("AWS::Lambda::Function", "lambda:Invoke"),
    "events:PutEvents": ("AWS::Events::EventBus", "events:PutEvents"),
    "kinesis:PutRecord": ("AWS::Kinesis::Stream", "kinesis:PutRecord"),
    "firehose:PutRecord": ("AWS::KinesisFirehose::DeliveryStream", "firehose:PutRecord"),
}
"""An action that a policy may allow: what it is done to, and what the hop is called."""

_TASKS: Mapping[str, tuple[str, str]] = {
    "lambda:invoke": ("FunctionName", "lambda:Invoke"),
    "sns:publish": ("TopicArn", "sns:Publish"),
    "sqs:sendMessage": ("QueueUrl", "sqs:SendMessage"),
    "dynamodb:putItem": ("TableName", "dynamodb:PutItem"),
    "dynamodb:updateItem": ("TableName", "dynamodb:UpdateItem"),
    "events:putEvents": ("Entries", "events:PutEvents"),
    "states:startExecution": ("StateMachineArn", "states:StartExecution"),
    "aws-sdk:s3:putObject": ("Bucket", "s3:PutObject"),
    "aws-sdk:sqs:sendMessage": ("QueueUrl", "sqs:SendMessage"),
    "aws-sdk:sns:publish": ("TopicArn", "sns:Publish"),
    "aws-sdk:dynamodb:putItem": ("TableName", "dynamodb:PutItem"),
}
"""A service integration: the parameter that names its target, and what the hop is called."""

_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
_ASYNC, _SYNC = "lambda:Invoke (asynchronous)", "lambda:Invoke"


def edges_of(view: TemplateView) -> list[Edge]:
    """Every hop of a template's pipeline."""
    found = [
        *_apis(view),
        *_function_urls(view),
        *_event_sources(view),
        *_subscriptions(view),
        *_rules(view),
        *_bucket_notices(view),
        *_workflows(view),
        *_dead_letters(view),
        *_functions(view),
    ]
    return list(dict.fromkeys(found))


def _apis(view: TemplateView) -> Iterator[Edge]:
    for api in view.of_type("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"):
        binary = tuple(
            str(kind)
            for kind in (*(api.properties.get("BinaryMediaTypes") or ()), *_body_binary(api.properties.get("Body")))
        )
        places = [api.properties.get("Body")]
        for part in view.of_type("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Integration"):
            owner = part.properties.get("RestApiId", part.properties.get("ApiId"))
            if api in view.targets(owner, part.stack):
                places.append(part.properties.get("Integration", part.properties))
        functions = [
            target
            for place in places
            for target in view.targets(place, api.stack)
            if target.type.endswith("::Function")
        ]
        yield Edge("", api.name, Carrier.REQUEST, "HTTP request")
        for function in functions:
            yield Edge(api.name, function.name, Carrier.PROXY, _SYNC, binary)


def _body_binary(body: Any) -> tuple[str, ...]:
    found = body.get("x-amazon-apigateway-binary-media-types") if isinstance(body, dict) else None
    return tuple(found) if isinstance(found, list) else ()


def _function_urls(view: TemplateView) -> Iterator[Edge]:
    for url in view.of_type("AWS::Lambda::Url"):
        for function in view.targets(url.properties.get("TargetFunctionArn"), url.stack):
            yield Edge("", function.name, Carrier.URL, "function URL request")


def _event_sources(view: TemplateView) -> Iterator[Edge]:
    for mapping in view.of_type("AWS::Lambda::EventSourceMapping"):
        for function in view.targets(mapping.properties.get("FunctionName"), mapping.stack):
            for source in view.targets(mapping.properties.get("EventSourceArn"), mapping.stack):
                carrier = Carrier.IMAGES if source.type == "AWS::DynamoDB::Table" else Carrier.RECORDS
                yield Edge(source.name, function.name, carrier, "event source mapping")


def _subscriptions(view: TemplateView) -> Iterator[Edge]:
    rows = [
        (subscription.properties.get("TopicArn"), subscription.properties, subscription.stack)
        for subscription in view.of_type("AWS::SNS::Subscription")
    ]
    for topic in view.of_type("AWS::SNS::Topic"):
        rows += [
            ({"Ref": topic.name.rpartition(".")[2]}, row, topic.stack)
            for row in topic.properties.get("Subscription") or ()
        ]
    for topic_value, row, stack in rows:
        raw = str(view.plain(row.get("RawMessageDelivery"), stack)).lower() == "true"
        for topic in view.targets(topic_value, stack):
            for endpoint in view.targets(row.get("Endpoint"), stack):
                carrier = Carrier.RAW_NOTIFICATION if raw else Carrier.NOTIFICATION
                yield Edge(topic.name, endpoint.name, carrier, _delivery(endpoint))


def _delivery(target: Resource) -> str:
    match target.type:
        case "AWS::SQS::Queue":
            return "sqs:SendMessage"
        case "AWS::Lambda::Function":
            return _ASYNC
        case "AWS::StepFunctions::StateMachine":
            return "states:StartExecution"
        case "AWS::SNS::Topic":
            return "sns:Publish"
    return "delivery"


def _rules(view: TemplateView) -> Iterator[Edge]:
    for rule in view.of_type("AWS::Events::Rule"):
        if rule.properties.get("EventPattern") is None:
            continue  # a schedule carries no message
        buses = view.targets(rule.properties.get("EventBusName"), rule.stack)
        for row in rule.properties.get("Targets") or ():
            for target in view.targets(row.get("Arn"), rule.stack):
                for source in [bus.name for bus in buses] or [rule.name]:
                    yield Edge(source, target.name, Carrier.EVENT, _delivery(target))


def _bucket_notices(view: TemplateView) -> Iterator[Edge]:
    for bucket in view.of_type("AWS::S3::Bucket"):
        for rows in (bucket.properties.get("NotificationConfiguration") or {}).values():
            for target in view.targets(rows, bucket.stack):
                yield Edge(bucket.name, target.name, Carrier.POINTER, _delivery(target))


def _dead_letters(view: TemplateView) -> Iterator[Edge]:
    for queue in view.of_type("AWS::SQS::Queue"):
        for target in view.targets(queue.properties.get("RedrivePolicy"), queue.stack):
            yield Edge(queue.name, target.name, Carrier.SAME, "redrive")


def _workflows(view: TemplateView) -> Iterator[Edge]:
    for machine in view.of_type("AWS::StepFunctions::StateMachine"):
        definition = machine.properties.get("DefinitionString", machine.properties.get("Definition"))
        substitutions = machine.properties.get("DefinitionSubstitutions") or {}
        for task in _tasks(_parsed(definition)):
            yield from _task_edges(view, machine, task, substitutions)


def _parsed(definition: Any) -> Any:
    if isinstance(definition, dict) and "Fn::Join" in definition:
        separator, parts = definition["Fn::Join"]
        definition = separator.join(part if isinstance(part, str) else _as_text(part) for part in parts)
    if isinstance(definition, dict) and "Fn::Sub" in definition:
        text = definition["Fn::Sub"]
        definition = text[0] if isinstance(text, list) else text
    if isinstance(definition, str):
        try:
            return json.loads(definition)
        except json.JSONDecodeError:
            return {}
    return definition if isinstance(definition, dict) else {}


def _as_text(value: Any) -> str:
    """A reference between the texts of a definition, as `${LogicalId}`."""
    return "".join(f"${{{reference.name}}}" for reference in references(value))


def _tasks(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _tasks(item)
    elif isinstance(value, dict):
        if value.get("Type") == "Task":
            yield value
        for member in value.values():
            yield from _tasks(member)


def _task_edges(
    view: TemplateView, machine: Resource, task: Mapping[str, Any], substitutions: Mapping[str, Any]
) -> Iterator[Edge]:
    resource = str(task.get("Resource", ""))
    service = resource.partition(":states:::")[2].partition(".")[0]
    arguments = task.get("Parameters") or task.get("Arguments") or {}
    if service in _TASKS:
        parameter, operation = _TASKS[service]
        named = arguments.get(parameter, "")
    elif service == "":
        named, operation = resource, _SYNC
    else:
        return
    for target in _named(view, machine, named, substitutions):
        yield Edge(machine.name, target.name, Carrier.TASK, operation)


def _named(view: TemplateView, machine: Resource, value: Any, substitutions: Mapping[str, Any]) -> list[Resource]:
    """The resources that a text in a definition names, by `${Substitution}` or by `${LogicalId}`."""
    text = value if isinstance(value, str) else json.dumps(value)
    found: list[Resource] = view.targets({"Fn::Sub": text}, machine.stack)
    for name in _SUBSTITUTION.findall(text):
        found += view.targets(substitutions.get(name), machine.stack)
    return found


def _functions(view: TemplateView) -> Iterator[Edge]:
    for function in view.of_type("AWS::Lambda::Function"):
        for cache in _caches(view, function):
            yield Edge(function.name, cache.name, Carrier.CODE, "SET")
        for action, targets in _allowed(view, function):
            for pattern, (kind, operation) in CODE_CALLS.items():
                if fnmatchcase(pattern.lower(), action.lower()):
                    chosen = view.of_type(kind) if targets is None else [one for one in targets if one.type == kind]
                    for target in chosen:
                        yield Edge(function.name, target.name, Carrier.CODE, operation)


def _caches(view: TemplateView, function: Resource) -> list[Resource]:
    variables = (function.properties.get("Environment") or {}).get("Variables")
    return [
        target for target in view.targets(variables, function.stack) if target.type.startswith("AWS::ElastiCache::")
    ]


def _allowed(view: TemplateView, function: Resource) -> Iterator[tuple[str, list[Resource] | None]]:
    """Each action that the function's role allows, with the resources that it names; None for all."""
    roles = view.targets(function.properties.get("Role"), function.stack)
    documents = [
        (policy.get("PolicyDocument"), role.stack) for role in roles for policy in role.properties.get("Policies") or ()
    ]
    for policy in view.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        attached = view.targets(policy.properties.get("Roles"), policy.stack)
        by_role = [
            target for role in roles for target in view.targets(role.properties.get("ManagedPolicyArns"), role.stack)
        ]
        if any(role in attached for role in roles) or policy in by_role:
            documents.append((policy.properties.get("PolicyDocument"), policy.stack))
    for document, stack in documents:
        for statement in _listed((document or {}).get("Statement")):
            if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
                continue
            resources = statement.get("Resource")
            targets = None if "*" in _listed(resources) else view.targets(resources, stack)
            for action in _listed(statement.get("Action")):
                if isinstance(action, str):
                    yield action, targets


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
