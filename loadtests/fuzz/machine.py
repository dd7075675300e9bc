"""The state machine that chooses the steps. It holds no knowledge of its own: what a step does and what must hold is the
player's, so that a failing example can be played again without Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from fixtures.formats import drafts
from fixtures.incoming import Draft
from loadtests.fuzz.player import Player, Violation
from loadtests.fuzz.steps import Jump, Redis, Redrive, Relief, Resend, Send, Step, Trouble, Workflow
from loadtests.fuzz.troubles import TROUBLES

__all__ = ["PipelineMachine", "machine_for"]

_SMALL_BOUNDARIES = ("metadata", "levels", "digits")
_LARGE_BOUNDARIES = ("event", "api")
_JUMPS = (1.0, 10.0, 60.0, 120.0, 600.0, 3_600.0)
_INPUT_BYTES = (1_000, 262_143, 262_144, 262_145)


class PipelineMachine(RuleBasedStateMachine):
    """One example: steps on a pipeline that begins empty, then its recovery and the judgement."""

    # Hypothesis orders rules by the number of their arguments, then by name: an example shrinks towards `send`.
    player: ClassVar[Player]
    troubles: ClassVar[Sequence[str]] = (*TROUBLES,)
    on_begin: ClassVar[Callable[[], None]]
    on_step: ClassVar[Callable[[Sequence[Step]], None]]
    on_failure: ClassVar[Callable[[Sequence[Step], str], None]]

    def __init__(self) -> None:
        super().__init__()
        self._steps: list[Step] = []
        self._failed = False
        self._troubled = False
        type(self).on_begin()
        self.player.begin()

    def _do(self, step: Step) -> None:
        self._steps.append(step)
        self._watched(lambda: self.player.play(step))
        type(self).on_step(self._steps)

    def _watched(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Violation as violation:
            self._failed = True
            type(self).on_failure(tuple(self._steps), str(violation))
            raise

    def teardown(self) -> None:
        """Whatever was done, let it end and judge it."""
        if not self._failed and self._steps:
            self._watched(self.player.finish)

    # -- messages ----------------------------------------------------------------------------------------------------------------

    @rule(draft=drafts())
    def send(self, draft: Draft) -> None:
        """A good message."""
        self._do(Send(draft))

    @rule(draft=drafts(breakages=True, boundaries=_SMALL_BOUNDARIES))
    def send_any(self, draft: Draft) -> None:
        """A message that is broken, or close to a limit of the contract, or good."""
        self._do(Send(draft))

    @precondition(lambda self: self.player.sent)
    @rule(of=st.integers(0, 9), draft=st.none() | drafts())
    def resend(self, of: int, draft: Draft | None) -> None:
        """The transaction of an earlier message again."""
        self._do(Resend(of, draft))

    @precondition(lambda self: self.player.salvaged)
    @rule(of=st.integers(0, 9), keep=st.booleans())
    def redrive(self, of: int, keep: bool) -> None:
        """A salvaged message, driven again before the trouble may be over."""
        self._do(Redrive(of, keep))

    @rule(size=st.sampled_from(_INPUT_BYTES))
    def start_workflow(self, size: int) -> None:
        """An internal message whose payload nobody has."""
        self._do(Workflow(size))

    # -- troubles ----------------------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, len(TROUBLES) - 1), times=st.sampled_from([1, 2, 3, 6, None]))
    def trouble(self, which: int, times: int | None) -> None:
        """A service slows down, throttles or fails; a function crashes before or after its write."""
        self._troubled = True
        self._do(Trouble(self.troubles[which % len(self.troubles)], times))

    @rule(which=st.integers(0, len(TROUBLES) - 1), times=st.sampled_from([2, 1, 3, 6, None]), draft=drafts())
    def send_into_trouble(self, which: int, times: int | None, draft: Draft) -> None:
        """A message that meets a trouble for sure."""
        self.trouble(which, times)
        self.send(draft)

    @precondition(lambda self: self._troubled)
    @rule()
    def relieve(self) -> None:
        """The services work again."""
        self._troubled = False
        self._do(Relief())

    @rule(what=st.sampled_from(["restart", "down", "up", "restart empty"]))
    def shake_redis(self, what: str) -> None:
        """Redis restarts, with its data or without, or goes away and comes back."""
        self._do(Redis(what))

    @rule(seconds=st.sampled_from(_JUMPS))
    def skip_time(self, seconds: float) -> None:
        """The clock jumps."""
        self._do(Jump(seconds))


class _LargeMessages(PipelineMachine):
    """With messages as large as a scenario sends them, and up to the limits of Lambda and API Gateway."""

    @rule(draft=drafts(boundaries=_LARGE_BOUNDARIES))
    def send_limit(self, draft: Draft) -> None:
        """A message at a limit of the platform."""
        self._do(Send(draft))


def machine_for(
    player: Player, *, sizes: Sequence[int] = (), large: bool = True, troubles: Sequence[str] = (), **hooks: Any
) -> type[PipelineMachine]:
    """The machine of one pipeline.

    `sizes` are those of a scenario's messages, in bytes of payload; with `large`, messages go up to the limits of the platform, for
    which the largest one is measured first. `troubles` are all that may happen (default: every one of the table).
    """
    members: dict[str, Any] = {"player": player, **{name: staticmethod(hook) for name, hook in hooks.items()}}
    if troubles:
        members["troubles"] = tuple(troubles)
    if sizes and large:

        @rule(draft=drafts(sizes=sizes))
        def send_as_planned(self: Any, draft: Draft) -> None:
            """A message of a size that the scenario sends."""
            self._do(Send(draft))

        members["send_as_planned"] = send_as_planned
    if large:
        player.measure()
    return type("AnyPipeline", (_LargeMessages if large else PipelineMachine,), members)
