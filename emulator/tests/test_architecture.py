"""The rules that keep the map true: who may import whom, who may touch the outside world, how long a module may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("system", "emulator", "scenarios", "loadtests", "fixtures")
LONGEST_MODULE_LINES = 450

OUTSIDE_WORLD = {"asyncio", "multiprocessing", "selectors", "socket", "socketserver", "ssl", "subprocess", "threading"}
MAY_TOUCH_THE_OUTSIDE = (
    "emulator/engine/",
    "emulator/gateway/",
    "emulator/sandbox/",
    "emulator/cache/",
    "emulator/targets/",  # start and watch an emulator as a child process
    "emulator/bench/",  # measure from outside
    "emulator/app.py",  # the composition root and what runs it
    "emulator/serve.py",
    "emulator/cli.py",
    "emulator/doctor.py",
    "emulator/log_command.py",
    "emulator/limits/template_view.py",  # runs SAM's translator
    "emulator/pytest_plugin.py",
)


def modules(*, tests: bool = False) -> list[str]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if tests or "/tests/" not in name:
                found.append(name)
    return found


def imports_of(name: str) -> Iterator[str]:
    """The dotted names that a module imports anywhere in it, except under `if TYPE_CHECKING`."""
    tree = ast.parse((ROOT / name).read_text())
    type_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in type_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def belongs_to(imported: str, package: str) -> bool:
    return imported == package or imported.startswith(package + ".")


def test_there_is_something_to_check() -> None:
    assert {name.split("/")[0] for name in modules()} >= {"system", "emulator", "loadtests"}


@pytest.mark.parametrize("name", modules(tests=True))
def test_no_module_is_too_long_to_read_in_one_sitting(name: str) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= LONGEST_MODULE_LINES


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("system/")])
def test_pipelines_know_nothing_of_the_emulator(name: str) -> None:
    ours = [imported for imported in imports_of(name) if imported.split(".")[0] in set(PACKAGES) - {"system"}]
    assert ours == []


@pytest.mark.parametrize(
    "name", [name for name in modules(tests=True) if name.split("/")[0] in ("scenarios", "loadtests", "fixtures")]
)
def test_scenarios_and_load_see_a_target_only(name: str) -> None:
    inner = (
        "emulator.services",
        "emulator.engine",
        "emulator.gateway",
        "emulator.sandbox",
        "emulator.deploy",
        "emulator.app",
    )
    forbidden = [imported for imported in imports_of(name) if any(belongs_to(imported, package) for package in inner)]
    assert forbidden == []


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("emulator/services/")])
def test_services_never_import_each_other_and_never_see_the_engine(name: str) -> None:
    own = ".".join(name.split("/")[:3])
    for imported in imports_of(name):
        if belongs_to(imported, "emulator.services"):
            assert imported == "emulator.services" or belongs_to(imported, own), imported
        assert not belongs_to(imported, "emulator.engine") or imported.startswith("emulator.engine.tools"), imported
        assert not belongs_to(imported, "emulator.gateway"), imported


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("emulator/")])
def test_only_the_edges_touch_processes_sockets_and_loops(name: str) -> None:
    if not name.startswith(MAY_TOUCH_THE_OUTSIDE):
        assert [imported for imported in imports_of(name) if imported.split(".")[0] in OUTSIDE_WORLD] == []


@pytest.mark.parametrize(
    "name",
    [name for name in modules() if name.startswith(("emulator/engine/", "emulator/effects", "emulator/operation"))],
)
def test_the_engine_knows_no_service(name: str) -> None:
    assert [imported for imported in imports_of(name) if belongs_to(imported, "emulator.services")] == []


@pytest.mark.parametrize(
    "name", [name for name in modules() if name.startswith(("emulator/", "fixtures/", "scenarios/"))]
)
def test_locust_is_never_imported_where_the_emulator_or_pytest_runs(name: str) -> None:
    """Its import patches the standard library."""
    assert [imported for imported in imports_of(name) if imported.split(".")[0] in ("locust", "gevent")] == []
    if not name.startswith(("emulator/gateway/bridge_worker", "emulator/gateway/moto_")):
        assert [imported for imported in imports_of(name) if imported.split(".")[0] == "moto"] == []
