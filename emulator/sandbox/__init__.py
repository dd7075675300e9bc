"""Function environments: processes in bubblewrap sandboxes behind AWS's Runtime API. Services see `emulator.sandbox.effects` only."""

from emulator.sandbox.capacity import Capacity
from emulator.sandbox.sandbox import Sandbox

__all__ = ["Capacity", "Sandbox"]
