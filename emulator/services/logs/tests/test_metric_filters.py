"""Metric filters. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.effects import Call, Spawn
from emulator.errors import AwsError
from emulator.operation import CallContext, Reply
from emulator.services.logs.errors import ResourceNotFoundException
from emulator.services.logs.tests.logs_harness import MILLIS, NOW, Logs


def metric(value: str, **more: Any) -> list[dict[str, Any]]:
    return [{"metricName": "errors", "metricNamespace": "app", "metricValue": value, **more}]


def reported(logs: Logs, *messages: str) -> list[tuple[str, list[float]]]:
    """What writing messages puts into CloudWatch: namespaces and values."""
    events = [{"timestamp": MILLIS, "message": text} for text in messages]
    params = {"logGroupName": "g", "logStreamName": "s", "logEvents": events}
    reply = logs.service.handle("PutLogEvents", params, CallContext(now=NOW, request_id="r"))
    assert isinstance(reply, Reply)
    calls = [next(effect.start()) for effect in reply.effects if isinstance(effect, Spawn)]
    return [
        (call.params["Namespace"], [datum["Value"] for datum in call.params["MetricData"]])
        for call in calls
        if isinstance(call, Call)
    ]


METRICS = [
    ("ERROR", metric("1"), ("ERROR a", "fine", "ERROR b"), [("app", [1.0, 1.0])]),
    ("{ $.ms = * }", metric("$.ms"), ('{"ms": 12.5}', '{"ms": "x"}', '{"ms": "7"}'), [("app", [12.5, 7.0])]),
    ("ERROR", metric("1", defaultValue=0.0), ("fine", "fine"), [("app", [0.0])]),
    ("ERROR", metric("1"), ("fine",), []),
]


@pytest.mark.parametrize(("pattern", "transformations", "messages", "expected"), METRICS)
def test_matching_events_become_a_metric(pattern: str, transformations: Any, messages: Any, expected: Any) -> None:
    logs = Logs()
    logs.stream()
    logs.call(
        "PutMetricFilter",
        logGroupName="g",
        filterName="n",
        filterPattern=pattern,
        metricTransformations=transformations,
    )
    assert reported(logs, *messages) == expected


def test_metric_filters_are_told_and_taken_away() -> None:
    logs = Logs()
    logs.stream()
    for name in ("one", "other"):
        params = {"filterName": name, "filterPattern": "x", "metricTransformations": metric("1")}
        logs.call("PutMetricFilter", logGroupName="g", **params)
    listed = logs.call("DescribeMetricFilters", metricName="errors", metricNamespace="app")["metricFilters"]
    assert [one["filterName"] for one in listed] == ["one", "other"]
    assert listed[0]["metricTransformations"] == metric("1")
    assert logs.call("DescribeLogGroups")["logGroups"][0]["metricFilterCount"] == 2
    logs.call("DeleteMetricFilter", logGroupName="g", filterName="one")
    assert len(logs.call("DescribeMetricFilters", logGroupName="g")["metricFilters"]) == 1
    with pytest.raises(ResourceNotFoundException):
        logs.call("DeleteMetricFilter", logGroupName="g", filterName="one")


@pytest.mark.parametrize(
    ("value", "more", "code"),
    [
        ("$size", {}, "NotImplemented"),
        ("many", {}, "InvalidParameterException"),
        ("1", {"dimensions": {"d": "$.x"}}, "NotImplemented"),
    ],
)
def test_metric_that_cannot_be_made_is_refused(value: str, more: dict[str, Any], code: str) -> None:
    logs = Logs()
    logs.stream()
    params = {"filterName": "n", "filterPattern": "x", "metricTransformations": metric(value, **more)}
    with pytest.raises(AwsError) as caught:
        logs.call("PutMetricFilter", logGroupName="g", **params)
    assert caught.value.code == code
