"""Every resource type's calls, checked against botocore's models: right operation, right parameter names and types."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

import botocore.loaders
import botocore.model
import pytest
from botocore.validate import ParamValidator

from emulator.account import Account
from emulator.clock import VirtualClock
from emulator.deploy import CATALOGUE, Made, Request, ResourceType
from emulator.deploy.properties import ANY, BOOL, FLOAT, INT, JSON, STR, Each, coerce
from emulator.deploy.support import support_table
from emulator.engine import Engine
from emulator.errors import AwsError
from emulator.operation import CallContext, Reply

SERVICES = (
    *(
        "apigateway",
        "cloudformation",
        "cloudwatch",
        "dynamodb",
        "ec2",
        "efs",
        "elasticache",
        "events",
        "iam",
        "kms",
        "lambda",
        "logs",
    ),
    *("s3", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions"),
)

STATES = {
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "TableStatus": "ACTIVE",
    "IndexStatus": "ACTIVE",
    "Status": "available",
    "CacheClusterStatus": "available",
    "StackStatus": "CREATE_COMPLETE",
    "path": "/",
}
"""What the model-made answers say where a provider waits or looks for something."""
ONE_OF = {
    "AWS::Lambda::LayerVersionPermission": {"LayerVersionArn": "arn:aws:lambda:us-east-1:000000000000:layer:x:1"},
    "AWS::Lambda::Function": {"Code": {"ZipFile": "x"}, "Runtime": "python3.13"},
    "AWS::DynamoDB::GlobalTable": {"BillingMode": "PAY_PER_REQUEST", "Replicas": [{"Region": "us-east-1"}]},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": {"GenerateStringKey": "k", "SecretStringTemplate": "{}"}},
    "AWS::CloudFormation::Stack": {"TemplateURL": "file:///t.yaml", "TimeoutInMinutes": 1},
}
"""Properties whose made-up value would not do."""


@cache
def model(service: str) -> botocore.model.ServiceModel:
    loader = botocore.loaders.Loader()
    return botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)


class ModelService:
    """Checks each call against the model and answers with a made-up value of the output's shape."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self.name = name
        self.calls = calls
        self.numbers = count(1)
        self.gone = False

    def handle(self, operation: str, params: dict[str, Any], context: CallContext) -> Reply:
        self.calls.append(f"{self.name}:{operation}")
        shapes = model(self.name).operation_model(operation)
        known = {name: value for name, value in params.items() if name != "ParentStackId"}
        report = ParamValidator().validate(known, shapes.input_shape).generate_report()
        wrong = [
            line for line in report.splitlines() if line and "valid min" not in line
        ]  # made-up values have no right size
        assert wrong == [], f"{self.name}:{operation}: {wrong}"
        unknown = list(unknown_members(known, shapes.input_shape, ""))
        assert unknown == [], f"{self.name}:{operation} has no {unknown}"
        if operation.startswith("Describe") and self.gone and self.name == "elasticache":
            raise AwsError.named("ResourceNotFoundFault", "gone", status=404)
        self.gone = operation.startswith("Delete")
        answer = {} if shapes.output_shape is None else self.invent(shapes.output_shape, "", 0)
        if operation == "PublishLayerVersion":
            answer["LayerVersionArn"] = "arn:aws:lambda:us-east-1:000000000000:layer:x:1"
        if operation == "DescribeStacks" and self.calls.count("cloudformation:DeleteStack"):
            answer["Stacks"][0]["StackStatus"] = "DELETE_COMPLETE"
        return Reply(answer)

    def resource_of(self, *_: Any) -> str:
        return ""

    def invent(self, shape: Any, name: str, depth: int) -> Any:
        kind = shape.type_name
        if kind == "structure":
            deeper = {} if depth > 6 else shape.members
            return {member: self.invent(inner, member, depth + 1) for member, inner in deeper.items()}
        if kind == "list":
            return [] if depth > 6 else [self.invent(shape.member, name, depth + 1)]
        if kind == "string":
            return STATES.get(name, f"{name}-{next(self.numbers)}")
        return {"map": {}, "boolean": True, "blob": b"", "timestamp": 0.0, "integer": 1, "long": 1}.get(kind, 1.0)


