"""Metric filters: events that match become data of a CloudWatch metric.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html

A value is a number, or a selector into JSON events (`$.latency`); what it selects that is no number is no datum. The default value is
reported once for a batch of events of which none matches: AWS reports it once a minute in which events came.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.effects import Call, Effect, Process, Record, Spawn
from emulator.errors import AwsError, EmulatorError, UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import InvalidParameterException, LimitExceededException, ResourceNotFoundException
from emulator.services.logs.filter_pattern import matcher
from emulator.services.logs.json_pattern import selected
from emulator.services.logs.state import LogEvent, LogGroup, MetricFilter
from emulator.services.logs.store import LogStore

__all__ = ["MetricFilterOperations"]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_DATA_IN_A_CALL = 1_000
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""


class MetricFilterOperations(LogStore):
    """A group's metric filters."""

    @operation(
        "PutMetricFilter", unsupported=("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions")
    )
    def put_metric_filter(self, params: Params, context: CallContext) -> Reply:
        """Make a filter, or change the one of that name."""
        group = self.group(params)
        name, (transformation,) = params["filterName"], params["metricTransformations"]
        if transformation.get("dimensions"):
            raise UnsupportedOperation("logs:PutMetricFilter: dimensions are not supported by this emulator")
        value = _value_of(transformation["metricValue"])
        if name not in group.metric_filters and len(group.metric_filters) >= self.quotas.metric_filters:
            raise LimitExceededException("Resource limit exceeded.")
        pattern = params["filterPattern"]
        created = int(context.now * 1000)
        group.metric_filters[name] = MetricFilter(name, pattern, matcher(pattern), value, dict(transformation), created)
        return Reply()

    @operation("DescribeMetricFilters")
    def describe_metric_filters(self, params: Params, context: CallContext) -> Reply:
        """Filters of a group or of all, by name, or by the metric that they make."""
        metric = params.get("metricName"), params.get("metricNamespace")
        if (metric[0] is None) != (metric[1] is None):
            raise InvalidParameterException("metricName and metricNamespace must be given together.")
        groups = (
            [self.group(params)] if "logGroupName" in params else [self.groups[name] for name in sorted(self.groups)]
        )
        shown = [
            {
                "filterName": one.name,
                "filterPattern": one.pattern,
                "metricTransformations": [dict(one.transformation)],
                "creationTime": one.created,
                "logGroupName": group.name,
                "applyOnTransformedLogs": False,
            }
            for group in groups
            for name, one in sorted(group.metric_filters.items())
            if name.startswith(params.get("filterNamePrefix", "")) and metric in ((None, None), one.metric)
        ]
        return Reply(self.page(params, "metricFilters", shown))

    @operation("DeleteMetricFilter")
    def delete_metric_filter(self, params: Params, context: CallContext) -> Reply:
        """Take a filter away."""
        if self.group(params).metric_filters.pop(params["filterName"], None) is None:
            raise ResourceNotFoundException("The specified metric filter does not exist.")
        return Reply()

    def measured(self, group: LogGroup, events: Sequence[LogEvent]) -> tuple[Effect, ...]:
        """What new events do to the metrics."""
        effects: list[Effect] = []
        for one in group.metric_filters.values():
            data = _data(one, events)
            for start in range(0, len(data), _DATA_IN_A_CALL):
                part = data[start : start + _DATA_IN_A_CALL]
                effects.append(Spawn(f"metric of {group.name}", _reporting(group.name, one, part), background=True))
        return tuple(effects)


def _value_of(text: str) -> Callable[[str], float | None]:
    """How a matching message becomes a value."""
    if _NUMBER.fullmatch(text) is not None:
        number = float(text)
        return lambda _: number
    if not text.startswith(("$.", "$[")):
        if text.startswith("$"):
            raise UnsupportedOperation(
                f"logs:PutMetricFilter: the field {text} as a metric's value is not supported by this emulator; "
                "a number and a selector of JSON ($.field) are"
            )
        raise InvalidParameterException(f"Invalid metric transformation: the metric value {text!r} is no number")
    select = selected(text)

    def value(message: str) -> float | None:
        found = select(message)
        try:
            number = float(found[0]) if found and not isinstance(found[0], bool) else math.nan
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None

    return value


def _data(one: MetricFilter, events: Sequence[LogEvent]) -> list[dict[str, Any]]:
    matching = [event for event in events if one.matches(event.message)]
    data = []
    for event in matching:
        value = one.value(event.message)
        if value is not None:
            data.append(_datum(one.transformation, event.timestamp, value))
    default = one.transformation.get("defaultValue")
    if events and not matching and default is not None:
        data.append(_datum(one.transformation, events[-1].timestamp, default))
    return data


def _datum(transformation: Mapping[str, Any], timestamp: int, value: float) -> dict[str, Any]:
    datum = {"MetricName": transformation["metricName"], "Timestamp": timestamp / 1000, "Value": value}
    return {**datum, "Unit": transformation["unit"]} if transformation.get("unit") else datum


def _reporting(group_name: str, one: MetricFilter, data: list[dict[str, Any]]) -> Callable[[], Process]:
    def report() -> Process:
        params = {"Namespace": one.transformation["metricNamespace"], "MetricData": data}
        try:
            yield Call("cloudwatch", "PutMetricData", params, principal="logs.amazonaws.com")
        except (AwsError, EmulatorError) as error:
            code = error.code if isinstance(error, AwsError) else type(error).__name__
            yield Record("logs", "metric_failed", group_name, code, {"filter": one.name, "error": str(error)[:500]})

    return report
