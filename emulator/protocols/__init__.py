"""Bytes <-> one dict per operation, driven by botocore's service models, and validation."""

from emulator.protocols.errors import Answered
from emulator.protocols.routing import Routed
from emulator.protocols.service_names import ServiceNames, service_of_sdk_name
from emulator.protocols.validation import Violation
from emulator.protocols.wire import Wire
from emulator.protocols.wires import Wires, load_model

__all__ = ["Answered", "Routed", "ServiceNames", "Violation", "Wire", "Wires", "load_model", "service_of_sdk_name"]
