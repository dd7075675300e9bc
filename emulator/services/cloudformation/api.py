"""AWS CloudFormation. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html"""

from __future__ import annotations

from typing import Any

from emulator.account import Account
from emulator.deploy.parameters import read_parameters
from emulator.deploy.template import dump_template, read_template, transforms
from emulator.effects import Process
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.cloudformation.change_sets import ChangeSetOperations
from emulator.services.cloudformation.descriptions import (
    described_declarations,
    described_event,
    described_resource,
    described_stack,
    summarised_stack,
)
from emulator.services.cloudformation.errors import ValidationError
from emulator.services.cloudformation.planning import needed_capabilities, source_of
from emulator.services.cloudformation.quotas import CloudformationQuotas
from emulator.services.cloudformation.state import Stacks

__all__ = ["CloudformationService"]


class CloudformationService(ChangeSetOperations):
    """Stacks of one account and region. Whoever waits for a stack waits for the topic `("cloudformation", stack_id)`."""

    service_id = "cloudformation"
    resource_members = ("StackName", "ChangeSetName")

    def __init__(self, account: Account, quotas: CloudformationQuotas | None = None) -> None:
        super().__init__(account)
        self.quotas = CloudformationQuotas() if quotas is None else quotas
        self.stacks = Stacks()
        self.expansions: dict[bytes, dict[str, Any]] = {}

    # -- stacks ------------------------------------------------------------------------------------------------------------------

    @operation("DescribeStacks")
    def describe_stacks(self, params: Params, context: CallContext) -> Reply:
        """One stack, or all that are not deleted."""
        name = params.get("StackName")
        stacks = self.stacks.existing() if name is None else [self.stacks.get(name)]
        return Reply({"Stacks": [described_stack(stack) for stack in stacks]})

    @operation("ListStacks")
    def list_stacks(self, params: Params, context: CallContext) -> Reply:
        """All stacks, the deleted ones too, by status."""
        wanted = params.get("StackStatusFilter", [])
        stacks = [stack for stack in self.stacks.all() if not wanted or stack.status in wanted]
        return Reply({"StackSummaries": [summarised_stack(stack) for stack in stacks]})

    @operation("DescribeStackEvents")
    def describe_stack_events(self, params: Params, context: CallContext) -> Reply:
        """A stack's events, newest first."""
        stack = self.stacks.get(params["StackName"])
        return Reply({"StackEvents": [described_event(stack, event) for event in reversed(stack.events)]})

    @operation("ListExports")
    def list_exports(self, params: Params, context: CallContext) -> Reply:
        """Every output that other stacks can import."""
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": output.export_name, "Value": output.value}
            for stack, output in self.stacks.exporting()
        ]
        return Reply({"Exports": exports})

    @operation("ListImports")
    def list_imports(self, params: Params, context: CallContext) -> Reply:
        """The stacks that use an export."""
        importers = self.stacks.importers(params["ExportName"])
        if not importers:
            raise ValidationError(f"Export '{params['ExportName']}' is not imported by any stack.")
        return Reply({"Imports": importers})

    # -- resources ---------------------------------------------------------------------------------------------------------------

    @operation("DescribeStackResource")
    def describe_stack_resource(self, params: Params, context: CallContext) -> Reply:
        """One resource of a stack."""
        stack = self.stacks.get(params["StackName"])
        live = stack.resource(params["LogicalResourceId"])
        detail = {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "LastUpdatedTimestamp": live.changed_at,
            **described_resource(live),
        }
        return Reply({"StackResourceDetail": detail})

    @operation("DescribeStackResources")
    def describe_stack_resources(self, params: Params, context: CallContext) -> Reply:
        """A stack's resources: of the stack that is named, or of the one that a physical id belongs to."""
        physical_id = params.get("PhysicalResourceId")
        if physical_id is not None:
            owners = (
                stack
                for stack in self.stacks.existing()
                if any(live.physical_id == physical_id for live in stack.resources.values())
            )
            stack = next(owners, None)
            if stack is None:
                raise ValidationError(f"Stack for {physical_id} does not exist")
        elif "StackName" in params:
            stack = self.stacks.get(params["StackName"])
        else:
            raise ValidationError("StackName or PhysicalResourceId must be specified")
        logical_id = params.get("LogicalResourceId")
        chosen = list(stack.resources.values()) if logical_id is None else [stack.resource(logical_id)]
        resources = [
            {
                "StackId": stack.stack_id,
                "StackName": stack.name,
                "Timestamp": live.changed_at,
                **described_resource(live),
            }
            for live in chosen
        ]
        return Reply({"StackResources": resources})

    @operation("ListStackResources")
    def list_stack_resources(self, params: Params, context: CallContext) -> Reply:
        """A stack's resources in short."""
        stack = self.stacks.get(params["StackName"])
        summaries = [
            {"LastUpdatedTimestamp": live.changed_at, **described_resource(live)} for live in stack.resources.values()
        ]
        return Reply({"StackResourceSummaries": summaries})

    # -- templates ---------------------------------------------------------------------------------------------------------------

    @operation("GetTemplate")
    def get_template(self, params: Params, context: CallContext) -> Reply:
        """A stack's template as it was given, or as its transforms left it."""
        if "ChangeSetName" in params:
            change_set = self.stacks.change_set(params["ChangeSetName"], params.get("StackName"))
            plan, text = change_set.plan, change_set.plan.draft.source.text
        else:
            stack = self.stacks.get(params["StackName"])
            if stack.plan is None:
                raise ValidationError(f"Stack {stack.name} has no template yet")
            plan, text = stack.plan, stack.source.text
        if params.get("TemplateStage", "Original") == "Processed" and plan.draft.transforms:
            text = dump_template(plan.draft.template)
        return Reply({"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]})

    @operation("GetTemplateSummary", unsupported=("StackSetName", "CallAs", "TemplateSummaryConfig"))
    def get_template_summary(self, params: Params, context: CallContext) -> Process:
        """What a template declares and needs."""
        if "StackName" in params:
            source = self.stacks.get(params["StackName"]).source
        else:
            source = yield from source_of(params, self.quotas)
        template = read_template(source.text)
        summary: dict[str, Any] = {
            "Parameters": described_declarations(read_parameters(template)),
            "ResourceTypes": sorted({resource["Type"] for resource in template["Resources"].values()}),
            "Capabilities": needed_capabilities(template, transforms(template)),
            "DeclaredTransforms": list(transforms(template)),
            "Version": str(template.get("AWSTemplateFormatVersion", "2010-09-09")),
        }
        if "Description" in template:
            summary["Description"] = template["Description"]
        return Reply(summary)

    @operation("ValidateTemplate")
    def validate_template(self, params: Params, context: CallContext) -> Process:
        """Whether a template can be read, and what it declares; as on AWS, types and properties are not looked at."""
        source = yield from source_of(params, self.quotas)
        template = read_template(source.text)
        declared = [
            {
                member: declaration[key]
                for member, key in (
                    ("ParameterKey", "ParameterKey"),
                    ("DefaultValue", "DefaultValue"),
                    ("NoEcho", "NoEcho"),
                    ("Description", "Description"),
                )
                if key in declaration
            }
            for declaration in described_declarations(read_parameters(template))
        ]
        return Reply(
            {
                "Parameters": declared,
                "Description": template.get("Description", ""),
                "Capabilities": needed_capabilities(template, transforms(template)),
                "DeclaredTransforms": list(transforms(template)),
            }
        )
