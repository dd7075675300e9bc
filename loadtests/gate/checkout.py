"""Trees to compare: a git ref in a worktree of its own, and copies of this tree with one thing changed."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.failures import UsageError

__all__ = ["checkout_of", "copy_of", "root"]

# What runs, and whether it is run as it lies there; a pipeline's code is deployed, and must be packed as it was written.
_COPIED = {"emulator": True, "loadtests": True, "system": False}
_TESTS = "tests"
_COMPILED = "__pycache__"


def root() -> Path:
    """Return the root of the repository that this directory is in. Raises `UsageError` where there is none."""
    return Path(_git("rev-parse", "--show-toplevel"))


@contextmanager
def checkout_of(ref: str) -> Iterator[Path]:
    """Yield a worktree of a ref for the length of the block. Raises `UsageError` where there is no such ref."""
    commit = _git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", said=f"git knows no commit {ref!r}")
    with tempfile.TemporaryDirectory(prefix="windtunnel-base-") as folder:
        path = Path(folder) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(path), commit)
        try:
            yield path
        finally:
            _git("worktree", "remove", "--force", str(path))


@contextmanager
def copy_of(tree: Path) -> Iterator[Path]:
    """Yield a copy of what runs of a tree, to be changed or to be compared; it is gone after the block.

    All of it is compiled: a tree that compiles itself at each start is slower to start and uses its memory in another way, and so is
    not the same as one that had run before.
    """
    with tempfile.TemporaryDirectory(prefix="windtunnel-copy-") as folder:
        for name, runs in _COPIED.items():
            left_out = shutil.ignore_patterns(_TESTS) if runs else shutil.ignore_patterns(_TESTS, _COMPILED)
            shutil.copytree(tree / name, Path(folder) / name, ignore=left_out)
        compileall.compile_dir(Path(folder) / "emulator", quiet=2)
        yield Path(folder)


def _git(*arguments: str, said: str | None = None) -> str:
    try:
        finished = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError("there is no git on the PATH, and a base is a git ref") from None
    if finished.returncode != 0:
        raise UsageError(said or f"git {arguments[0]} failed: {finished.stderr.strip()}")
    return finished.stdout.strip()
