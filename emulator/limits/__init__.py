"""For a message size: which hop of a template's pipeline refuses it, and how close each one is."""

from emulator.limits.assess import Assessment, Hop, Measured, Status, assess, largest
from emulator.limits.message import Message, Text
from emulator.limits.template_view import TemplateView, read_view

__all__ = [
    "Assessment",
    "Hop",
    "Measured",
    "Message",
    "Status",
    "TemplateView",
    "Text",
    "assess",
    "largest",
    "read_view",
]
