"""Stacks, resources, events and change sets as the API describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy import Live
from emulator.deploy.parameters import Parameter
from emulator.services.cloudformation.state import ChangeSet, Stack, StackEvent

__all__ = [
    "described_change_set",
    "described_declarations",
    "described_event",
    "described_resource",
    "described_stack",
    "summarised_change_set",
    "summarised_stack",
]


def _present(**members: Any) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None and value != ""}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _parameters(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> list[dict[str, str]]:
    described = []
    for name, parameter in parameters.items():
        value = given.get(name, parameter.default)
        if value is not None:
            described.append({"ParameterKey": name, "ParameterValue": parameter.shown(value)})
    return described


def described_stack(stack: Stack) -> dict[str, Any]:
    """A Stack of DescribeStacks."""
    plan = stack.plan
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "CreationTime": stack.created_at,
        "StackStatus": stack.status,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": list(stack.environment.notification_arns),
        "Capabilities": list(stack.capabilities),
        "Parameters": [] if plan is None else _parameters(plan.draft.parameters, stack.given),
        "Tags": _tags(stack.environment.tags),
        "EnableTerminationProtection": stack.termination_protection,
        "RollbackConfiguration": {},
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "Outputs": [
            {
                "OutputKey": output.key,
                "OutputValue": output.value,
                **_present(Description=output.description, ExportName=output.export_name),
            }
            for output in stack.outputs
        ],
        **_present(
            ChangeSetId=stack.change_set_id,
            DeletionTime=stack.deleted_at,
            Description=None if plan is None else plan.description,
            LastUpdatedTime=stack.updated_at,
            ParentId=stack.parent_id,
            RootId=stack.root_id,
            StackStatusReason=stack.status_reason,
            TimeoutInMinutes=stack.timeout_in_minutes,
        ),
    }


def summarised_stack(stack: Stack) -> dict[str, Any]:
    """A StackSummary of ListStacks."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "CreationTime": stack.created_at,
        "StackStatus": stack.status,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        **_present(
            DeletionTime=stack.deleted_at,
            LastUpdatedTime=stack.updated_at,
            ParentId=stack.parent_id,
            RootId=stack.root_id,
            StackStatusReason=stack.status_reason,
            TemplateDescription=None if stack.plan is None else stack.plan.description,
        ),
    }


def described_resource(live: Live) -> dict[str, Any]:
    """The members that DescribeStackResources and its kin have in common."""
    return {
        "LogicalResourceId": live.logical_id,
        "ResourceType": live.type.name,
        "ResourceStatus": live.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        **_present(PhysicalResourceId=live.physical_id, ResourceStatusReason=live.status_reason),
    }


def described_event(stack: Stack, event: StackEvent) -> dict[str, Any]:
    """A StackEvent."""
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "EventId": event.event_id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.time,
        "ResourceStatus": event.status,
        **_present(
            ClientRequestToken=event.client_request_token,
            ResourceProperties=event.properties,
            ResourceStatusReason=event.reason,
        ),
    }


def described_declarations(parameters: Mapping[str, Parameter]) -> list[dict[str, Any]]:
    """The ParameterDeclarations of GetTemplateSummary."""
    declarations = []
    for name, parameter in parameters.items():
        allowed = parameter.definition.get("AllowedValues")
        declarations.append(
            {
                "ParameterKey": name,
                "ParameterType": parameter.type,
                "NoEcho": parameter.no_echo,
                "ParameterConstraints": {} if allowed is None else {"AllowedValues": [str(value) for value in allowed]},
                **_present(DefaultValue=parameter.default, Description=parameter.definition.get("Description")),
            }
        )
    return declarations


def summarised_change_set(change_set: ChangeSet) -> dict[str, Any]:
    """A ChangeSetSummary."""
    return {
        "StackId": change_set.stack.stack_id,
        "StackName": change_set.stack.name,
        "ChangeSetId": change_set.change_set_id,
        "ChangeSetName": change_set.name,
        "ExecutionStatus": change_set.execution_status,
        "Status": change_set.status,
        "CreationTime": change_set.created_at,
        "IncludeNestedStacks": False,
        **_present(Description=change_set.description, StatusReason=change_set.status_reason),
    }


def described_change_set(change_set: ChangeSet) -> dict[str, Any]:
    """The answer of DescribeChangeSet."""
    changes = []
    for change in change_set.changes:
        resource: dict[str, Any] = {
            "Action": change.action,
            "LogicalResourceId": change.logical_id,
            "ResourceType": change.type,
            "Scope": ["Properties"] if change.properties else [],
            "Details": [
                {
                    "Target": {
                        "Attribute": "Properties",
                        "Name": name,
                        "RequiresRecreation": "Always" if change.replacement else "Never",
                    },
                    "Evaluation": "Static",
                    "ChangeSource": "DirectModification",
                }
                for name in change.properties
            ],
            **_present(PhysicalResourceId=change.physical_id),
        }
        if change.action == "Modify":
            resource["Replacement"] = "True" if change.replacement else "False"
        changes.append({"Type": "Resource", "ResourceChange": resource})
    return {
        **summarised_change_set(change_set),
        "Parameters": _parameters(change_set.plan.draft.parameters, change_set.given),
        "Capabilities": list(change_set.capabilities),
        "Tags": _tags(change_set.environment.tags),
        "NotificationARNs": [],
        "RollbackConfiguration": {},
        "Changes": changes,
    }
