"""Deployment packages and what is built once."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from emulator.sandbox.effects import CodeError, PreparedCode, PrepareFolder, PrepareZip
from emulator.sandbox.requirements import _text_of
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

LIMIT = 262_144_000


def archive_of(members: dict[str, str], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, target in (links or {}).items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            writer.writestr(member, target)
        for name, text in members.items():
            writer.writestr(name, text)
    return buffer.getvalue()


def test_archive_is_unzipped_once(tmp_path: Path, cache: Path) -> None:
    folders: list[str] = []

    async def test(bench: Workbench) -> None:
        archive = archive_of({"app.py": "x = 1", "package/inner.py": "y = 2"})
        first: PreparedCode = await bench.do(PrepareZip(archive, LIMIT))
        second: PreparedCode = await bench.do(PrepareZip(archive, LIMIT))
        assert first == second
        folders.append(first.folders[0])
        assert (first.code_size, first.unzipped_size) == (len(archive), 10)

    run_with_workbench(test, tmp_path, cache)
    assert Path(folders[0], "package/inner.py").read_text() == "y = 2"


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(b"no zip", id="no archive"),
        pytest.param(archive_of({"../outside.py": "x"}), id="parent"),
        pytest.param(archive_of({"/outside.py": "x"}), id="absolute"),
    ],
)
def test_unusable_archive_is_refused(tmp_path: Path, cache: Path, archive: bytes) -> None:
    async def test(bench: Workbench) -> None:
        with pytest.raises(CodeError):
            await bench.do(PrepareZip(archive, LIMIT))

    run_with_workbench(test, tmp_path, cache)


def test_links_in_an_archive_stay_links(tmp_path: Path, cache: Path) -> None:
    folders: list[str] = []

    async def test(bench: Workbench) -> None:
        code: PreparedCode = await bench.do(PrepareZip(archive_of({"a.py": "x"}, {"b.py": "a.py"}), LIMIT))
        folders.append(code.folders[0])

    run_with_workbench(test, tmp_path, cache)
    assert Path(folders[0], "b.py").readlink() == Path("a.py")


def test_member_behind_a_link_is_refused(tmp_path: Path, cache: Path) -> None:
    archive = archive_of({"link/outside.py": "x"}, {"link": str(tmp_path)})

    async def test(bench: Workbench) -> None:
        with pytest.raises(CodeError, match="behind a link"):
            await bench.do(PrepareZip(archive, LIMIT))

    run_with_workbench(test, tmp_path, cache)
    assert not (tmp_path / "outside.py").exists()


def test_archive_that_would_be_too_large_is_not_unpacked(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        code: PreparedCode = await bench.do(PrepareZip(archive_of({"a": "x" * 100}), 99))
        assert code.folders == ()
        assert code.unzipped_size == 100

    run_with_workbench(test, tmp_path, cache)


def test_local_folder_is_used_as_it_is(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        folder = bench.code("x = 1")
        code: PreparedCode = await bench.do(PrepareFolder(str(folder), "python3.11"))
        assert (code.folders, code.live) == ((str(folder),), True)
        with pytest.raises(CodeError, match="not an absolute path"):
            await bench.do(PrepareFolder("relative/path", "python3.11"))

    run_with_workbench(test, tmp_path, cache)


def test_requirements_that_name_a_local_path_are_refused_by_name(tmp_path: Path, cache: Path) -> None:
    async def test(bench: Workbench) -> None:
        folder = bench.code("x = 1")
        (folder / "requirements.txt").write_text("# nothing\n-e ../other\n")
        with pytest.raises(CodeError, match=r"-e \.\./other.*local path"):
            await bench.do(PrepareFolder(str(folder), "python3.11"))

    run_with_workbench(test, tmp_path, cache)


def test_requirements_are_what_the_file_and_its_includes_say(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("two==2\n")
    (tmp_path / "requirements.txt").write_text("one==1  # because\n\n# comment\n-r more.txt\n")
    assert _text_of(tmp_path / "requirements.txt") == "one==1\n-r two==2"
