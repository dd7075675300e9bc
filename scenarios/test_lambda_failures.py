"""Every way in which Lambda itself says that a function failed: in the response, in the log, and to Step Functions.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator.targets import EmbeddedTarget, Target
from emulator.targets.eventually import eventually

ROLE = "arn:aws:iam::000000000000:role/runner"
REQUEST = r"RequestId: [0-9a-f-]{36} Error: "


@dataclass(frozen=True)
class Failure:
    """A function, and what Lambda says of it. `log` is a pattern of a line; `report` whether REPORT names the type."""

    error_type: str
    message: str
    source: str = "def handler(event, context): pass"
    log: str = ""
    report: bool = False
    handler: str = "app.handler"
    runtime: str = "python3.11"
    extension: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def body(text: str) -> str:
    return f"import os, signal, time\ndef handler(event, context):\n    {text}\n"


FAILURES = {
    "an exception": Failure("ValueError", "no", body("raise ValueError('no')"), r"\[ERROR\] ValueError: no"),
    "a module that is not there": Failure(
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'not_there'",
        "import not_there",
        r"\[ERROR\] Runtime.ImportModuleError: Unable to import module 'app': No module named 'not_there'",
        report=True,
    ),
    "a syntax error": Failure(
        "Runtime.UserCodeSyntaxError",
        r"Syntax error in module 'app': .*",
        "def handler(: pass",
        r"\[ERROR\] Runtime.UserCodeSyntaxError: Syntax error in module 'app'",
        report=True,
    ),
    "a handler that is not there": Failure(
        "Runtime.HandlerNotFound",
        "Handler 'other' missing on module 'app'",
        handler="app.other",
        log=r"\[ERROR\] Runtime.HandlerNotFound: Handler 'other' missing on module 'app'",
        report=True,
    ),
    "a handler without a module": Failure(
        "Runtime.MalformedHandlerName",
        r"Bad handler 'app': not enough values to unpack \(expected 2, got 1\)",
        handler="app",
        log=r"\[ERROR\] Runtime.MalformedHandlerName: Bad handler 'app'",
        report=True,
    ),
    "a result that is no JSON": Failure(
        "Runtime.MarshalError",
        "Unable to marshal response: Object of type set is not JSON serializable",
        body("return {1}"),
        r"\[ERROR\] Runtime.MarshalError: Unable to marshal response",
    ),
    "an exit": Failure(
        "Runtime.ExitError",
        REQUEST + "Runtime exited with error: exit status 3",
        body("os._exit(3)"),
        REQUEST + "Runtime exited with error: exit status 3",
        report=True,
    ),
    "an exit without a status": Failure(
        "Runtime.ExitError",
        REQUEST + "Runtime exited without providing a reason",
        body("os._exit(0)"),
        REQUEST + "Runtime exited without providing a reason",
        report=True,
    ),
    "an exit while the module is imported": Failure(
        "Runtime.ExitError",
        REQUEST + "Runtime exited with error: exit status 4",
        "import os\nos._exit(4)",
        r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError",
        report=True,
    ),
    "a crash": Failure(
        "Runtime.ExitError",
        REQUEST + "Runtime exited with error: signal: segmentation fault",
        body("os.kill(os.getpid(), signal.SIGSEGV)"),
        REQUEST + "Runtime exited with error: signal: segmentation fault",
        report=True,
    ),
    "too much memory": Failure(
        "Runtime.OutOfMemory",
        REQUEST + "Runtime exited with error: signal: killed",
        body("held = b'x' * 200_000_000; time.sleep(5)"),
        REQUEST + "Runtime exited with error: signal: killed",
        report=True,
    ),
    "a timeout": Failure(
        "Sandbox.Timedout",
        REQUEST + "Task timed out after 1.00 seconds",
        body("time.sleep(5)"),
        r"Z [0-9a-f-]{36} Task timed out after 1.00 seconds",
        settings={"Timeout": 1},
    ),
    "a result over six megabytes": Failure(
        "Function.ResponseSizeTooLarge",
        r"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.",
        body("return 'x' * 6_291_555"),
        report=True,
    ),
    "no bootstrap": Failure(
        "Runtime.InvalidEntrypoint",
        REQUEST + r"Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]",
        runtime="provided.al2023",
        log="Runtime.InvalidEntrypoint",
        report=True,
    ),
    "an extension that ends": Failure(
        "Extension.Crash",
        REQUEST + "exit code 1",
        extension="exit 1",
        log=r"INIT_REPORT .*Status: error\tError Type: Extension.Crash",
        report=True,
    ),
    "an extension that cannot be initialised": Failure(
        "Extension.ConfigInvalid",
        REQUEST + "Extension.ConfigInvalid",
        extension='curl -s -X POST -H "Lambda-Extension-Identifier: $id" '
        '-H "Lambda-Extension-Function-Error-Type: Extension.ConfigInvalid" -d "{}" $base/init/error; sleep 5',
        log=r"INIT_REPORT .*Status: error\tError Type: Extension.ConfigInvalid",
        report=True,
    ),
    "an extension that gives up in an invocation": Failure(
        "Extension.GaveUp",
        REQUEST + "Extension.GaveUp",
        body("time.sleep(2)"),
        extension='curl -s -H "Lambda-Extension-Identifier: $id" $base/event/next; '
        'curl -s -X POST -H "Lambda-Extension-Identifier: $id" '
        '-H "Lambda-Extension-Function-Error-Type: Extension.GaveUp" -d "{}" $base/exit/error; sleep 5',
        report=True,
    ),
}
EXTENSION = """#!/bin/bash
base=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
id=$(curl -sD - -o /dev/null -H "Lambda-Extension-Name: ${{0##*/}}" -d '{{"events":["INVOKE"]}}' $base/register |
     tr -d '\\r' | sed -n 's/^Lambda-Extension-Identifier: //ip')
{}
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("failures")
    (folder / "template.yaml").write_text("Resources: {Queue: {Type: AWS::SQS::Queue}}")
    with EmbeddedTarget.start(template=folder / "template.yaml") as running:
        yield running


