"""A CloudFormation service among fake services, called as a client calls it."""

from __future__ import annotations

import subprocess
from typing import Any

import yaml

from emulator.deploy.tests.fake_aws import FakeAws
from emulator.engine.tools import RunTool, ToolResult
from emulator.operation import CallContext
from emulator.services.cloudformation import CloudformationQuotas, CloudformationService

SERVICES = ("sqs", "sns", "iam", "lambda", "s3", "ec2", "ssm", "secretsmanager", "apigateway", "stepfunctions", "logs")


class CloudformationClient:
    """`client.create_stack(...)` and so on: the result, or the AwsError raised. Every call runs the engine until nothing is left to do."""

    def __init__(self, quotas: CloudformationQuotas | None = None) -> None:
        self.aws = FakeAws(*SERVICES)
        self.aws.engine.register("cloudformation", CloudformationService(self.aws.account, quotas))
        self.aws.engine.perform(RunTool, run_tool)

    def call(self, operation: str, *, settle: bool = True, **params: Any) -> Any:
        outcome: list[tuple[Any, BaseException | None]] = []
        context = CallContext(self.aws.engine.clock.now(), "request")
        self.aws.engine.call(
            "cloudformation", operation, params, context, lambda value, error: outcome.append((value, error))
        )
        if settle:
            self.aws.settle()
        value, error = outcome[0]
        if error is not None:
            raise error
        return value

    def create(self, template: dict[str, Any] | str, name: str = "demo", **params: Any) -> str:
        body = template if isinstance(template, str) else yaml.safe_dump(template)
        stack_id: str = self.call("CreateStack", StackName=name, TemplateBody=body, **params)["StackId"]
        return stack_id

    def update(self, template: dict[str, Any], name: str = "demo", **params: Any) -> None:
        self.call("UpdateStack", StackName=name, TemplateBody=yaml.safe_dump(template), **params)

    def stack(self, name: str = "demo") -> dict[str, Any]:
        stack: dict[str, Any] = self.call("DescribeStacks", StackName=name)["Stacks"][0]
        return stack

    def outputs(self, name: str = "demo") -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(name)["Outputs"]}

    def statuses(self, logical_id: str, name: str = "demo") -> list[str]:
        """What a resource (or the stack, by its name) went through, oldest first."""
        events = self.call("DescribeStackEvents", StackName=name)["StackEvents"]
        return [event["ResourceStatus"] for event in reversed(events) if event["LogicalResourceId"] == logical_id]


def run_tool(effect: RunTool, done: Any) -> None:
    ended = subprocess.run(effect.argv, input=effect.stdin, capture_output=True, check=False)
    done(ToolResult(ended.returncode, ended.stdout, ended.stderr), None)


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def output(value: Any, export: str | None = None) -> dict[str, Any]:
    return {"Value": value} if export is None else {"Value": value, "Export": {"Name": export}}
