"""What a message costs, counted: AWS calls, bytes, invocations, transitions and billed units, from what the emulator recorded.

Counted are the entries under the traces of the messages, so neither the observer's own calls nor the deployment's are in it. For a
fixed seed, and one message at a time, every counter is exact and the same on every machine, but these:

| counter | varies | because | treatment |
|---|---|---|---|
| `billed_gb_ms` | yes | it is the time that functions took, on this machine | shown; a budget may bound it |
| `init_ms` | yes | the same, of cold starts | shown |
| `logs PutLogEvents` calls and log bytes | by little | late lines join the next batch, and texts hold durations | shown |
| `units/states_express_gb_ms` | yes | it is the time that workflows took, on this machine | shown |

Sizes are summed as they are, and compared with a little slack: messages hold times as text.

A retry is work that is done again: a call that an SDK says it repeats (`retries/sqs.SendMessage`), an event that Lambda gives to a
function once more (`retries/lambda.IngestMessageFunction`), a state that is tried again (`retries/states`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

__all__ = ["Counters", "Unit", "count", "varies"]

Entry = Mapping[str, Any]

# CloudFormation names a resource <stack>-<logical id>-<random>.
_PHYSICAL_NAME = re.compile(r"^.+?-([A-Za-z0-9]+)-[A-Za-z0-9]{10,}$")
_KIB = 1024
_VARYING: tuple[str, ...] = ("billed_gb_ms", "init_ms", "calls/logs.", "failed_calls/logs.", "request_bytes/logs.")
_VARYING += ("retries/logs.",)
_VARYING += ("units/logs_", "units/lambda_gb_ms", "units/lambda_arm_gb_ms", "units/states_express_gb_ms")
_PIECE = 64 * _KIB

Unit = tuple[str, float]


def varies(name: str) -> bool:
    """Whether a counter is not the same every time, and is shown but not compared."""
    return name.startswith(_VARYING)


@dataclass(frozen=True, slots=True)
class Counters:
    """Totals over `messages` messages, by name: `calls/s3.PutObject`, `invocations/IngestMessageFunction`, ..."""

    messages: int
    totals: Mapping[str, float]

    def per_message(self) -> dict[str, float]:
        """Return each counter divided by the number of messages; nothing for none."""
        return {name: total / self.messages for name, total in sorted(self.totals.items()) if self.messages}

    def to_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {"messages": self.messages, "totals": dict(sorted(self.totals.items()))}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Counters:
        """Return the counters that `to_json` wrote."""
        return Counters(int(value["messages"]), {str(name): float(total) for name, total in value["totals"].items()})


def count(
    entries: Iterable[Entry],
    traces: Iterable[str],
    *,
    memory_mb: Mapping[str, int] | None = None,
    transitions: int | None = None,
    state_retries: int = 0,
) -> Counters:
    """Return the counters of messages, given their traces. `memory_mb` is each function's setting by its name, and `transitions` how many
    states were entered, where somebody asked for them; else both are what the journal's own entries say. `state_retries` are the tries of
    states after their first ones, which only the executions' histories tell.

    A journal keeps the last so many entries: a message whose request is not in it any more is not counted at all.
    """
    recorded = list(entries)
    wanted = set(traces) & {str(entry.get("trace_id")) for entry in recorded if entry["kind"] == "request"}
    totals: Counter[str] = Counter()
    invoked: set[tuple[str, str]] = set()
    for entry in recorded:
        if entry.get("trace_id") in wanted:
            totals.update(_counts(entry, memory_mb or {}))
            if entry["kind"] == "invocation":
                # Lambda's own retries of an event keep its request id.
                invocation = (_name(entry), str((entry.get("detail") or {}).get("request_id", len(invoked))))
                totals[f"retries/lambda.{invocation[0]}"] += invocation in invoked
                invoked.add(invocation)
    totals["retries/states"] += state_retries
    if transitions is not None:
        totals["transitions"] = transitions
        totals["units/states_transitions"] = transitions
    return Counters(len(wanted), {name: round(float(total), 6) for name, total in totals.items() if total})


def _counts(entry: Entry, memory_mb: Mapping[str, int]) -> dict[str, float]:
    kind, service, operation = str(entry["kind"]), str(entry["service"]), str(entry["operation"])
    outcome = str(entry.get("outcome", "ok"))
    if kind == "call":
        return _of_call(f"{service}.{operation}", outcome, entry)
    if kind == "response":
        sent = int(entry.get("response_bytes") or 0)
        return {f"responses/{outcome}": 1, f"response_bytes/{service}": sent}
    if kind == "request":
        counts = {f"requests/{service}": 1.0, f"request_bytes/{service}": int(entry.get("request_bytes") or 0)}
        # https://aws.amazon.com/api-gateway/pricing/ counts REST requests, whatever their size; a function URL costs its invocation.
        return counts | ({"units/apigateway_requests": 1} if service == "apigateway" else {})
    if kind == "invocation":
        return _of_invocation(entry, outcome, memory_mb)
    if kind == "cold_start":
        detail = entry.get("detail") or {}
        return {f"cold_starts/{_name(entry)}": 1, f"init_ms/{_name(entry)}": float(detail.get("init_ms", 0.0))}
    if kind == "delivery":
        return {f"deliveries/{outcome}": 1}
    if kind.startswith("Execution") and kind != "ExecutionStarted":
        return _of_execution(kind, entry.get("detail") or {})
    return {}


def _of_execution(kind: str, detail: Mapping[str, Any]) -> dict[str, float]:
    counts = {f"executions/{kind.removeprefix('Execution')}": 1.0, "history_events": float(detail.get("events", 0))}
    if "billed_ms" in detail:
        # https://aws.amazon.com/step-functions/pricing/: Express workflows cost requests, and time by memory.
        counts["units/states_express_requests"] = 1
        counts["units/states_express_gb_ms"] = float(detail["billed_ms"]) * float(detail["memory_mb"]) / 1024
    elif detail.get("transitions"):
        counts["transitions"] = counts["units/states_transitions"] = float(detail["transitions"])
    return counts


def _of_call(name: str, outcome: str, entry: Entry) -> dict[str, float]:
    size, usage = int(entry.get("request_bytes") or 0), entry.get("detail") or {}
    counts: dict[str, float] = {f"calls/{name}": 1, f"request_bytes/{name}": size}
    if outcome not in ("ok", "404"):
        # A call that failed is one that somebody repeats or gives up.
        counts[f"failed_calls/{name} {outcome}"] = 1
    if usage.get("attempt", 1) > 1:
        counts[f"retries/{name}"] = 1
    counts.update(_units(name, size, usage))
    return counts


def _units(name: str, size: int, usage: Mapping[str, Any]) -> dict[str, float]:
    """What AWS would bill for a call, in its own units; the price of a unit is not this module's business.

    `usage` is what the service itself says that it would bill. A call that failed has none: the size of its request bounds it then.
    """
    service, _, operation = name.partition(".")
    billed = int(usage.get("billed_bytes", size))
    match service:
        case "s3":
            return _s3_units(operation)
        case "dynamodb":
            return _dynamodb_units(operation, size, usage)
        case "sns" | "sqs":
            # 64 KB of payload are one request: https://aws.amazon.com/sns/pricing/, https://aws.amazon.com/sqs/pricing/
            return {f"units/{service}_requests": max(1, ceil(billed / _PIECE))}
        case "events" if operation == "PutEvents":
            # https://aws.amazon.com/eventbridge/pricing/ counts 64 KB of an event as one
            return {"units/events_entries": float(usage.get("events", max(1, ceil(billed / _PIECE))))}
        case "logs" if operation == "PutLogEvents":
            return {"units/logs_bytes": billed}
        case "secretsmanager" | "kms":
            return {f"units/{service}_requests": 1}
    return {}


def _s3_units(operation: str) -> dict[str, float]:
    """https://aws.amazon.com/s3/pricing/: PUT, COPY, POST and LIST cost more than the others; DELETE is free."""
    if operation.startswith(("Delete", "Abort")):
        return {}
    dear = operation.startswith(("Put", "Copy", "Post", "List", "Create", "Complete", "Upload"))
    return {"units/s3_tier1_requests" if dear else "units/s3_tier2_requests": 1}


