"""Bytes <-> one dict per operation, driven by botocore's service models, and validation."""

from emulator.protocols.errors import Answered
from emulator.protocols.routing import Routed
from emulator.protocols.validation import Violation
from emulator.protocols.wire import Wire
from emulator.protocols.wires import Wires, load_model

__all__ = ["Answered", "Routed", "Violation", "Wire", "Wires", "load_model"]
