"""Plugin options and fixture modules of all tests."""

from __future__ import annotations

from importlib.metadata import entry_points

# An installed package brings the plugin by its entry point; a bare checkout names it here.
_INSTALLED = any(entry.name == "windtunnel" for entry in entry_points(group="pytest11"))
pytest_plugins = ["fixtures.profiles"] if _INSTALLED else ["emulator.pytest_plugin", "fixtures.profiles"]
