"""AWS Step Functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
from typing import Any

from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import BOOL, JSON, STR, TAGS, Each
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]


def _definition(request: Request) -> Process:
    """The definition as text, `${Name}` replaced by its substitution. A name without one stays as it is, as on AWS."""
    if "DefinitionString" in request.properties:
        text: str = request["DefinitionString"]
    elif "Definition" in request.properties:
        text = json.dumps(request["Definition"])
    elif "DefinitionS3Location" in request.properties:
        params = pick(request["DefinitionS3Location"], "Bucket", "Key", Version="VersionId")
        answer = yield Call("s3", "GetObject", params)
        text = answer["Body"].decode()
    else:
        raise ProvisioningError("a state machine needs Definition, DefinitionString or DefinitionS3Location")
    for name, value in request.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _settings(request: Request) -> Process:
    settings: dict[str, Any] = {"definition": (yield from _definition(request)), "roleArn": request["RoleArn"]}
    if "LoggingConfiguration" in request.properties:
        logging = request["LoggingConfiguration"]
        settings["loggingConfiguration"] = pick(logging, IncludeExecutionData="includeExecutionData", Level="level")
        settings["loggingConfiguration"]["destinations"] = [
            {"cloudWatchLogsLogGroup": {"logGroupArn": destination["CloudWatchLogsLogGroup"]["LogGroupArn"]}}
            for destination in logging.get("Destinations", [])
        ]
    if "TracingConfiguration" in request.properties:
        settings["tracingConfiguration"] = pick(request["TracingConfiguration"], Enabled="enabled")
    return settings


def _create(request: Request) -> Process:
    name = request.get("StateMachineName") or request.generated_name(80)
    params = {
        "name": name,
        "type": request.get("StateMachineType", "STANDARD"),
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in request.get("Tags", [])],
        **(yield from _settings(request)),
    }
    answer = yield Call("stepfunctions", "CreateStateMachine", params)
    arn = answer["stateMachineArn"]
    return Made(arn, {"Arn": arn, "Name": name})


def _update(request: Request) -> Process:
    settings = yield from _settings(request)
    yield Call("stepfunctions", "UpdateStateMachine", {"stateMachineArn": request.physical_id, **settings})
    return Made(request.physical_id, request.attributes)


def _delete(request: Request) -> Process:
    yield Call("stepfunctions", "DeleteStateMachine", {"stateMachineArn": request.physical_id})


TYPES = (
    ResourceType(
        "AWS::StepFunctions::StateMachine",
        {
            "Definition": JSON,
            "DefinitionS3Location": {"Bucket": STR, "Key": STR, "Version": STR},
            "DefinitionString": STR,
            "DefinitionSubstitutions": Each(STR),
            "LoggingConfiguration": {
                "Destinations": {"CloudWatchLogsLogGroup": {"LogGroupArn": STR}},
                "IncludeExecutionData": BOOL,
                "Level": STR,
            },
            "RoleArn": STR,
            "StateMachineName": STR,
            "StateMachineType": STR,
            "Tags": TAGS,
            "TracingConfiguration": {"Enabled": BOOL},
        },
        _create,
        _delete,
        attributes=("Arn", "Name"),
        update=_update,
        updatable=frozenset(
            {
                "Definition",
                "DefinitionS3Location",
                "DefinitionString",
                "DefinitionSubstitutions",
                "LoggingConfiguration",
                "RoleArn",
                "TracingConfiguration",
            }
        ),
        replacing=frozenset({"StateMachineName", "StateMachineType"}),
        required=("RoleArn",),
    ),
)
