"""Makes folders of deployment packages: unzips archives, accepts local folders, lays folders over each other.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html (layers: later ones cover earlier ones)
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from emulator.sandbox.content_store import ContentStore
from emulator.sandbox.effects import CodeError, PreparedCode, PrepareFolder, PrepareZip
from emulator.sandbox.interpreters import Interpreters
from emulator.sandbox.requirements import Requirements

__all__ = ["Packages"]


class Packages:
    """Deployment packages as folders."""

    def __init__(self, store: ContentStore, requirements: Requirements, interpreters: Interpreters) -> None:
        self._store = store
        self._requirements = requirements
        self._interpreters = interpreters

    async def unzip(self, wanted: PrepareZip) -> PreparedCode:
        """Unzip an archive. Raises CodeError where it is none or has unsafe members."""
        archive = wanted.archive
        digest = await asyncio.to_thread(lambda: hashlib.sha256(archive).digest())
        unzipped = await asyncio.to_thread(_declared_size, archive)
        code_sha256 = base64.b64encode(digest).decode()
        if unzipped > wanted.limit_bytes:
            return PreparedCode((), code_sha256, len(archive), unzipped)
        folder = await self._store.folder("code", digest, lambda into: asyncio.to_thread(_extract, archive, into))
        return PreparedCode((str(folder),), code_sha256, len(archive), unzipped)

    async def local(self, wanted: PrepareFolder) -> PreparedCode:
        """Use a folder of this machine. Raises CodeError where it is none, EmulatorError where its requirements fail."""
        folder = _local_folder(wanted.path)
        size = await asyncio.to_thread(_size_of, folder)
        folders = [await self._placed(folder, wanted.files_below) if wanted.files_below else str(folder)]
        file = _requirements_file(folder, wanted.requirements_below)
        if file is not None:
            interpreter = await self._interpreters.of(wanted.runtime)
            installed = await self._requirements.of_file(file, interpreter, wanted.requirements_below)
            if installed is not None:
                size += await asyncio.to_thread(_size_of, installed)
                folders.insert(0, str(installed))
        code_sha256 = base64.b64encode(hashlib.sha256(str(folder).encode()).digest()).decode()
        return PreparedCode(tuple(folders), code_sha256, size, size, live=True)

    async def _placed(self, folder: Path, below: str) -> str:
        """A folder that holds the files of another one under `below`."""
        identity = await asyncio.to_thread(lambda: f"{below}\0{self._fingerprint(str(folder))}".encode())
        placed = await self._store.folder(
            "placed", identity, lambda into: asyncio.to_thread(self._lay_over, (str(folder),), into / below)
        )
        return str(placed)

    async def merged(self, folders: tuple[str, ...]) -> Path | None:
        """One folder with the files of all, later ones covering earlier ones; None for none, the folder itself for one."""
        _check_there(folders)
        if len(folders) < 2:
            return Path(folders[0]) if folders else None
        identity = await asyncio.to_thread(lambda: "\0".join(self._fingerprint(folder) for folder in folders).encode())
        return await self._store.folder(
            "merged", identity, lambda into: asyncio.to_thread(self._lay_over, folders, into)
        )

    def _fingerprint(self, folder: str) -> str:
        """A folder of the store never changes; a live one is what its files' sizes and times say."""
        if self._store.holds(folder):
            return folder
        parts = [folder]
        for path, entry in _files(Path(folder)):
            parts.append(f"{path}|{entry.st_size}|{entry.st_mtime_ns}|{entry.st_mode}")
        return "\n".join(parts)

    def _lay_over(self, folders: tuple[str, ...], into: Path) -> None:
        for folder in folders:
            owned = self._store.holds(folder)
            for relative, entry in _files(Path(folder)):
                source, target = Path(folder, relative), into / relative
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.is_symlink() or target.is_file():
                    target.unlink()
                if stat.S_ISLNK(entry.st_mode):
                    target.symlink_to(source.readlink())
                elif owned:
                    os.link(source, target)
                else:
                    shutil.copy2(source, target)


def _local_folder(path: str) -> Path:
    folder = Path(path)
    if not folder.is_absolute() or not folder.is_dir():
        raise CodeError(f"{path!r} is not an absolute path of a folder on this machine")
    return folder


def _requirements_file(folder: Path, below: str) -> Path | None:
    for file in (folder / "requirements.txt", folder / below / "requirements.txt"):
        if file.is_file():
            return file
    return None


def _check_there(folders: tuple[str, ...]) -> None:
    for folder in folders:
        if not Path(folder).is_dir():
            raise CodeError(f"the code folder {folder} is gone; deploy the function again")


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Files and links below `root` by relative path, in a fixed order."""
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = os.path.join(place, name)
            yield os.path.relpath(path, root), os.lstat(path)


def _size_of(folder: Path) -> int:
    return sum(entry.st_size for _, entry in _files(folder))


def _declared_size(archive: bytes) -> int:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as reader:
            return sum(member.file_size for member in reader.infolist())
    except zipfile.BadZipFile as error:
        raise CodeError(f"not a zip archive: {error}") from error


def _extract(archive: bytes, into: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as reader:
        for member in reader.infolist():
            target = into / member.filename
            if Path(member.filename).is_absolute() or not Path(os.path.normpath(target)).is_relative_to(into):
                raise CodeError(f"the archive has an unsafe member: {member.filename!r}")
            mode = member.external_attr >> 16
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.parent.resolve().is_relative_to(into):
                raise CodeError(f"the archive has an unsafe member: {member.filename!r} lies behind a link")
            if stat.S_ISLNK(mode):
                target.symlink_to(reader.read(member).decode())
                continue
            with reader.open(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1_048_576)
            # An archive made on Windows carries no modes; AWS needs code to be readable, as we do.
            target.chmod((stat.S_IMODE(mode) if mode else 0o755) | 0o444)