def unknown_members(value: Any, shape: Any, path: str) -> Any:
    """Members that the model does not have; botocore's own validator overlooks them."""
    if shape is None or shape.type_name not in ("structure", "list", "map"):
        return
    if shape.type_name == "list":
        for item in value:
            yield from unknown_members(item, shape.member, path)
    elif shape.type_name == "map":
        for item in value.values():
            yield from unknown_members(item, shape.value, path)
    elif not getattr(shape, "is_document_type", False):
        for name, member in value.items():
            if name in shape.members:
                yield from unknown_members(member, shape.members[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"


LISTS = frozenset(
    {
        "AccessPointTags", "AdditionalVersionWeights", "AllowHeaders", "AllowMethods", "AllowOrigins",
        "AllowedHeaders", "AllowedMethods", "AllowedOrigins", "AnalyticsConfigurations",
        "ApiStages", "Architectures", "AttributeDefinitions", "BinaryMediaTypes", "BodyParameters",
        "CompatibleArchitectures", "CompatibleRuntimes", "CorsRules", "Destinations", "Dimensions", "ExposeHeaders",
        "ExposedHeaders",
        "FileSystemConfigs", "FileSystemTags",
        "GlobalSecondaryIndexes", "Groups", "HeaderParameters", "IntegrationResponses",
        "IntelligentTieringConfigurations", "InventoryConfigurations", "KeySchema", "LambdaConfigurations", "Layers",
        "LocalSecondaryIndexes", "ManagedPolicyArns", "MethodResponses", "MethodSettings", "MetricTransformations", "Metrics",
        "MetricsConfigurations", "NoncurrentVersionTransitions", "OptionalFields", "QueueConfigurations", "RoutingRules",
        "NonKeyAttributes", "PathParameterValues", "Policies", "QueryStringParameters", "Queues",
        "Roles", "RouteTableIds", "Rules", "SecondaryGids", "SecurityGroupEgress", "SecurityGroupIds",
        "SecurityGroupIngress", "SecurityGroups",
        "ServerSideEncryptionConfiguration", "StageKeys", "SubnetIds", "Subscription", "TagFilters", "Tags", "Targets",
        "Tierings", "TopicConfigurations", "Topics", "Transitions", "Types",
        "Users",
        "VpcEndpointIds", "VpcSecurityGroupIds",
    }
)  # fmt: skip
"""Properties that are lists; the shapes do not tell."""


def made_up(shape: Any, name: str) -> Any:
    """A value of a shape, every member set."""
    if isinstance(shape, Each):
        value: Any = {"key": made_up(shape.shape, "")}
    elif isinstance(shape, dict):
        value = {member: made_up(inner, member) for member, inner in shape.items()}
    else:
        value = {STR: "text", INT: 1, FLOAT: 1.0, BOOL: True, JSON: {"a": "b"}, ANY: "any"}[shape]
    is_list = name in LISTS and not isinstance(shape, Each)
    return [value] if is_list else value


def properties_of(kind: ResourceType) -> dict[str, Any]:
    chosen = {name: made_up(shape, name) for name, shape in kind.properties.items()}
    chosen.update(ONE_OF.get(kind.name, {}))
    if kind.name == "AWS::StepFunctions::StateMachine":
        destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn"}}
        chosen["LoggingConfiguration"]["Destinations"] = [destination]
    if kind.name == "AWS::S3::Bucket":
        chosen["AccessControl"] = "PublicRead"
        rule = chosen["LifecycleConfiguration"]["Rules"][0]
        rule["ExpirationDate"] = rule["Transition"]["TransitionDate"] = "2026-01-01T00:00:00Z"
        rule["Transitions"][0]["TransitionDate"] = "2026-01-01"
    coerced: dict[str, Any] = coerce(kind.shape, chosen, "")
    return coerced


def run(kind: ResourceType, step: str, request: Request, calls: list[str]) -> Any:
    engine = Engine(VirtualClock())
    for service in SERVICES:
        engine.register(service, ModelService(service, calls))
    outcome: list[tuple[Any, BaseException | None]] = []
    engine.spawn(kind.name, getattr(kind, step)(request), done=lambda value, error: outcome.append((value, error)))
    engine.run_ready()
    assert outcome, f"{kind.name} waits"
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def request(kind: ResourceType, properties: dict[str, Any], **more: Any) -> Request:
    return Request("Thing", kind.name, properties, "stack", "arn:stack", Account("http://x"), **more)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_calls_are_what_the_api_takes_and_attributes_are_what_the_type_promises(name: str) -> None:
    kind = CATALOGUE[name]
    properties = properties_of(kind)
    calls: list[str] = []
    made = run(kind, "create", request(kind, properties), calls)
    assert isinstance(made, Made)
    assert made.physical_id
    assert all(kind.has_attribute(attribute) for attribute in made.attributes)
    if kind.update is not None:
        again = request(kind, properties, physical_id=made.physical_id, attributes=made.attributes)
        if name != "AWS::CloudFormation::Stack":
            assert run(kind, "update", again, calls).physical_id == made.physical_id
    ended = request(kind, properties, physical_id=made.physical_id.replace("Arn-", "a:1:"), attributes=made.attributes)
    run(kind, "delete", ended, calls)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_what_can_change_is_told_for_properties_that_exist(name: str) -> None:
    kind = CATALOGUE[name]
    named = set(kind.required)
    for group in (kind.updatable, kind.replacing):
        if type(group) is frozenset:
            named |= group
    assert named <= set(kind.shape), sorted(named - set(kind.shape))
    assert (kind.update is not None) == bool(kind.updatable) or kind.always_updated
    assert not set(kind.accepted) & set(kind.properties)


def test_the_support_table_has_a_row_for_each_type() -> None:
    rows = list(support_table())
    assert len(rows) == len(CATALOGUE) + 2
    assert any("`AWS::SQS::Queue`" in row and "VisibilityTimeout" in row for row in rows)
