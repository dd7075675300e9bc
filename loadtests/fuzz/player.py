"""Plays steps on a pipeline, one after the other, and says what did not hold: the same for Hypothesis and for a replay.

After each step everything that is due now has happened (virtual time stands still until a step moves it), so that the same
steps give the same run, except for what two functions that run at once do to each other.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from emulator.errors import EmulatorError
from emulator.targets import Pipeline
from fixtures.incoming import Draft, Incoming, build, escaped_length
from fixtures.largest import body_of_length, largest_accepted
from loadtests.failures import EnvironmentNotReady
from loadtests.fuzz.evidence import Evidence, RedisReader, Stores
from loadtests.fuzz.invariants import Excuses, Fate, Sent, lies, violations
from loadtests.fuzz.steps import Jump, Redis, Redrive, Relief, Resend, Reuse, Send, Step, Trouble, Workflow
from loadtests.fuzz.troubles import fault_rule
from loadtests.fuzz.workflow import internal_message

__all__ = ["Player", "Violation"]

DRAIN_SECONDS = 120.0
"""How far the clock moves at once while workflows retry; no more, or every function environment would be idle for too long."""
LONGEST_DRAIN_SECONDS = 4 * 3_600.0
"""Longer than the longest way through the workflow."""
CAPABILITIES = ("control", "journal", "faults", "cache_outage", "virtual_time")


class Violation(AssertionError):
    """Something that must hold did not; the text has each thing in a line."""


class Player:
    """One pipeline in an emulator with a virtual clock, and the messages of the run that is on. Raises `EnvironmentNotReady`."""

    def __init__(self, pipeline: Pipeline) -> None:
        try:
            for capability in CAPABILITIES:
                pipeline.target.require(capability)
        except EmulatorError as error:
            raise EnvironmentNotReady(
                f"{error}: fuzzing breaks things and moves time; it needs an emulator of its own with --clock virtual"
            ) from None
        self._pipeline = pipeline
        self._stores = Stores(pipeline)
        self._redis = RedisReader(pipeline)
        self._event_bytes: int | None = None
        self._runs = 0
        self.sent: list[Sent] = []
        self._internal: dict[str, Incoming | None] = {}
        self._redis_up = True
        self._judged: dict[str, int] = {}
        self._journal_start = 0

    # -- a run -------------------------------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Find the longest escaped body that the ingest function takes, which drafts at the boundary `event` need."""
        self._event_bytes = escaped_length(body_of_length(largest_accepted(self._pipeline))[0])

    def begin(self) -> None:
        """Forget the last run: no faults, Redis up, nothing under way, empty stores."""
        self._recover()
        self._drain()
        self._stores.empty()
        self._runs += 1
        self.sent = []
        self._internal = {}
        self._judged = {}
        self._journal_start = self._last_entry()

    def play(self, step: Step) -> None:
        """Do one step, let happen what is due, and look at every notice that has come. Raises `Violation`."""
        match step:
            case Send(draft):
                self._send(draft, f"{self._runs}-{len(self.sent)}")
            case Resend(of, draft):
                self._resend(of, draft)
            case Redrive(of, keep):
                self._redrive(of, keep=keep)
            case Reuse(of, size):
                self._reuse(of, size)
            case Redis(what):
                self._disturb_redis(what)
            case Trouble(name, times):
                self._pipeline.faults.put(**fault_rule(name, times, self._pipeline.target.outputs))
            case Relief():
                self._pipeline.faults.clear()
            case Jump(seconds):
                self._pipeline.clock.advance(seconds)
            case Workflow(size, seed):
                self._start_workflow(size, seed)
        self._pipeline.clock.advance(0)
        self._check_notices()

    def finish(self) -> None:
        """Let the pipeline recover, wait for the end of everything, re-drive what was salvaged, and judge. Raises `Violation`."""
        self._recover()
        self._drain()
        self._judge()
        if any(one.fate == "salvaged" for one in self.sent):
            for one in self.sent:
                if one.fate == "salvaged":
                    self._redrive_one(one, keep=False)
            self._drain()
            left = [str(one) for one in self.sent if one.fate == "salvaged"]
            if left:
                raise Violation("\n".join(f"{one}: it is not accepted when it is re-driven" for one in left))
            self._judge()

    @property
    def salvaged(self) -> list[Sent]:
        """Messages that wait to be re-driven."""
        return [one for one in self.sent if one.fate == "salvaged"]

    @property
    def accepted(self) -> list[Sent]:
        """Messages that were promised to be archived."""
        return [one for one in self.sent if one.fate == "accepted"]

    # -- steps -------------------------------------------------------------------------------------------------------------------

    def _send(self, draft: Draft, transaction_id: str) -> None:
        self._post(build(draft, transaction_id, self._event_bytes), transaction_id)

    def _resend(self, of: int, draft: Draft | None) -> None:
        if not self.sent:
            return
        first = self.sent[of % len(self.sent)]
        if draft is None:
            self._post(first.incoming, first.transaction_id)
        else:
            self._send(draft, first.transaction_id)

    def _post(self, incoming: Incoming, transaction_id: str) -> None:
        calm = self._calm()
        answer = self._pipeline.post(incoming.body)
        try:
            said = json.loads(answer.body)
        except ValueError:  # API Gateway refuses what is too large with plain text
            said = {}
        fate, message_id = _fate(answer.status, said)
        self.sent.append(Sent(len(self.sent), transaction_id, incoming, fate, answer.status, message_id))
        problem = _wrong_answer(incoming, answer.status, said, calm=calm)
        if problem is not None:
            raise Violation(f"{self.sent[-1]}: {problem}: {answer.body[:300]!r}")

    def _redrive(self, of: int, *, keep: bool) -> None:
        waiting = self.salvaged
        if waiting:
            self._redrive_one(waiting[of % len(waiting)], keep=keep)

    def _redrive_one(self, one: Sent, *, keep: bool) -> None:
        """What `system/audit_ingest/redrive.py` does for one message; a call that fails ends it."""
        target = self._pipeline.target
        s3, place = target.client("s3"), {"Bucket": target.output("FailedMessagesBucketName")}
        key = f"{one.message_id}.json"
        try:
            record = json.loads(s3.get_object(**place, Key=key)["Body"].read())
            event = {**record["event"], "redrive": {"messageID": record["failureID"]}}
            one.redriven = True
            answer = target.client("lambda").invoke(
                FunctionName=target.output("IngestFunctionName"), Payload=json.dumps(event, ensure_ascii=False).encode()
            )
            said = json.loads(answer["Payload"].read())
            if "FunctionError" in answer or said["statusCode"] != 200:
                return
            one.payload_lost = False
            if not keep:
                s3.delete_object(**place, Key=key)
                one.fate, one.status = "accepted", 200
        except ClientError:
            return

    def _reuse(self, of: int, size: int) -> None:
        taken = self.accepted
        if not taken:
            return
        calm, one = self._calm(), taken[of % len(taken)]
        other = build(Draft(size=size, seed=1_000 + one.number), one.transaction_id).body
        event = {"body": other.decode(), "redrive": {"messageID": one.message_id}}
        target = self._pipeline.target
        try:
            answer = target.client("lambda").invoke(
                FunctionName=target.output("IngestFunctionName"), Payload=json.dumps(event).encode()
            )
        except ClientError:
            return
        said = json.loads(answer["Payload"].read())
        status = said.get("statusCode", 500)
        if status == 200 or (calm and status != 409):
            raise Violation(f"{one}: another body under its id is answered with {status}: {str(said)[:300]}")

    def _disturb_redis(self, what: str) -> None:
        caches = self._pipeline.caches
        if what == "restart empty" and self._redis_up:
            for one in self.sent:
                one.payload_lost = True
        if what != "up" and self._redis_up:
            caches.take_down(keep_data=what != "restart empty")
        if what != "down":
            caches.bring_up()
        self._redis_up = what != "down"

    def _start_workflow(self, size: int, seed: int) -> None:
        target = self._pipeline.target
        name = f"internal-{self._runs}-{len(self._internal)}"
        states = target.client("stepfunctions")
        calm = self._calm()
        try:
            states.start_execution(
                stateMachineArn=target.output("StateMachineArn"), name=name, input=internal_message(name, size, seed)
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if calm and not (code == "InvalidExecutionInput" or size > 262_144):
                raise Violation(f"StartExecution refused {size} bytes: {error}") from None
            return
        if size > 262_144:
            raise Violation(f"StartExecution took an input of {size} bytes")
        self._internal[name] = None

    # -- looking -----------------------------------------------------------------------------------------------------------------

    def _calm(self) -> bool:
        """Whether nothing is in force that could make a good message fail."""
        rules = self._pipeline.faults.listing()
        return self._redis_up and all(row["times"] is not None and row["applied"] >= row["times"] for row in rules)

    def _check_notices(self) -> None:
        """A flag that is true must be true now, not only in the end."""
        notices = self._pipeline.subscriber.everything()
        news = {name: rows[self._judged.get(name, 0) :] for name, rows in notices.items()}
        claims = [row for rows in news.values() for row in rows if True in row.content.get("state", {}).values()]
        self._judged = {name: len(rows) for name, rows in notices.items()}
        if not claims:
            return
        # The pipeline's own faults are not for us: what is stored is read when they are over.
        if any(row["service"] in ("s3", "dynamodb", "*") for row in self._pipeline.faults.listing()):
            self._judged = {name: len(rows) - len(news[name]) for name, rows in notices.items()}
            return
        objects, items = self._stores.objects(), self._stores.items()
        found = [
            f"message {name}: {lie}"
            for name, rows in news.items()
            for row in rows
            for lie in lies(row, len(objects.get(name, ())) == 1, len(items.get(name, ())) == 1)
        ]
        if found:
            raise Violation("\n".join(found))

    def _judge(self) -> None:
        dead = self._stores.dead()
        executions = self._stores.executions()
        objects = self._stores.objects()
        known = {one.message_id for one in self.sent}
        ours = {name: status for name, status in executions.items() if name not in self._internal}
        notices = self._pipeline.subscriber.everything()
        items = self._stores.items()
        evidence = Evidence(
            objects=objects,
            items={name: rows for name, rows in items.items() if name not in self._internal},
            notices=notices,
            dead=dead,
            salvaged=self._stores.salvaged(),
            executions=ours,
            inputs={name: self._stores.input_of(name) for name in ours if name not in known},
            payloads={name: self._redis(name) for name in ours if name not in objects},
        )
        found = violations(self.sent, evidence, self._excuses())
        for name in self._internal:
            for notice in notices.get(name, ()):
                found += [f"{name}: {lie}" for lie in lies(notice, name in objects, len(items.get(name, ())) == 1)]
            if executions.get(name) in (None, "RUNNING"):
                found.append(f"{name}: its workflow does not end")
        if found:
            raise Violation("\n".join(found))

    def _excuses(self) -> Excuses:
        looks = self._pipeline.journal(after=self._journal_start, service="s3", operation="HeadObject")
        starts = self._pipeline.journal(after=self._journal_start, service="stepfunctions", operation="StartExecution")
        return Excuses(
            archive_unseen=any(row.get("outcome") not in ("ok", "NoSuchKey") for row in looks),
            started_unheard=any(row.get("outcome") != "ok" for row in starts),
        )

    # -- inside ------------------------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        self._pipeline.faults.clear()
        if not self._redis_up:
            self._pipeline.caches.bring_up()
            self._redis_up = True

    def _drain(self) -> None:
        """Move time on until no workflow runs. One that does not end is judged, not waited for."""
        self._pipeline.clock.advance(1)
        passed = 0.0
        while self._stores.running() and passed < LONGEST_DRAIN_SECONDS:
            self._pipeline.clock.advance(DRAIN_SECONDS)
            passed += DRAIN_SECONDS

    def _last_entry(self) -> int:
        rows = self._pipeline.journal(after=self._journal_start)
        return int(rows[-1]["sequence"]) if rows else self._journal_start


def _fate(status: int, said: Any) -> tuple[Fate, str | None]:
    if status == 200:
        return "accepted", said.get("messageID")
    if status == 503 and said.get("salvaged") is True:
        return "salvaged", said.get("failureID")
    return ("refused", None) if 400 <= status < 500 else ("unknown", None)


def _wrong_answer(incoming: Incoming, status: int, said: Any, *, calm: bool) -> str | None:
    """What is wrong with an answer: in calm it is the one that the message deserves, in trouble it may be a failure instead."""
    if status == incoming.status:
        if incoming.refused_field is not None and said.get("field") != incoming.refused_field:
            return f"the refusal names {said.get('field')!r}, wrong is {incoming.refused_field!r}"
        return None
    if calm:
        return f"answered {status}, expected {incoming.status}"
    if status >= 500 or status == 429:
        return None
    return f"answered {status}, expected {incoming.status} or a failure"
