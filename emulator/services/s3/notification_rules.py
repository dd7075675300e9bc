"""Notification configurations: what is wrong with one, and which of its targets an event is for.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.services.s3.errors import InvalidArgument, MalformedXml

__all__ = ["Target", "configured", "targets"]

_EVENTS = frozenset(
    {
        "s3:ReducedRedundancyLostObject",
        *(f"s3:ObjectCreated:{kind}" for kind in ("*", "Put", "Post", "Copy", "CompleteMultipartUpload")),
        *(f"s3:ObjectRemoved:{kind}" for kind in ("*", "Delete", "DeleteMarkerCreated")),
        *(f"s3:ObjectRestore:{kind}" for kind in ("*", "Post", "Completed", "Delete")),
        *(
            f"s3:Replication:{kind}"
            for kind in (
                "*",
                "OperationFailedReplication",
                "OperationNotTracked",
                "OperationMissedThreshold",
                "OperationReplicatedAfterThreshold",
            )
        ),
        *(f"s3:LifecycleExpiration:{kind}" for kind in ("*", "Delete", "DeleteMarkerCreated")),
        "s3:LifecycleTransition",
        "s3:IntelligentTiering",
        *(f"s3:ObjectTagging:{kind}" for kind in ("*", "Put", "Delete")),
        "s3:ObjectAcl:Put",
    }
)
_KINDS: Mapping[str, tuple[str, str, str]] = {
    "TopicConfigurations": ("TopicArn", "Topic", "sns"),
    "QueueConfigurations": ("QueueArn", "Queue", "sqs"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "CloudFunction", "lambda"),
}
"""By member: its ARN, what S3 calls that in errors, and the service."""
_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):[a-z0-9-]+:\d{12}:.+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a bucket's events go."""

    service: str
    arn: str
    configuration_id: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def wants(self, event: str, key: str) -> bool:
        """Whether an event such as `ObjectCreated:Put` of a key is for it."""
        if not (key.startswith(self.prefix) and key.endswith(self.suffix)):
            return False
        kind = f"s3:{event}"
        return any(kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1])) for wanted in self.events)


def configured(given: Mapping[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    """The configuration as it is kept: ids and the names of filter rules filled in. Raises InvalidArgument, MalformedXML."""
    kept: dict[str, Any] = {}
    for member, (arn_member, argument, service) in _KINDS.items():
        rows = []
        for row in given.get(member) or ():
            arn = row.get(arn_member)
            if arn is None or row.get("Events") is None:
                raise MalformedXml
            match = _ARN.fullmatch(arn)
            if match is None or match[1] != service:
                raise InvalidArgument.of("The ARN could not be parsed", argument, arn)
            for event in row["Events"]:
                if event not in _EVENTS:
                    raise InvalidArgument.of("The event is not supported for notifications", "Event", event)
            filled = {"Id": row.get("Id") or new_id(), arn_member: arn, "Events": list(row["Events"])}
            rules = _rules(row.get("Filter"))
            if rules:
                filled["Filter"] = {"Key": {"FilterRules": rules}}
            rows.append(filled)
        if rows:
            kept[member] = rows
    if given.get("EventBridgeConfiguration") is not None:
        kept["EventBridgeConfiguration"] = {}
    _check_overlaps(list(targets(kept)))
    return kept


def _rules(given: Mapping[str, Any] | None) -> list[dict[str, str]]:
    rules = []
    seen = set()
    for rule in ((given or {}).get("Key") or {}).get("FilterRules") or ():
        name = rule.get("Name") or ""
        if name.lower() not in ("prefix", "suffix"):
            raise InvalidArgument.of("filter rule name must be either prefix or suffix", "FilterRule.Name", name)
        if name.lower() in seen:
            message = "Cannot specify more than one prefix rule in a filter."
            raise InvalidArgument.of(message.replace("prefix", name.lower()), "FilterRule.Name", name)
        value = rule.get("Value") or ""
        if len(value.encode()) > 1024:
            raise InvalidArgument.of(
                "size of filter rule value cannot exceed 1024 bytes in UTF-8 representation", "FilterRule.Value", value
            )
        seen.add(name.lower())
        rules.append({"Name": name.capitalize(), "Value": value})
    return rules


def targets(configuration: Mapping[str, Any]) -> Iterator[Target]:
    """The targets of a configuration that is kept; EventBridge is none of them."""
    for member, (arn_member, _, service) in _KINDS.items():
        for row in configuration.get(member, ()):
            rules = {
                rule["Name"]: rule["Value"]
                for rule in row.get("Filter", {"Key": {"FilterRules": []}})["Key"]["FilterRules"]
            }
            yield Target(
                service,
                row[arn_member],
                row["Id"],
                tuple(row["Events"]),
                rules.get("Prefix", ""),
                rules.get("Suffix", ""),
            )


def _check_overlaps(found: list[Target]) -> None:
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            if not _share_events(one, other):
                continue
            prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
            suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
            if prefixes and suffixes:
                message = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
                if one.prefix or one.suffix or other.prefix or other.suffix:
                    message = (
                        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
                        "prefixes are overlapping for the same event type."
                    )
                raise InvalidArgument.of(message, "Configurations", f"{one.configuration_id}, {other.configuration_id}")


def _share_events(one: Target, other: Target) -> bool:
    return any(
        a == b or (a.endswith("*") and b.startswith(a[:-1])) or (b.endswith("*") and a.startswith(b[:-1]))
        for a in one.events
        for b in other.events
    )
