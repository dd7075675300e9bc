"""Messages and runs as they should be, for tests that then break one thing."""

from __future__ import annotations

from typing import Any

from loadtests.facts import RunFacts, UseSample
from loadtests.message import Message, Notice, StoredItem, StoredObject
from loadtests.persona import Persona
from loadtests.plan import RunPlan, message_key
from loadtests.schedule import Rate
from loadtests.sizes import MessageSize

RUN = "20261122-102030-beef"
SIZES = (MessageSize("256KiB", 262144, 1.0), MessageSize("max", 6_000_000, 1.0))
PLAN = RunPlan(RUN, SIZES, (Persona("loadtests", Rate(10.0)),), 4.0, seed=7)


def good_message(index: int = 0, size: str = "256KiB", ingest_seconds: float = 0.02, **changes: Any) -> Message:
    intended = index / 10
    key = f"2026/11/22/10/20/30/id-{index}"
    values: dict[str, Any] = {
        "index": index,
        "key": message_key(RUN, index),
        "size": size,
        "body_bytes": 262144,
        "payload_bytes": 196_000,
        "payload_sha256": f"digest-{index}",
        "intended_seconds": intended,
        "started_seconds": intended + 0.001,
        "ended_seconds": intended + ingest_seconds,
        "status": 200,
        "error": None,
        "message_id": f"id-{index}",
        "notices": (
            Notice("started", intended + 0.03, False, False),
            Notice("archived", intended + 0.05, True, False),
            Notice("metadata", intended + 0.06, False, True),
            Notice("final", intended + 0.08, True, True),
        ),
        "objects": (StoredObject(key, 196_000, f"digest-{index}"),),
        "items": (StoredItem(f"id-{index}", key, True, True),),
    }
    return Message(**{**values, **changes})


def good_messages() -> list[Message]:
    sizes = [PLAN.sizes[arrival.size_index].label for arrival in PLAN.arrivals()]
    return [good_message(index, size, 0.02 + index / 10_000) for index, size in enumerate(sizes)]


def good_facts(**changes: Any) -> RunFacts:
    parts = {"emulator": 0.0, "functions": 0.0, "load generator": 0.0}
    values: dict[str, Any] = {
        "plan": PLAN,
        "target": "stand-in",
        "url": "http://127.0.0.1:1/Prod/ingestMessage",
        "wall_start": 1_795_000_000.0,
        "load_seconds": 4.0,
        "drain_seconds": 0.2,
        "readback_seconds": 0.1,
        "machine": {"cores": 2, "memory_bytes": 8 << 30, "platform": "Linux", "python": "3.11"},
        "processor_use": tuple(
            UseSample(
                second, {part: second * share for part, share in zip(parts, (0.5, 0.9, 0.1), strict=True)}, second * 1.7
            )
            for second in (0.0, 1.0, 2.0, 3.0, 4.0)
        ),
        "tcp_no_delay": True,
    }
    return RunFacts(**{**values, **changes})
