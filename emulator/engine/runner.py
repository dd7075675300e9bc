"""Drives an engine inside an asyncio loop: wakes it at its deadlines, drains its queue in slices, moves virtual time."""

from __future__ import annotations

import asyncio

from emulator.clock import VirtualClock
from emulator.engine.engine import Engine
from emulator.errors import EmulatorError

__all__ = ["Runner"]

SLICE = 64
"""Ready tasks stepped before the loop looks at its sockets again."""
GRACE_SECONDS = 0.01
"""How long background tasks give way to clients' requests: about what a function needs to end after its last call."""


class Runner:
    """One engine in one asyncio loop.

    On a wall clock the loop sleeps until the next deadline. On a virtual clock time stands still; with `auto` it jumps to the next
    deadline as soon as nothing is ready and no outside work is in flight, else only `advance` moves it.
    """

    def __init__(self, engine: Engine, *, auto: bool = False) -> None:
        self.engine = engine
        self.auto = auto
        self._loop = asyncio.get_running_loop()
        self._scheduled = False
        self._wake_up: asyncio.TimerHandle | None = None
        self._wake_up_at: float | None = None
        self._idle = asyncio.Event()
        engine.on_ready = self._on_ready

    def _on_ready(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        engine = self.engine
        engine.fire_due()
        held_back = engine.release_background(0.0 if isinstance(engine.clock, VirtualClock) else GRACE_SECONDS)
        engine.run_ready(SLICE)
        if engine.has_ready:
            self._on_ready()
            return
        clock = engine.clock
        deadline = engine.timers.next_deadline()
        if isinstance(clock, VirtualClock):
            if engine.in_flight == 0:
                if self.auto and deadline is not None:
                    clock.move_to(deadline)
                    self._on_ready()
                else:
                    self._idle.set()
            return
        if held_back is not None:
            moment = clock.now() + held_back
            deadline = moment if deadline is None else min(deadline, moment)
        if deadline != self._wake_up_at:
            if self._wake_up is not None:
                self._wake_up.cancel()
            self._wake_up_at = deadline
            self._wake_up = None if deadline is None else self._loop.call_later(deadline - clock.now(), self._wake)

    def _wake(self) -> None:
        self._wake_up = self._wake_up_at = None
        self._on_ready()

    async def advance(self, seconds: float) -> float:
        """Move virtual time on by `seconds`, firing every deadline on the way in order and letting outside work end between them.

        The new time, in epoch seconds. Raises EmulatorError on a wall clock.
        """
        clock = self.engine.clock
        if not isinstance(clock, VirtualClock):
            raise EmulatorError("only a virtual clock can be advanced: start the emulator with --clock virtual")
        target = clock.now() + seconds
        while True:
            await self.idle()
            deadline = self.engine.timers.next_deadline()
            if deadline is None or deadline > target:
                break
            clock.move_to(deadline)
        clock.move_to(target)
        await self.idle()
        return clock.now()

    async def idle(self) -> None:
        """Wait until nothing is ready and no outside work is in flight (virtual clock only)."""
        self._idle.clear()
        self._on_ready()
        await self._idle.wait()

    def close(self) -> None:
        """Stop driving."""
        if self._wake_up is not None:
            self._wake_up.cancel()
        self.engine.on_ready = _stopped


def _stopped() -> None:
    """The runner is closed."""
