from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loadtests.ledger import Tail, append_row, assemble, read_messages, read_rows, write_messages
from loadtests.message import STAGES
from loadtests.outcome import judge
from loadtests.plan import message_key, probe_key
from loadtests.tests.samples import RUN, good_message

EPOCH = 5000.0


def sent_row(index: int, **changes: Any) -> dict[str, Any]:
    row = {
        "index": index,
        "key": message_key(RUN, index),
        "size": "256KiB",
        "body_bytes": 262144,
        "payload_bytes": 10,
        "payload_sha256": "good",
        "intended_seconds": float(index),
        "started_seconds": index + 0.001,
        "ended_seconds": index + 0.02,
        "status": 200,
        "message_id": f"id-{index}",
        "error": None,
    }
    return {**row, **changes}


def notice_row(key: str, message_id: str, stage: str = "final") -> dict[str, Any]:
    return {"at": EPOCH + 9.0, "stage": stage, "key": key, "message_id": message_id, "s3": True, "metadata": True}


def object_row(key: str, message_id: str, sha256: str = "good") -> dict[str, Any]:
    return {"object_key": f"d/{message_id}", "message_id": message_id, "key": key, "size_bytes": 10, "sha256": sha256}


def item_row(key: str, message_id: str) -> dict[str, Any]:
    return {"message_id": message_id, "key": key, "object_key": f"d/{message_id}", "s3": True, "metadata": True}


def put_together(sent: Any, notices: Any = (), objects: Any = (), items: Any = (), *, exclusive: bool = True) -> Any:
    return assemble(sent, notices, objects, items, epoch_seconds=EPOCH, run_id=RUN, exclusive=exclusive)


@given(st.permutations(range(6)), st.permutations(range(6)), st.permutations(range(6)))
def test_rows_find_their_message_in_any_order(sent: list[int], stored: list[int], heard: list[int]) -> None:
    messages, unclaimed = put_together(
        [sent_row(index) for index in sent],
        [notice_row(message_key(RUN, i), f"id-{i}", stage) for i in heard for stage in reversed(STAGES)],
        [object_row(message_key(RUN, index), f"id-{index}") for index in stored],
        [item_row(message_key(RUN, index), f"id-{index}") for index in stored],
    )
    assert [message.index for message in messages] == list(range(6))
    for message in messages:
        assert [stored.key for stored in message.objects] == [f"d/id-{message.index}"]
        assert [item.message_id for item in message.items] == [f"id-{message.index}"]
        assert len(message.notices) == 4
        assert message.ingest_seconds == 0.02 or abs((message.ingest_seconds or 0) - 0.02) < 1e-9
    assert not (unclaimed.objects or unclaimed.items or unclaimed.notices)


def test_twin_under_another_id_belongs_to_the_sender_whose_key_it_bears() -> None:
    key = message_key(RUN, 0)
    messages, unclaimed = put_together([sent_row(0)], (), [object_row(key, "id-0"), object_row(key, "twin")])
    assert judge(messages[0]).duplicated
    assert unclaimed.objects == ()


def test_object_whose_content_is_garbage_belongs_to_the_id_in_its_name() -> None:
    messages, _ = put_together([sent_row(0)], (), [object_row("garbage", "id-0", sha256="bad")])
    assert judge(messages[0]).corrupt


def test_what_nobody_sent_is_unclaimed_but_probes_are_not_strays() -> None:
    probe = probe_key(RUN, 1)
    messages, unclaimed = put_together(
        [sent_row(0)],
        [notice_row(probe, "p"), notice_row("stranger", "s1")],
        [object_row(probe, "p"), object_row("stranger", "s2")],
        [item_row(probe, "p"), item_row("stranger", "s3")],
    )
    assert messages[0].objects == ()
    assert (unclaimed.objects, unclaimed.items, unclaimed.notices) == (("d/s2",), ("s3",), ("s1",))


def test_messages_of_other_runs_are_no_strays_but_one_of_this_run_that_was_never_sent_is() -> None:
    objects = [object_row(message_key("another-run", 3), "a"), object_row(message_key(RUN, 77), "b")]
    _, unclaimed = put_together([sent_row(0)], (), objects)
    assert unclaimed.objects == ("d/b",)


def test_pipeline_that_others_use_too_may_hold_anything() -> None:
    _, unclaimed = put_together([sent_row(0)], (), [object_row("a photograph", "a")], exclusive=False)
    assert unclaimed.objects == ()


def test_message_log_survives_writing_and_reading(tmp_path: Path) -> None:
    messages = [good_message(0), good_message(1, notices=(), objects=(), started_seconds=None)]
    write_messages(tmp_path / "messages.ndjson", messages)
    assert read_messages(tmp_path / "messages.ndjson") == messages


def test_tail_gives_each_complete_row_once(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    tail = Tail(log)
    assert tail.rows() == []
    log.write_bytes(append_row({"n": 1}) + b'{"n": ')
    assert tail.rows() == [{"n": 1}]
    with log.open("ab") as stream:
        stream.write(b"2}\n")
    assert tail.rows() == [{"n": 2}]
    assert tail.rows() == []


def test_line_that_was_cut_off_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_bytes(append_row({"n": 1}) + b'{"n": 2')
    assert list(read_rows(log)) == [{"n": 1}]
