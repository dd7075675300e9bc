"""Each way in which a message can fail is told apart, with its cause where the journal has one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtests.failures import UsageError
from loadtests.journal import read_journal
from loadtests.ledger import append_row, write_messages
from loadtests.message import Message
from loadtests.reporting.explain_message import explain_message, find_run_of, recorded
from loadtests.run_folder import RunFolder
from loadtests.tests.samples import good_facts, good_message

TRACE = "1-00000000-0123456789abcdef01234567"
START = 1_795_000_100.0


def entry(at: float, kind: str, service: str, operation: str, outcome: str = "ok", **more: Any) -> dict[str, Any]:
    return {
        "time": START + at,
        "kind": kind,
        "service": service,
        "operation": operation,
        "outcome": outcome,
        "trace_id": TRACE,
        **more,
    }


PUBLISHED = [entry(0.03, "call", "sns", "Publish")]
STARTED = [entry(0.01, "call", "stepfunctions", "StartExecution"), *PUBLISHED]
WHOLE = [
    *STARTED,
    entry(0.04, "call", "s3", "PutObject"),
    entry(0.05, "call", "dynamodb", "PutItem"),
    *PUBLISHED * 3,
    entry(0.09, "ExecutionSucceeded", "stepfunctions", "ExecutionSucceeded"),
]
NOTHING: dict[str, Any] = {"message_id": None, "notices": (), "objects": (), "items": ()}
NO_OBJECT: dict[str, Any] = {"objects": (), "items": ()}


def explained(tmp_path: Path, message: Message, journal: list[dict[str, Any]] | None) -> str:
    folder = RunFolder(tmp_path / "a-run")
    folder.path.mkdir()
    good_facts(epoch_wall=START).write(folder.facts)
    write_messages(folder.messages, [good_message(1), replace(message, trace_id=TRACE)])
    if journal is not None:
        stranger = entry(0.0, "call", "s3", "PutObject", "SlowDown") | {"trace_id": "another"}
        request = entry(0.0, "request", "apigateway", "POST")
        folder.journal.write_bytes(b"".join(append_row(row) for row in [stranger, request, *journal]))
    return explain_message(folder.path, message.key).text()


CASES = {
    "refused": (
        good_message(status=503, message_id=None, error="503 busy", notices=(), objects=(), items=()),
        [],
        "refused with 503: 503 busy",
    ),
    "dropped": (
        good_message(started_seconds=None, ended_seconds=None, status=None, message_id=None, error="dropped: full"),
        [],
        "never sent: dropped: full",
    ),
    "unanswered": (
        good_message(status=None, message_id=None, error="timeout", notices=(), objects=(), items=()),
        None,
        "no answer: timeout",
    ),
    "never started": (good_message(**NO_OBJECT, notices=()), [], "the workflow was never started"),
    "start refused": (
        good_message(**NO_OBJECT, notices=()),
        [entry(0.01, "call", "stepfunctions", "StartExecution", "ThrottlingException")],
        "starting the workflow failed with ThrottlingException",
    ),
    "S3 refuses": (
        good_message(objects=()),
        [*STARTED, *[entry(0.04, "call", "s3", "PutObject", "SlowDown")] * 3],
        "not archived: s3 PutObject failed 3 of 3 times, last with SlowDown",
    ),
    "never written": (
        good_message(items=()),
        [*STARTED, entry(9, "ExecutionFailed", "stepfunctions", "ExecutionFailed", "States.TaskFailed")],
        "dynamodb PutItem was never called; the workflow ended: ExecutionFailed",
    ),
    "still running": (good_message(objects=()), STARTED, "the workflow had not ended when the run did"),
    "vanished": (good_message(objects=()), WHOLE, "s3 PutObject succeeded, but what it wrote is not there any more"),
    "notice lost": (
        good_message(notices=good_message().notices[:3]),
        WHOLE,
        "no final notice: 4 notices were published and 3 received",
    ),
    "notice not delivered": (
        good_message(notices=good_message().notices[:3]),
        [*WHOLE, entry(0.1, "delivery_failed", "sns", "delivery_failed", "AccessDenied")],
        "no final notice: delivery_failed failed with AccessDenied",
    ),
    "function crashes": (
        good_message(objects=()),
        [*STARTED, *[entry(0.04, "call", "s3", "PutObject", "FunctionCrashed")] * 6],
        "not archived: s3 PutObject failed 6 of 6 times, last with FunctionCrashed",
    ),
    "DynamoDB throttles": (
        good_message(items=()),
        [*STARTED, *[entry(0.04, "call", "dynamodb", "PutItem", "ProvisionedThroughputExceededException")] * 12],
        "no metadata item: dynamodb PutItem failed 12 of 12 times, last with ProvisionedThroughputExceededException",
    ),
    "topic throttles": (
        good_message(notices=()),
        [entry(0.01, "call", "stepfunctions", "StartExecution"), entry(0.02, "call", "sns", "Publish", "Throttling")],
        "no started notice: Publish failed with Throttling",
    ),
    "dead letter": (
        good_message(objects=()),
        [*STARTED, entry(9, "call", "sqs", "SendMessage", resource="http://127.0.0.1:1/0/a-ArchiveDeadLetterQueue-X")],
        "- set aside, with the reason, in the queue a-ArchiveDeadLetterQueue-X",
    ),
    "salvaged": (
        good_message(status=503, error='None {"salvaged": true}', **NOTHING),
        [entry(0.01, "call", "stepfunctions", "StartExecution", "ThrottlingException")],
        "- salvaged: it waits with the failed messages",
    ),
    "cache down": (
        good_message(status=503, error='None {"salvaged": true}', **NOTHING),
        [entry(0.02, "call", "s3", "PutObject")],
        "what failed is behind another connection: the cache",
    ),
    "salvage fails": (
        good_message(status=500, error='None {"salvaged": false}', **NOTHING),
        [entry(0.02, "call", "s3", "PutObject", "ServiceUnavailable")],
        "not salvaged: nothing has it, so it must be sent again",
    ),
    "function throttled": (
        good_message(status=500, error="None", **NOTHING),
        [entry(0.01, "call", "lambda", "Invoke", "TooManyRequestsException")],
        "lambda Invoke: TooManyRequestsException",
    ),
    "no journal": (good_message(objects=()), None, "nothing was recorded of it"),
    "corrupt": (good_message(payload_sha256="other"), WHOLE, "the archived object is not the payload that was sent"),
}


@pytest.mark.parametrize("name", CASES)
def test_reason_is_named(tmp_path: Path, name: str) -> None:
    message, journal, reason = CASES[name]
    assert reason in explained(tmp_path, message, journal)


def test_a_log_stream_that_is_made_when_it_is_first_written_to_is_no_failure(tmp_path: Path) -> None:
    sought = [
        entry(0.02, "call", "logs", "PutLogEvents", "ResourceNotFoundException"),
        entry(0.02, "call", "logs", "CreateLogGroup", "ResourceAlreadyExistsException"),
    ]
    assert "\n- logs" not in explained(tmp_path, good_message(objects=()), [*STARTED, *sought])


def test_message_that_is_whole_has_no_reason_and_its_waterfall_is_in_order(tmp_path: Path) -> None:
    text = explained(tmp_path, good_message(), WHOLE)
    assert "Nothing is missing." in text
    moments = [float(line.split(" ms")[0]) for line in text.splitlines() if " ms │" in line]
    # The request is told by the response already.
    assert len(moments) == 2 + len(WHOLE) + 4
    assert "1 minor rows are left out" in text
    assert moments == sorted(moments)
    assert "SlowDown" not in text


def test_message_that_the_journal_has_forgotten_is_not_accused_of_never_having_started() -> None:
    late = [entry(0.09, "ExecutionFailed", "stepfunctions", "ExecutionFailed")]
    assert recorded(late, good_message(trace_id=TRACE)) is None


def test_message_is_found_by_id_key_and_trace(tmp_path: Path) -> None:
    explained(tmp_path, good_message(), WHOLE)
    for name in (good_message().message_id, good_message().key, TRACE):
        assert find_run_of(str(name), tmp_path).path == (tmp_path / "a-run").resolve()
    with pytest.raises(UsageError, match="no run"):
        find_run_of("nobody", tmp_path)
    with pytest.raises(UsageError, match="no message"):
        explain_message(tmp_path / "a-run", "nobody")
    assert read_journal(RunFolder(tmp_path)) is None
