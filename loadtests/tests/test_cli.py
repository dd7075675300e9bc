from pathlib import Path

import pytest

from loadtests.cli import main
from loadtests.ledger import write_messages
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
]


@pytest.mark.parametrize("arguments", USAGE)
def test_misuse_ends_with_2_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    assert exit_code_of(monkeypatch, *arguments) == 2


@pytest.mark.parametrize(("count", "code"), [(40, 0), (39, 7)])
def test_report_is_made_again_from_the_log_and_ends_as_the_run_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, code: int
) -> None:
    folder = RunFolder(tmp_path / "reports" / "a-run")
    folder.path.mkdir(parents=True)
    good_facts().write(folder.facts)
    write_messages(folder.messages, good_messages()[:count])
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(monkeypatch, "report", "a-run") == code
    assert folder.report_html.is_file()
    assert folder.report_json.is_file()
    assert ("PASSED" if code == 0 else "FAILED") in capsys.readouterr().out
