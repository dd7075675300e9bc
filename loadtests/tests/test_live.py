from pathlib import Path

from loadtests.console import progress_line
from loadtests.ledger import append_row
from loadtests.live import Live
from loadtests.plan import message_key, probe_key
from loadtests.run_folder import RunFolder
from loadtests.tests.samples import PLAN, RUN
from loadtests.tests.test_ledger import EPOCH, notice_row, sent_row

STAGES = ("started", "archived", "metadata", "final")


def append(path: Path, *rows: dict) -> None:
    with path.open("ab") as stream:
        for row in rows:
            stream.write(append_row(row))


def started(folder: RunFolder) -> Live:
    append(folder.generator, {"kind": "start", "epoch": EPOCH, "epoch_wall": 1.0, "tcp_no_delay": True})
    return Live(PLAN, folder)


def test_message_waits_until_every_stage_is_heard_even_if_a_notice_overtakes_the_answer(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    key = message_key(RUN, 0)
    append(folder.notices, notice_row(key, "id-0", "started"))
    live.follow()
    append(folder.sent, sent_row(0))
    live.follow()
    assert live.waiting(EPOCH + 1) == 1
    append(folder.notices, *(notice_row(key, "id-0", stage) for stage in STAGES[1:]))
    live.follow()
    assert live.waiting(EPOCH + 1) == 0
    assert live.figures(EPOCH + 1).persisted == 1


def test_message_is_not_waited_for_beyond_its_time(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    append(folder.sent, sent_row(0))
    live.follow()
    assert live.waiting(EPOCH + PLAN.drain_seconds - 1) == 1
    assert live.waiting(EPOCH + PLAN.drain_seconds + 1) == 0


def test_refused_message_is_not_waited_for(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    append(folder.sent, sent_row(0, status=429, message_id=None))
    live.follow()
    assert live.waiting(EPOCH + 1) == 0
    assert live.figures(EPOCH + 1).refused == 1


def test_probes_are_heard_but_not_counted(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    append(folder.notices, notice_row(probe_key(RUN, 3), "p", "final"))
    live.follow()
    assert "final" in live.heard(probe_key(RUN, 3))
    assert live.figures(EPOCH + 1).persisted == 0


def test_progress_line_compares_the_plan_with_what_was_achieved(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    append(folder.generator, {"kind": "pulse", "at": EPOCH + 1, "started": 9, "finished": 7, "dropped": 1})
    append(folder.sent, sent_row(0), sent_row(1, status=503, message_id=None))
    live.follow()
    line = progress_line(live.figures(EPOCH + 1.05))
    assert "started 9/11 of 40" in line
    assert "in flight 2" in line
    assert "refused 1" in line
    assert "dropped 1" in line
    assert "waiting 1" in line


def test_progress_shows_a_percentile_once_there_are_enough_messages_for_it(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    live = started(folder)
    append(folder.sent, *(sent_row(index) for index in range(19)))
    live.follow()
    assert "p50 n<, p95 n<" in progress_line(live.figures(EPOCH + 1))
    append(folder.sent, *(sent_row(index) for index in range(19, 200)))
    live.follow()
    assert "n<" not in progress_line(live.figures(EPOCH + 1))
