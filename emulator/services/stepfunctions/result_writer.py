"""ResultWriter: what a Distributed Map makes of its children's outputs, in the state's output or as objects in S3.

Rules. NONE keeps each execution's metadata, COMPACT only the outputs, FLATTEN puts outputs that are lists into one list. A child that did
not succeed is always written with its metadata. In S3 there is one object per status and a manifest.json that names them.
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from emulator.effects import Call, Effect
from emulator.errors import AwsError, EmulatorError
from emulator.services.stepfunctions.asl.definition import ResultWriter
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import StateFailure
from emulator.services.stepfunctions.asl.timestamps import format_timestamp
from emulator.services.stepfunctions.map_run import MapRun
from emulator.services.stepfunctions.state import Execution, ExecutionStatus

__all__ = ["RESULT_WRITER_FAILED", "previewed", "write_results"]

RESULT_WRITER_FAILED = "States.ResultWriterFailed"


def previewed(writer: ResultWriter, run: MapRun) -> Document:
    """The state's output where nothing is written to S3."""
    lines = list(_transformed(writer, [execution for _, execution in sorted(run.results.items())]))
    if writer.json_lines:
        return Document.of("\n".join(lines))
    return Document(f"[{','.join(lines)}]")


def write_results(
    writer: ResultWriter, arguments: Mapping[str, Any], run: MapRun, key_id: str, role_arn: str
) -> Generator[Effect, Any, Document]:
    """Write the results to S3; the state's output, which names the manifest. Raises StateFailure."""
    bucket, prefix = str(arguments.get("Bucket", "")), str(arguments.get("Prefix", "")).strip("/")
    folder = f"{prefix}/{key_id}" if prefix else key_id
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    by_status: dict[str, list[Execution]] = {"SUCCEEDED": [], "FAILED": []}
    for _, execution in sorted(run.results.items()):
        succeeded = execution.status is ExecutionStatus.SUCCEEDED
        by_status["SUCCEEDED" if succeeded else "FAILED"].append(execution)
    ending = "jsonl" if writer.json_lines else "json"
    try:
        for status, executions in by_status.items():
            if not executions:
                continue
            lines = list(_transformed(writer, executions))
            body = ("\n".join(lines) if writer.json_lines else f"[{','.join(lines)}]").encode("utf-8", "surrogatepass")
            key = f"{folder}/{status}_0.{ending}"
            yield Call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, principal=role_arn)
            files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
        key = f"{folder}/manifest.json"
        body = dumps(manifest).encode()
        yield Call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, principal=role_arn)
    except (AwsError, EmulatorError) as error:
        raise StateFailure(RESULT_WRITER_FAILED, f"S3 request failed: {error}") from error
    run.written_executions = len(run.results)
    run.written_items = sum(run.inputs[place][1] for place in run.results)
    return Document.of({"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}})


def _transformed(writer: ResultWriter, executions: Iterable[Execution]) -> Iterable[str]:
    for execution in executions:
        output = execution.output
        if writer.transformation == "NONE" or execution.status is not ExecutionStatus.SUCCEEDED or output is None:
            yield dumps(_described(execution))
        elif writer.transformation == "FLATTEN" and isinstance(output.value, list):
            yield from map(dumps, output.value)
        else:
            yield dumps(output.value)


def _described(execution: Execution) -> dict[str, Any]:
    """A child execution with its metadata."""
    row: dict[str, Any] = {"ExecutionArn": execution.arn}
    if execution.error is not None:
        row["Error"] = execution.error
    if execution.cause is not None:
        row["Cause"] = execution.cause
    row |= {"Input": execution.input.text, "InputDetails": {"Included": True}, "Name": execution.name}
    if execution.output is not None:
        row |= {"Output": execution.output.text, "OutputDetails": {"Included": True}}
    succeeded = execution.status is ExecutionStatus.SUCCEEDED
    row |= {
        "RedriveCount": execution.redrive_count,
        "RedriveStatus": "NOT_REDRIVABLE" if succeeded else "REDRIVABLE_BY_MAP_RUN",
        "StartDate": format_timestamp(execution.start_date),
        "StateMachineArn": execution.state_machine_arn,
        "Status": str(execution.status),
    }
    if succeeded:
        row["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    if execution.stop_date is not None:
        row["StopDate"] = format_timestamp(execution.stop_date)
    return row
