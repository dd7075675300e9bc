import importlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loadtests.cli import main
from loadtests.ledger import write_messages
from loadtests.message_table import columns, write_parquet
from loadtests.run_folder import RunFolder
from loadtests.tests.samples import good_facts, good_messages


def exit_code_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["load", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


USAGE = [
    ("--sizes", "enormous"),
    ("--slo", "be quick"),
    ("--arrivals", "sometimes"),
    ("--duration", "0"),
    ("--target", "no-such-file"),
    ("--template", "no-such-template.yaml"),
    ("report", "no-such-run"),
    ("capacity", "--size", "1MiB,4MB"),
    ("--no-such-option",),
    ("--arrivals", "ramp(1)"),
    ("--scenario", "no-such-file.py"),
    ("--listen", "nowhere"),
    ("report", "--reports", "no-such-folder", "x"),
    ("explain", "no-such-message", "--reports", "no-such-folder"),
    ("compare", "a", "b"),
    ("gate", "--baselines", "no-such-folder"),
    ("gate", "--base", "no-such-ref"),
    ("gate", "--budget", "cheap"),
    ("gate", "--looks", "often"),
    ("baseline", "show", "nothing", "--baselines", "no-such-folder"),
    ("prove-gate", "--case", "no-such-case"),
    ("kubernetes",),
    ("kubernetes", "--image", "i", "--operator", "third"),
    ("worker", "--master", "here:1"),
]


@pytest.mark.parametrize("arguments", USAGE)
def test_misuse_ends_with_2_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.delenv("WINDTUNNEL_LOAD_URL", raising=False)
    assert exit_code_of(monkeypatch, *arguments) == 2


def finished_run(tmp_path: Path, name: str, count: int = 40, slower: float = 1.0, **facts: Any) -> RunFolder:
    folder = RunFolder(tmp_path / "reports" / name)
    folder.path.mkdir(parents=True)
    good_facts(**facts).write(folder.facts)
    messages = good_messages()[:count]
    write_messages(
        folder.messages,
        [replace(m, ended_seconds=m.intended_seconds + slower * (m.ingest_seconds or 0.0)) for m in messages],
    )
    return folder


@pytest.mark.parametrize(("count", "code"), [(40, 0), (39, 7)])
def test_report_is_made_again_from_the_log_and_ends_as_the_run_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, code: int
) -> None:
    folder = finished_run(tmp_path, "a-run", count)
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(monkeypatch, "report", "a-run") == code
    assert folder.report_html.is_file()
    assert folder.report_json.is_file()
    assert {0: "PASSED", 7: "INVALID"}[code] in capsys.readouterr().out


def test_json_goes_to_standard_output_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished_run(tmp_path, "a-run")
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(monkeypatch, "report", "a-run", "--json") == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["exit_code"] == 0
    assert "PASSED" in output.err


def test_message_is_explained_by_its_id(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished_run(tmp_path, "a-run")
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(monkeypatch, "explain", "id-3", "--json") == 0
    assert json.loads(capsys.readouterr().out)["message"]["index"] == 3


def test_runs_are_compared_only_if_they_did_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished_run(tmp_path, "a")
    finished_run(tmp_path, "b", slower=2.0)
    finished_run(tmp_path, "c", target="another")
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(monkeypatch, "compare", "a", "b", "--json") in (0, None)
    rows = json.loads(capsys.readouterr().out)["rows"]
    changes = {(row["size"], row["metric"]): row["change"] for row in rows}
    assert changes["256KiB", "ingest p50"] == pytest.approx(1.0, abs=0.01)
    assert changes["256KiB", "ingest p99"] is None
    assert exit_code_of(monkeypatch, "compare", "a", "c") == 2
    assert exit_code_of(monkeypatch, "compare", "a", "c", "--force") in (0, None)


def test_messages_become_a_table_that_says_what_became_of_each(tmp_path: Path) -> None:
    messages = [*good_messages()[:3], replace(good_messages()[3], objects=())]
    found = columns(messages)
    assert found["lost"] == [False, False, False, True]
    assert {len(values) for values in found.values()} == {4}
    parquet = importlib.import_module("pyarrow.parquet")  # the extra "parquet"
    write_parquet(tmp_path / "messages.parquet", messages)
    table = parquet.read_table(tmp_path / "messages.parquet")
    assert table.column("key").to_pylist() == [message.key for message in messages]
    assert table.column("ingest_seconds").to_pylist() == found["ingest_seconds"]


@pytest.mark.parametrize("command", [(), ("gate",), ("report",), ("explain",)])
def test_help_documents_the_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert exit_code_of(monkeypatch, *command, "--help") in (0, None)
    text = " ".join(capsys.readouterr().out.split())
    for code in ("0 ok", "3 a threshold", "4 regression", "5 inconclusive", "7 generator invalid"):
        assert code in text
