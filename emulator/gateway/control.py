"""The control API under `/_windtunnel/`: health, journal, clock, faults and caches of one emulator, for targets, tests and people.

| request | does |
|---|---|
| `GET /health` | 200 `{"status": "ready"}` once everything asked for at start is deployed; 503 before |
| `GET /info` | version, seed, region, clock, what runs functions and caches, stacks |
| `GET /journal?after=N&trace_id=...&kind=...&service=...` | journal entries as NDJSON, oldest first |
| `GET /clock` | `{"now": epoch seconds, "kind": "wall" or "virtual"}` |
| `POST /clock/advance` `{"seconds": n}` | moves the virtual clock, firing what is due on the way |
| `GET /code/{function or layer}/{name}/{version}` | the code as a zip archive: where `Code.Location` points |
| `GET /faults`, `POST /faults` `{"service": ...}`, `DELETE /faults`, `DELETE /faults/{id}` | the fault rules |
| `GET /caches`, `POST /caches/{id}/down`, `POST /caches/{id}/up` | takes a Redis or Valkey endpoint down and up again; its data is \
kept, unless `down` comes with `{"keep_data": false}` |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson

from emulator.clock import VirtualClock
from emulator.engine import Engine, Fault, Runner
from emulator.errors import EmulatorError
from emulator.gateway.code_download import download
from emulator.gateway.server import Respond
from emulator.http import HttpRequest, HttpResponse

__all__ = ["Caches", "Control"]

logger = logging.getLogger(__name__)

_JOURNAL_FILTERS = ("trace_id", "kind", "service", "operation", "resource", "outcome")


class Caches(Protocol):
    """The running caches, as faults need them."""

    def listing(self) -> list[dict[str, Any]]: ...

    async def take_down(self, cache_id: str, *, keep_data: bool = True) -> None: ...

    async def bring_up(self, cache_id: str) -> object: ...


class Control:
    """Answers the control API."""

    def __init__(self, engine: Engine, runner: Runner, caches: Caches, info: Callable[[], Mapping[str, Any]]) -> None:
        self._engine = engine
        self._runner = runner
        self._caches = caches
        self._info = info
        self.status = "starting"
        """`starting`, `deploying`, `ready` or `failed`."""
        self._work: set[asyncio.Task[None]] = set()

    def handle(self, request: HttpRequest, respond: Respond) -> None:
        """Answer one request; what waits goes on as a task."""
        path = request.path.removeprefix("/_windtunnel").rstrip("/")
        try:
            answer = self._answer(request.method, path, request)
        except (EmulatorError, orjson.JSONDecodeError, TypeError, ValueError) as error:
            respond(_json({"error": str(error)}, 400))
            return
        if isinstance(answer, HttpResponse):
            respond(answer)
            return
        work = asyncio.get_running_loop().create_task(self._finish(answer, respond))
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    async def _finish(self, work: Coroutine[Any, Any, HttpResponse], respond: Respond) -> None:
        try:
            respond(await work)
        except EmulatorError as error:
            respond(_json({"error": str(error)}, 400))
        except Exception as defect:
            logger.exception("the control API failed")
            respond(_json({"error": f"{type(defect).__name__}: {defect}"}, 500))

    def _answer(self, method: str, path: str, request: HttpRequest) -> HttpResponse | Coroutine[Any, Any, HttpResponse]:
        parts = path.strip("/").split("/")
        match (method, parts):
            case ("GET", ["health"]):
                return _json({"status": self.status}, 200 if self.status == "ready" else 503)
            case ("GET", ["info"]):
                return _json(dict(self._info()))
            case ("GET", ["journal"]):
                return self._journal(request.query)
            case ("GET", ["clock"]):
                return _json(self._clock())
            case ("POST", ["clock", "advance"]):
                return self._advance(float(_body(request)["seconds"]))
            case ("GET", ["code", kind, name, version]):
                return download(self._engine, kind, name, version)
            case ("GET", ["faults"]):
                return _json({"faults": self._engine.faults.listing()})
            case ("POST", ["faults"]):
                return _json({"id": self._engine.faults.add(Fault.from_dict(_body(request)))}, 201)
            case ("DELETE", ["faults"]):
                self._engine.faults.clear()
                return _json({})
            case ("DELETE", ["faults", number]):
                self._engine.faults.remove(int(number))
                return _json({})
            case ("GET", ["caches"]):
                return _json({"caches": self._caches.listing()})
            case ("POST", ["caches", cache_id, ("down" | "up") as wanted]):
                options = _body(request) if request.body else {}
                return self._switch(cache_id, wanted, keep_data=options.get("keep_data", True) is not False)
        return _json({"error": f"there is no {method} {path or '/'} in the control API", "help": __doc__}, 404)

    def _journal(self, query: str) -> HttpResponse:
        values = {name: value[-1] for name, value in parse_qs(query).items()}
        after = int(values.pop("after", "0"))
        unknown = sorted(set(values) - set(_JOURNAL_FILTERS))
        if unknown:
            raise EmulatorError(
                f"the journal has no filter {', '.join(unknown)}; it has after, {', '.join(_JOURNAL_FILTERS)}"
            )
        lines = [orjson.dumps(entry.as_dict()) for entry in self._engine.journal.entries(after=after, **values)]
        body = b"\n".join(lines) + (b"\n" if lines else b"")
        return HttpResponse(200, (("Content-Type", "application/x-ndjson"),), body)

    def _clock(self) -> dict[str, Any]:
        clock = self._engine.clock
        return {"now": clock.now(), "kind": "virtual" if isinstance(clock, VirtualClock) else "wall"}

    async def _advance(self, seconds: float) -> HttpResponse:
        if seconds < 0:
            raise EmulatorError("time moves forward only: seconds must not be negative")
        await self._runner.advance(seconds)
        return _json(self._clock())

    async def _switch(self, cache_id: str, wanted: str, *, keep_data: bool) -> HttpResponse:
        if wanted == "down":
            await self._caches.take_down(cache_id, keep_data=keep_data)
        else:
            await self._caches.bring_up(cache_id)
        return _json({"caches": self._caches.listing()})


def _body(request: HttpRequest) -> dict[str, Any]:
    data = orjson.loads(request.body)
    if not isinstance(data, dict):
        raise EmulatorError("the body must be a JSON object")
    return data


def _json(data: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(status, (("Content-Type", "application/json"),), orjson.dumps(data))
