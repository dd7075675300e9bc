"""EventBridge's event pattern language. `EventPattern.parse(text)` once, `matches(fields)` for each event."""

from emulator.services.events.patterns.event_fields import EventFields
from emulator.services.events.patterns.pattern import EventPattern, PatternError

__all__ = ["EventFields", "EventPattern", "PatternError"]