def create(target: Target, folder: Path, failure: Failure) -> str:
    """The name of a new function that fails in this way."""
    client = target.client("lambda")
    code, name = folder / "code", re.sub(r"\W", "-", folder.name)
    code.mkdir()
    (code / "app.py").write_text(failure.source)
    layers = []
    if failure.extension:
        file = folder / "layer" / "extensions" / "failing"
        file.parent.mkdir(parents=True)
        file.write_text(EXTENSION.format(failure.extension))
        file.chmod(0o755)
        content = {"S3Bucket": "hot-reload", "S3Key": str(folder / "layer")}
        layers = [client.publish_layer_version(LayerName=name, Content=content)["LayerVersionArn"]]
    client.create_function(
        FunctionName=name,
        Runtime=failure.runtime,
        Handler=failure.handler,
        Role=ROLE,
        Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
        Layers=layers,
        **{"Timeout": 8, **failure.settings},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


def outcome_in_step_functions(target: Target, arn: str, name: str) -> dict[str, Any]:
    """The error of an execution whose one task is the function."""
    client = target.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": arn},
        "End": True,
    }
    definition = json.dumps({"StartAt": "Run", "States": {"Run": task}})
    machine = client.create_state_machine(name=name[:80], definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]

    assert eventually(lambda: client.describe_execution(executionArn=execution)["status"] != "RUNNING", 20.0)
    described: dict[str, Any] = client.describe_execution(executionArn=execution)
    return described


@pytest.mark.parametrize("kind", FAILURES)
def test_failure_is_told_in_lambdas_words(target: Target, tmp_path: Path, kind: str) -> None:
    failure = FAILURES[kind]
    name = create(target, tmp_path, failure)
    client = target.client("lambda")
    answer = client.invoke(FunctionName=name, Payload=b"{}", LogType="Tail")
    document = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer.get("FunctionError")) == (200, "Unhandled")
    assert document["errorType"] == failure.error_type
    assert re.fullmatch(failure.message, document["errorMessage"]), document["errorMessage"]

    tail = base64.b64decode(answer["LogResult"]).decode()
    (report,) = [line for line in tail.splitlines() if line.startswith("REPORT ")]
    if failure.report:
        assert report.rstrip().endswith(f"Status: error\tError Type: {failure.error_type}")
    elif failure.error_type == "Sandbox.Timedout":
        assert report.rstrip().endswith("Status: timeout")
    else:
        assert "Status:" not in report

    def log() -> str:
        events = target.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return "".join(event["message"] for event in events)

    assert eventually(lambda: re.search(failure.log, log()) is not None, 5.0), log()
    arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
    described = outcome_in_step_functions(target, arn, name)
    assert (described["status"], described["error"]) == ("FAILED", failure.error_type)
    cause = json.loads(described["cause"])
    assert (cause["errorType"], bool(re.fullmatch(failure.message, cause["errorMessage"]))) == (
        failure.error_type,
        True,
    )