def _dynamodb_units(operation: str, size: int, usage: Mapping[str, Any]) -> dict[str, float]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html: 1 KB is one unit of a write, 4 KB
    are one of a read, half of that where it is eventually consistent; a refused write costs what it would have cost.
    """
    units = {f"units/dynamodb_{kind}": float(usage[kind]) for kind in ("read_units", "write_units") if kind in usage}
    if usage.get("stored_bytes"):
        units["units/dynamodb_stored_bytes"] = float(usage["stored_bytes"])
    if not units and operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return {"units/dynamodb_write_units": max(1, ceil(size / _KIB))}
    if not units and operation in ("GetItem", "Query", "Scan"):
        return {"units/dynamodb_read_units": 1}
    return units


def _of_invocation(entry: Entry, outcome: str, memory_mb: Mapping[str, int]) -> dict[str, float]:
    name, detail = _name(entry), entry.get("detail") or {}
    counts: dict[str, float] = {
        f"invocations/{name}": 1,
        "units/lambda_requests": 1,
        f"invocation_bytes/{name}": float(detail.get("request_bytes") or 0),
    }
    if outcome != "ok":
        counts[f"failed_invocations/{name} {outcome}"] = 1
    memory = memory_mb.get(str(entry.get("resource", "")), detail.get("memory_size_mb"))
    if memory is not None:
        billed = float(detail.get("billed_ms") or 0) * memory / 1024
        counts[f"billed_gb_ms/{name}"] = billed
        counts["units/lambda_arm_gb_ms" if detail.get("architecture") == "arm64" else "units/lambda_gb_ms"] = billed
    return counts


def _name(entry: Entry) -> str:
    """The logical id of a resource, where its name bears one: the random part is no news."""
    resource = str(entry.get("resource", "")).rpartition(":")[2]
    match = _PHYSICAL_NAME.match(resource)
    return resource if match is None else match[1]
