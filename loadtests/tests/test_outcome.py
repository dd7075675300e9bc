from dataclasses import replace

import pytest

from loadtests.message import Message, Notice, StoredItem, StoredObject
from loadtests.outcome import judge
from loadtests.tests.samples import good_message

GOOD = good_message()
OBJECT, ITEM = GOOD.objects[0], GOOD.items[0]


def with_notice(stage: str, s3: bool | None, metadata: bool | None) -> Message:
    """The good message, with other flags in one of its notices."""
    notices = [Notice(n.stage, n.at_seconds, s3, metadata) if n.stage == stage else n for n in GOOD.notices]
    return replace(GOOD, notices=tuple(notices))


def without_notice(stage: str) -> Message:
    return replace(GOOD, notices=tuple(notice for notice in GOOD.notices if notice.stage != stage))


def refused(status: int, **changes: object) -> Message:
    bare = {"notices": (), "objects": (), "items": (), "message_id": None, "error": "refused"}
    return replace(GOOD, status=status, **{**bare, **changes})


def test_a_promise_that_is_kept_has_no_problem() -> None:
    outcome = judge(GOOD)
    assert outcome.accepted
    assert outcome.archived
    assert outcome.recorded
    assert outcome.announced
    assert not (outcome.lost or outcome.duplicated or outcome.corrupt or outcome.false_flags or outcome.problems)


BROKEN = {
    "nothing stored": (replace(GOOD, objects=(), items=(), notices=()), "lost", "not archived"),
    "no object": (replace(GOOD, objects=()), "lost", "not archived"),
    "no item": (replace(GOOD, items=()), "lost", "no metadata item"),
    "no final notice": (without_notice("final"), "lost", "no final notice"),
    "one byte differs": (replace(GOOD, objects=(replace(OBJECT, sha256="x"),)), "corrupt", "not the payload"),
    "cut short": (replace(GOOD, objects=(replace(OBJECT, size_bytes=1),)), "corrupt", "not the payload"),
    "two objects": (replace(GOOD, objects=(OBJECT, replace(OBJECT, key="other/id"))), "duplicated", "archived 2 times"),
    "a corrupt twin": (
        replace(GOOD, objects=(OBJECT, StoredObject("other/id", 3, "x"))),
        "corrupt",
        "one of the archived objects",
    ),
    "two items": (replace(GOOD, items=(ITEM, replace(ITEM, message_id="other"))), "duplicated", "2 metadata items"),
    "false flag": (
        replace(with_notice("archived", True, False), objects=()),
        "false_flags",
        "true, but nothing is there",
    ),
    "modest flag": (with_notice("final", True, False), "false_flags", "metaData is false, but it is there"),
    "archived says no": (with_notice("archived", False, False), "false_flags", "S3 is false, but it is there"),
    "flag is a text": (with_notice("final", None, True), "false_flags", "not a boolean"),
    "item's flag": (
        replace(GOOD, items=(StoredItem("id-0", OBJECT.key, False, True),)),
        "false_flags",
        "item: S3 is False",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_promise_is_caught(name: str) -> None:
    message, mark, text = BROKEN[name]
    outcome = judge(message)
    assert getattr(outcome, mark)
    assert any(text in problem for problem in outcome.problems), outcome.problems


@pytest.mark.parametrize("stage", ["started", "archived", "metadata"])
def test_missing_notice_of_an_earlier_stage_is_a_problem_but_no_loss(stage: str) -> None:
    outcome = judge(without_notice(stage))
    assert outcome.problems == (f"no {stage} notice",)
    assert not outcome.lost


def test_item_that_names_another_object_is_not_a_record_of_this_message() -> None:
    outcome = judge(replace(GOOD, items=(replace(ITEM, object_key="elsewhere/id-0"),)))
    assert not outcome.recorded
    assert "does not name" in outcome.problems[0]


def test_flag_may_still_be_false_while_the_other_branch_works() -> None:
    """`archived` is published while metadata may or may not be there; only its own flag is settled."""
    assert judge(with_notice("archived", True, True)).problems == ()
    assert judge(with_notice("started", False, False)).problems == ()


def test_repeated_notices_are_what_at_least_once_delivery_allows() -> None:
    assert judge(replace(GOOD, notices=GOOD.notices * 2)).problems == ()


@pytest.mark.parametrize("status", [400, 403, 413, 429, 503])
def test_clear_refusal_that_leaves_nothing_behind_is_no_problem(status: int) -> None:
    outcome = judge(refused(status))
    assert outcome.refused
    assert outcome.problems == ()


@pytest.mark.parametrize("status", [404, 500, 502, 504])
def test_other_refusals_are_problems(status: int) -> None:
    assert judge(refused(status)).problems == (f"refused with {status}, which is no clear error",)


@pytest.mark.parametrize("left", [{"objects": (OBJECT,)}, {"items": (ITEM,)}, {"notices": GOOD.notices}])
def test_refused_message_that_left_something_behind_is_a_problem(left: dict[str, object]) -> None:
    assert any("but stored or announced" in problem for problem in judge(refused(503, **left)).problems)


def test_message_without_an_answer_is_a_problem() -> None:
    outcome = judge(refused(None, ended_seconds=9.0, error="timed out"))
    assert outcome.unanswered
    assert outcome.problems == ("no answer: timed out",)


def test_answer_of_200_without_an_id_is_a_problem() -> None:
    assert "without a messageID" in judge(replace(GOOD, message_id=None)).problems[0]


def test_dropped_message_is_the_generators_fault_alone() -> None:
    outcome = judge(refused(None, started_seconds=None, ended_seconds=None))
    assert outcome.dropped
    assert not outcome.unanswered
    assert outcome.problems == ()
