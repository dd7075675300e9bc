"""The states of an execution environment and the moves between them.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

    STARTING    init: extensions, then the runtime, then the function's own code
    IDLE        frozen, until there is an event
    BUSY        an invocation is under way
    RESPONDED   it is answered; the runtime or an extension has not asked for the next event yet
    STOPPING    the runtime is killed or asked to end, extensions have their SHUTDOWN event
    RESET       nothing runs, /tmp is kept; the next invocation initialises first
    ENDED       gone
"""

from __future__ import annotations

from enum import Enum

__all__ = ["MOVES", "SHUTDOWN_SECONDS", "Reason", "State", "check_move"]


class State(Enum):
    """Where an environment is in its life."""

    __hash__ = object.__hash__
    """Members are one of a kind; the hash of Enum, by name, is slower than the look-up it is for."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RESPONDED = "responded"
    STOPPING = "stopping"
    RESET = "reset"
    ENDED = "ended"


MOVES = {
    State.STARTING: {State.IDLE, State.STOPPING, State.ENDED},
    State.IDLE: {State.BUSY, State.STOPPING, State.ENDED},
    State.BUSY: {State.RESPONDED, State.STOPPING, State.ENDED},
    State.RESPONDED: {State.IDLE, State.STOPPING, State.ENDED},
    State.STOPPING: {State.RESET, State.ENDED},
    State.RESET: {State.STARTING, State.ENDED},
    State.ENDED: set[State](),
}


def check_move(state: State, after: State) -> None:
    """Raises AssertionError for a move that is not in the table: a defect of ours."""
    if after not in MOVES[state]:
        raise AssertionError(f"an environment cannot go from {state.value} to {after.value}")


class Reason(Enum):
    """Why extensions are shut down, in AWS's words."""

    SPINDOWN = "SPINDOWN"
    TIMEOUT = "TIMEOUT"
    FAILURE = "FAILURE"


SHUTDOWN_SECONDS = {"none": 0.0, "internal": 0.5, "external": 2.0}
"""What is left to an environment, by the kind of its extensions.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown"""
