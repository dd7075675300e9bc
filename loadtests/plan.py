"""What a run will do: all that is needed to repeat it."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from loadtests.bodies import BodyTemplate
from loadtests.failures import UsageError
from loadtests.persona import Persona
from loadtests.schedule import Arrival, sized
from loadtests.sizes import MessageSize
from loadtests.staging.allowance import SendingCaps

__all__ = ["KEY_FOLDER", "RunPlan", "is_key", "key_prefix", "message_key", "probe_key", "probe_prefix", "trace_root"]

# Where others test too, all keys of a run lie below this: windtunnel/<run>/
KEY_FOLDER = "windtunnel"

_KEY_DIGITS = 7
_KEY = re.compile(rf"\S+[-/](\d{{{_KEY_DIGITS}}}|p\d{{{_KEY_DIGITS - 1}}})")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A load. Times in seconds.

    `drain_seconds` is how long after its answer a message may take to be persisted; `max_start_lag_seconds` how late the generator
    may start all but one message of a hundred before its figures mean nothing; `max_in_flight_bytes` what each of its workers may
    hold before it drops one; `max_worker_cores` the share of a core above which a worker had no reserve to keep the schedule with.
    `key_folder` is what the keys of all runs against a shared target begin with, and `caps` what its generator may send there (None:
    all that is planned).
    """

    run_id: str
    sizes: tuple[MessageSize, ...]
    personas: tuple[Persona, ...]
    duration_seconds: float
    seed: int
    drain_seconds: float = 60.0
    request_timeout_seconds: float = 40.0
    max_start_lag_seconds: float = 0.01
    max_in_flight_bytes: int = 1_000_000_000
    max_worker_cores: float = 0.9
    workers: int = 1
    key_folder: str = ""
    caps: SendingCaps | None = None

    @property
    def key_root(self) -> str:
        """What names this run in the keys of its messages."""
        return f"{self.key_folder}/{self.run_id}" if self.key_folder else self.run_id

    @property
    def rate_per_second(self) -> float:
        """Messages per second on average; 0 before the sizes are known."""
        return len(self.arrivals()) / self.duration_seconds

    @property
    def schedule_text(self) -> str:
        """What arrives, for people."""
        named = len(self.personas) > 1
        return ", ".join(
            f"{persona.name}: {persona.schedule}" if named else str(persona.schedule) for persona in self.personas
        )

    def arrivals(self) -> list[Arrival]:
        """Return the schedule, empty before the sizes are known; every process of a run computes the same one."""
        if not self.sizes:
            return []
        merged = sorted(self._by_persona(), key=lambda arrival: arrival[0])
        return [Arrival(index, at, size, persona) for index, (at, size, persona) in enumerate(merged)]

    def _by_persona(self) -> Iterator[tuple[float, int, int]]:
        # One persona has the plan's own seed; the others theirs, so that adding one changes nothing for those before it.
        for number, persona in enumerate(self.personas):
            source = random.Random(self.seed if number == 0 else f"{self.seed}/{number}")
            weights = persona.weights or {size.label: size.weight for size in self.sizes}
            unknown = set(weights) - {size.label for size in self.sizes}
            if unknown:
                raise UsageError(
                    f"persona {persona.name} sends sizes that the plan has not: {', '.join(sorted(unknown))}"
                )
            places = [index for index, size in enumerate(self.sizes) if size.label in weights]
            shares = [weights[self.sizes[index].label] for index in places]
            for at, place in sized(persona.schedule, self.duration_seconds, shares, source):
                yield at, places[place], number

    def template(self, size: MessageSize, persona: Persona | None = None) -> BodyTemplate:
        """Return the bodies of one size, as one persona (None: the first) sends them."""
        sender = self.personas[0] if persona is None else persona
        key_bytes = len(message_key(self.key_root, 0))
        return BodyTemplate(size.body_bytes, key_bytes, self.seed, sender.name, sender.message_type)

    def to_json(self) -> dict[str, Any]:
        """Return this plan as JSON."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "sizes": [asdict(size) for size in self.sizes],
            "personas": [persona.to_json() for persona in self.personas],
            "caps": None if self.caps is None else asdict(self.caps),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> RunPlan:
        """Return the plan that `to_json` wrote."""
        return RunPlan(
            **{
                **value,
                "sizes": tuple(MessageSize(**size) for size in value["sizes"]),
                "personas": tuple(Persona.from_json(persona) for persona in value["personas"]),
                "caps": None if value.get("caps") is None else SendingCaps(**value["caps"]),
            }
        )


def key_prefix(key_root: str) -> str:
    """Return what all keys of a run begin with, and no key of another: `<run>-`, or `windtunnel/<run>/` below a folder."""
    return f"{key_root}/" if "/" in key_root else f"{key_root}-"


def message_key(key_root: str, index: int) -> str:
    """Return the `sourceTransactionID` of a message; all keys of a run have the same length."""
    return f"{key_prefix(key_root)}{index:0{_KEY_DIGITS}d}"


def probe_key(key_root: str, index: int) -> str:
    """Return the key of a message that is sent before the load and counted nowhere."""
    return f"{probe_prefix(key_root)}{index:0{_KEY_DIGITS - 1}d}"


def is_key(text: str) -> bool:
    """Return whether a text has the form of a key, of this run or of another."""
    return _KEY.fullmatch(text) is not None


def probe_prefix(key_root: str) -> str:
    """Return what the keys of a run's probes begin with, and no other key of it."""
    return f"{key_prefix(key_root)}p"


def trace_root(key: str, date_time: str) -> str:
    """Return the root of the X-Ray trace of a message, which the sender names so that everybody's records of it can be found.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-traceids
    """
    began = int(datetime.fromisoformat(date_time).timestamp())
    return f"1-{began:08x}-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
