"""What a bridged service asks of the bridge."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.effects import External

__all__ = ["BridgeRequest"]


@dataclass(frozen=True, slots=True)
class BridgeRequest(External):
    """One HTTP request for moto, with AWS's own host in its URL. The result is moto's HttpResponse, whatever its status."""

    service: str
    operation: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    resource: str = field(default="", compare=False)
