"""The judgement of a fuzzed run: silent where all is well, and loud at every kind of lie and loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from emulator.targets.subscriber import Notification
from fixtures.formats import internal, notifications, redis_value
from fixtures.incoming import Draft, build
from fixtures.oracle import STAGES
from loadtests.fuzz.evidence import Evidence
from loadtests.fuzz.invariants import Excuses, Sent, lies, violations

ID = "0d7c6a1e-0000-4000-8000-000000000000"
INCOMING = build(Draft(size=10), "t-0")
KEY = INCOMING.key_prefix + ID
DEAD_ARCHIVE = {"ArchiveDeadLetterQueueUrl": {ID: [{"message": "The payload could not be archived"}]}}
DEAD_RECORD = {"MetadataDeadLetterQueueUrl": {ID: [{"message": "The metadata could not be recorded"}]}}


def accepted() -> Sent:
    return Sent(0, "t-0", INCOMING, "accepted", 200, ID)


def unanswered() -> Sent:
    return Sent(0, "t-0", INCOMING, "unknown", 502)


def refused() -> Sent:
    return Sent(0, "t-0", build(Draft(breakage="no payload"), "t-0"), "refused", 400)


def salvaged() -> Sent:
    return Sent(0, "t-0", INCOMING, "salvaged", 503, ID)


def notice(stage: str, archived: bool, recorded: bool, **changes: Any) -> Notification:
    state = {"S3": archived, "metaData": recorded}
    storage = {
        "S3Reference": {"key": KEY if archived else None},
        "metaDataReference": {"primaryKey": {"messageID": ID} if recorded else None},
        "persistence": dict(state),
    }
    content = {"messageMetaData": dict(INCOMING.meta), "state": state, "storageContext": storage, **changes}
    return Notification(stage, stage, content)


def healthy(archived: bool = True, recorded: bool = True) -> Evidence:
    item = {
        "messageMetaData": dict(INCOMING.meta),
        "storageContext": {"persistence": {"S3": archived, "metaData": True}},
    }
    told = [notice(stage, stage == "final" and archived, stage == "final" and recorded) for stage in STAGES]
    return Evidence(
        objects={ID: [(KEY, INCOMING.payload.expected)]} if archived else {},
        items={ID: [item]} if recorded else {},
        notices={ID: told},
        executions={ID: "SUCCEEDED"},
        payloads={ID: redis_value(INCOMING.payload.sent)},
    )


def record(body: str) -> dict[str, Any]:
    return {ID: {"event": {"body": body}}}


def started(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {**internal(ID, Draft(size=10)), "messageMetaData": dict(meta)}


BROKEN: dict[str, tuple[Callable[[], Sent], Evidence, str]] = {
    "lost": (accepted, healthy(archived=False), "it is lost"),
    "dead, and its payload is gone": (
        accepted,
        replace(healthy(archived=False), dead=DEAD_ARCHIVE, payloads={ID: None}),
        "Redis does not hold its payload",
    ),
    "archived twice": (
        accepted,
        replace(healthy(), objects={ID: [(KEY, INCOMING.payload.expected), ("x/" + ID, INCOMING.payload.expected)]}),
        "archived 2 times",
    ),
    "other bytes": (accepted, replace(healthy(), objects={ID: [(KEY, b"other")]}), "archived are 5 bytes"),
    "other key": (
        accepted,
        replace(healthy(), objects={ID: [("2024/" + ID, INCOMING.payload.expected)]}),
        "it is archived under 2024/",
    ),
    "not indexed": (accepted, healthy(recorded=False), "neither indexed"),
    "indexed twice": (accepted, replace(healthy(), items={ID: healthy().items[ID] * 2}), "indexed 2 times"),
    "item with other metadata": (
        accepted,
        replace(healthy(), items={ID: [{**healthy().items[ID][0], "messageMetaData": {}}]}),
        "its item holds other metadata",
    ),
    "never started": (accepted, replace(healthy(), executions={}), "no execution has its id"),
    "never ends": (accepted, replace(healthy(), executions={ID: "RUNNING"}), "does not end"),
    "no final notice": (
        accepted,
        replace(healthy(), notices={ID: [notice("started", False, False)]}),
        "no final notice",
    ),
    "final notice too modest": (
        accepted,
        replace(healthy(), notices={ID: [notice("final", False, True)]}),
        "says S3: false, and the object is there",
    ),
    "final notice lies": (
        accepted,
        replace(healthy(archived=False), notices={ID: [notice("final", True, True)]}, dead=DEAD_ARCHIVE),
        "says S3: true, and it is not there",
    ),
    "early notice lies": (
        accepted,
        replace(
            healthy(recorded=False),
            notices={ID: [notice("archived", True, True), notice("final", True, False)]},
            dead=DEAD_RECORD,
        ),
        "the archived notice says metaData: true",
    ),
    "notice with other metadata": (
        accepted,
        replace(healthy(), notices={ID: [notice("final", True, True, messageMetaData={})]}),
        "carries other metadata",
    ),
    "refused and stored": (refused, replace(healthy(), inputs={ID: internal(ID)}), "never accepted"),
    "refused and salvaged": (refused, Evidence(salvaged=record("x")), "never accepted"),
    "salvaged without a record": (salvaged, Evidence(), "no record of it"),
    "salvaged with another body": (salvaged, Evidence(salvaged=record("x")), "holds another body"),
    "salvaged and started": (
        salvaged,
        replace(healthy(), salvaged=record(INCOMING.body.decode())),
        "told that it was only kept",
    ),
    "no answer, and another's message": (unanswered, replace(healthy(), inputs={ID: internal(ID)}), "never accepted"),
    "no answer, started and lost": (
        unanswered,
        replace(healthy(archived=False), inputs={ID: started(INCOMING.meta)}),
        "it is lost",
    ),
}

FINE: dict[str, tuple[Callable[[], Sent], Evidence, Excuses]] = {
    "accepted": (accepted, healthy(), Excuses()),
    "accepted, dead-lettered and held": (
        accepted,
        replace(healthy(archived=False), dead=DEAD_ARCHIVE),
        Excuses(),
    ),
    "accepted and not indexed, which is in the dead-letter queue": (
        accepted,
        replace(healthy(recorded=False), dead=DEAD_RECORD),
        Excuses(),
    ),
    "a final notice that could not look": (
        accepted,
        replace(healthy(), notices={ID: [notice("final", False, True)]}),
        Excuses(archive_unseen=True),
    ),
    "refused": (refused, Evidence(), Excuses()),
    "salvaged": (salvaged, Evidence(salvaged=record(INCOMING.body.decode())), Excuses()),
    "salvaged and started, unheard": (
        salvaged,
        replace(healthy(), salvaged=record(INCOMING.body.decode())),
        Excuses(started_unheard=True),
    ),
    "no answer, and nothing there": (unanswered, Evidence(), Excuses()),
    "no answer, and salvaged": (unanswered, Evidence(salvaged=record(INCOMING.body.decode())), Excuses()),
    "no answer, and arrived": (unanswered, replace(healthy(), inputs={ID: started(INCOMING.meta)}), Excuses()),
}


@pytest.mark.parametrize(("sent", "evidence", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_must_hold_and_does_not_is_named(sent: Callable[[], Sent], evidence: Evidence, message: str) -> None:
    found = violations([sent()], evidence, Excuses())
    assert any(message in one for one in found), found


@pytest.mark.parametrize(("sent", "evidence", "excuses"), FINE.values(), ids=FINE.keys())
def test_nothing_is_said_where_all_is_well(sent: Callable[[], Sent], evidence: Evidence, excuses: Excuses) -> None:
    assert violations([sent()], evidence, excuses) == []


@given(notifications())
def test_a_notice_is_a_lie_exactly_where_it_claims_what_is_not_there(told: tuple[str, dict[str, Any]]) -> None:
    stage, content = told
    state = content["state"]
    one = Notification(stage, "n", content)
    assert lies(one, state["S3"], state["metaData"]) == []
    assert lies(one, True, True) == []
    assert bool(lies(one, False, state["metaData"])) == state["S3"]
    assert bool(lies(one, state["S3"], False)) == state["metaData"]
    flipped = {**content, "state": {**state, "S3": not state["S3"]}}
    assert lies(Notification(stage, "n", flipped), True, True) != []
