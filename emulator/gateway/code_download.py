"""Code of functions and layers as a zip archive, for `Code.Location`: `GET /_windtunnel/code/{function|layer}/{name}/{version}`.

The archive is packed anew from the folder that runs: the same files as were uploaded, not the same bytes.
"""

from __future__ import annotations

import asyncio
import io
import os
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from emulator.engine import Engine
from emulator.errors import EmulatorError
from emulator.http import HttpResponse

__all__ = ["download"]


class CodeStore(Protocol):
    """What the service `lambda` has beside its operations."""

    def code_folders(self, kind: str, name: str, version: str) -> tuple[str, ...] | None: ...


async def download(engine: Engine, kind: str, name: str, version: str) -> HttpResponse:
    """The archive. Raises EmulatorError where there is no such code."""
    folders = cast(CodeStore, engine.service("lambda")).code_folders(kind, name, version)
    if folders is None:
        raise EmulatorError(f"there is no code of {kind} {name}:{version}")
    archive = await asyncio.to_thread(_packed, folders)
    return HttpResponse(200, (("Content-Type", "application/zip"),), archive)


def _packed(folders: Sequence[str]) -> bytes:
    files: dict[str, str] = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                files[os.path.relpath(path, folder)] = path
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for relative, path in sorted(files.items()):
            entry = zipfile.ZipInfo(relative, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = os.lstat(path).st_mode << 16
            link = stat.S_ISLNK(os.lstat(path).st_mode)
            archive.writestr(entry, str(Path(path).readlink()) if link else Path(path).read_bytes())
    return packed.getvalue()
