"""Amazon CloudWatch.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
"""

from __future__ import annotations

from emulator.deploy.properties import BOOL, FLOAT, INT, STR, TAGS, Shape
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

_NEVER_FIRES = "alarms are stored and described, but nothing evaluates them here, so no action is ever taken"
PROPERTIES: dict[str, Shape] = {
    "ActionsEnabled": BOOL,
    "AlarmDescription": STR,
    "AlarmName": STR,
    "ComparisonOperator": STR,
    "DatapointsToAlarm": INT,
    "Dimensions": {"Name": STR, "Value": STR},
    "EvaluateLowSampleCountPercentile": STR,
    "EvaluationPeriods": INT,
    "ExtendedStatistic": STR,
    "MetricName": STR,
    "Metrics": {
        "Expression": STR,
        "Id": STR,
        "Label": STR,
        "MetricStat": {
            "Metric": {"Dimensions": {"Name": STR, "Value": STR}, "MetricName": STR, "Namespace": STR},
            "Period": INT,
            "Stat": STR,
            "Unit": STR,
        },
        "Period": INT,
        "ReturnData": BOOL,
    },
    "Namespace": STR,
    "Period": INT,
    "Statistic": STR,
    "Tags": TAGS,
    "Threshold": FLOAT,
    "TreatMissingData": STR,
    "Unit": STR,
}
ACTIONS = ("AlarmActions", "InsufficientDataActions", "OKActions")


def _put(request: Request) -> Process:
    name = request.physical_id or request.get("AlarmName") or request.generated_name(255)
    params = {**pick(request.properties, *PROPERTIES, *ACTIONS), "AlarmName": name}
    yield Call("cloudwatch", "PutMetricAlarm", params)
    return Made(name, {"Arn": request.account.arn("cloudwatch", f"alarm:{name}")})


def _delete(request: Request) -> Process:
    yield Call("cloudwatch", "DeleteAlarms", {"AlarmNames": [request.physical_id]})


TYPES = (
    ResourceType(
        "AWS::CloudWatch::Alarm",
        PROPERTIES,
        _put,
        _delete,
        attributes=("Arn",),
        update=_put,
        updatable=frozenset(PROPERTIES) - {"AlarmName", "Tags"},
        replacing=frozenset({"AlarmName"}),
        accepted=dict.fromkeys(ACTIONS, _NEVER_FIRES),
        required=("ComparisonOperator", "EvaluationPeriods"),
    ),
)
