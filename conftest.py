"""Plugin options and fixture modules of all tests."""

from __future__ import annotations

from importlib.metadata import entry_points

# An installed package brings its plugins by their entry points; a bare checkout names them here.
_PLUGINS = {"windtunnel": "emulator.pytest_plugin", "windtunnel_events": "fixtures.event_files"}
_INSTALLED = {entry.name for entry in entry_points(group="pytest11")}
pytest_plugins = [*(module for name, module in _PLUGINS.items() if name not in _INSTALLED), "fixtures.profiles"]
