"""Log groups, their retention and tags. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"""

from __future__ import annotations

import re
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
)
from emulator.services.logs.state import LogGroup
from emulator.services.logs.store import LogStore

__all__ = ["GroupOperations"]

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


class GroupOperations(LogStore):
    """The groups' control plane."""

    @operation("CreateLogGroup", unsupported=("deletionProtectionEnabled",))
    def create_log_group(self, params: Params, context: CallContext) -> Reply:
        """Create a group."""
        self.check_names(params)
        name = params["logGroupName"]
        if name in self.groups:
            raise ResourceAlreadyExistsException("The specified log group already exists")
        group = LogGroup(name, int(context.now * 1000))
        group.kms_key_id = params.get("kmsKeyId", "")
        group.log_group_class = params.get("logGroupClass", "STANDARD")
        self._tag(group.tags, params.get("tags", {}))
        self.groups[name] = group
        return Reply()

    @operation("DeleteLogGroup")
    def delete_log_group(self, params: Params, context: CallContext) -> Reply:
        """Delete a group with its streams."""
        del self.groups[self.group(params).name]
        return Reply()

    @operation("DescribeLogGroups", unsupported=("accountIdentifiers", "includeLinkedAccounts"))
    def describe_log_groups(self, params: Params, context: CallContext) -> Reply:
        """Groups by name."""
        prefix, part = params.get("logGroupNamePrefix", ""), params.get("logGroupNamePattern", "")
        if prefix and part:
            raise InvalidParameterException(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        identifiers = params.get("logGroupIdentifiers")
        chosen = None if identifiers is None else {self.group({"logGroupIdentifier": one}).name for one in identifiers}
        wanted_class = params.get("logGroupClass")
        for group in self.groups.values():
            self.expire(group, context.now)
        # A search by a part of the name goes by an index that knows less of each group.
        unknown = {"storedBytes", "deletionProtectionEnabled"} if part else set()
        shown = [
            {member: value for member, value in self._group_shape(group).items() if member not in unknown}
            for name, group in sorted(self.groups.items())
            if name.startswith(prefix)
            and part.lower() in name.lower()
            and (chosen is None or name in chosen)
            and wanted_class in (None, group.log_group_class)
        ]
        return Reply(self.page(params, "logGroups", shown))

    @operation(
        "ListLogGroups", unsupported=("accountIdentifiers", "includeLinkedAccounts", "dataSources", "fieldIndexNames")
    )
    def list_log_groups(self, params: Params, context: CallContext) -> Reply:
        """Groups whose names have one of the parts `this|that`, in this case; `^` is the name's beginning."""
        pattern = re.compile("|".join(_part(one) for one in params.get("logGroupNamePattern", "").split("|")))
        shown = [
            {"logGroupName": name, "logGroupArn": self.arn(group), "logGroupClass": group.log_group_class}
            for name, group in sorted(self.groups.items())
            if pattern.search(name) is not None and params.get("logGroupClass") in (None, group.log_group_class)
        ]
        return Reply(self.page(params, "logGroups", shown))

    @operation("AssociateKmsKey", unsupported=("resourceIdentifier",))
    def associate_kms_key(self, params: Params, context: CallContext) -> Reply:
        """Say which key encrypts a group: it is shown, and nothing here is encrypted."""
        self.group(params).kms_key_id = params["kmsKeyId"]
        return Reply()

    @operation("DisassociateKmsKey", unsupported=("resourceIdentifier",))
    def disassociate_kms_key(self, params: Params, context: CallContext) -> Reply:
        """No key any more."""
        self.group(params).kms_key_id = ""
        return Reply()

    @operation("PutRetentionPolicy")
    def put_retention_policy(self, params: Params, context: CallContext) -> Reply:
        """Keep events for so many days of the engine's clock."""
        group = self.group(params)
        if params["retentionInDays"] not in _RETENTION_DAYS:
            raise InvalidParameterException(
                f"1 validation error detected: Value '{params['retentionInDays']}' at 'retentionInDays' failed to satisfy constraint: "
                f"Member must satisfy enum value set: {list(_RETENTION_DAYS)}"
            )
        group.retention_days = params["retentionInDays"]
        return Reply()

    @operation("DeleteRetentionPolicy")
    def delete_retention_policy(self, params: Params, context: CallContext) -> Reply:
        """Keep events for ever (within this emulator's memory)."""
        self.group(params).retention_days = None
        return Reply()

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Set tags of a group or a destination by ARN."""
        self._tag(self.tags_of_arn(params["resourceArn"]), params["tags"])
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags of a group or a destination by ARN."""
        _untag(self.tags_of_arn(params["resourceArn"]), params["tagKeys"])
        return Reply()

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        """The tags of a group or a destination by ARN."""
        return Reply({"tags": dict(self.tags_of_arn(params["resourceArn"]))})

    @operation("TagLogGroup")
    def tag_log_group(self, params: Params, context: CallContext) -> Reply:
        """Set tags of a group by name."""
        self._tag(self.group(params).tags, params["tags"])
        return Reply()

    @operation("UntagLogGroup")
    def untag_log_group(self, params: Params, context: CallContext) -> Reply:
        """Remove tags of a group by name."""
        _untag(self.group(params).tags, params["tags"])
        return Reply()

    @operation("ListTagsLogGroup")
    def list_tags_log_group(self, params: Params, context: CallContext) -> Reply:
        """The tags of a group by name."""
        return Reply({"tags": dict(self.group(params).tags)})

    def _tag(self, present: dict[str, str], tags: dict[str, str]) -> None:
        self.check_tags({**present, **tags})
        present.update(tags)

    def _group_shape(self, group: LogGroup) -> dict[str, Any]:
        arn = self.arn(group)
        shown: dict[str, Any] = {
            "logGroupName": group.name,
            "creationTime": group.created,
            "metricFilterCount": len(group.metric_filters),
            "deletionProtectionEnabled": False,
            "arn": f"{arn}:*",
            "storedBytes": group.stored_bytes,
            "logGroupClass": group.log_group_class,
            "logGroupArn": arn,
        }
        if group.retention_days is not None:
            shown["retentionInDays"] = group.retention_days
        if group.kms_key_id:
            shown["kmsKeyId"] = group.kms_key_id
        return shown


def _untag(present: dict[str, str], keys: list[str]) -> None:
    for key in keys:
        present.pop(key, None)


def _part(text: str) -> str:
    return "^" + re.escape(text[1:]) if text.startswith("^") else re.escape(text)
