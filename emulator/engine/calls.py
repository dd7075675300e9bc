"""Calls between services, and from clients to services: the one point where faults apply and the journal is written."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from emulator.effects import Call, Process
from emulator.engine.task import Done, Task, Undo
from emulator.errors import AwsError, EmulatorError, InternalFailure
from emulator.operation import CallContext, Params, Reply

if TYPE_CHECKING:
    from emulator.engine.engine import Engine

__all__ = ["Dispatchable", "call", "handle_call", "outcome_code"]

logger = logging.getLogger(__name__)


class Finish(Protocol):
    """Ends a call: with its result and what it used, or with its error."""

    def __call__(self, result: Any, error: BaseException | None, usage: Mapping[str, float] | None = None) -> None: ...


class Dispatchable(Protocol):
    """What the engine asks of a service."""

    def handle(self, name: str, params: Params, context: CallContext) -> Reply | Process: ...

    def resource_of(self, name: str, params: Params, context: CallContext) -> str: ...


def outcome_code(error: BaseException | None) -> str:
    """How the journal names an outcome: `ok`, an AWS error's code, or the class of a defect."""
    return "ok" if error is None else error.code if isinstance(error, AwsError) else type(error).__name__


def call(engine: Engine, service: str, operation: str, params: Params, context: CallContext, done: Done) -> Undo | None:
    """Call an operation. `done` gets the result or the error, possibly before this returns; else the Undo calls it off."""
    try:
        target = engine.service(service)
        resource = target.resource_of(operation, params, context)
    except (AwsError, EmulatorError) as error:
        done(None, error)
        return None
    except Exception as defect:
        logger.exception("%s:%s cannot be dispatched", service, operation)
        done(None, _internal(operation, defect))
        return None
    now = context.now
    decision = engine.faults.decide(service, operation, resource, now, context.span)

    def finish(result: Any, error: BaseException | None, usage: Mapping[str, float] | None = None) -> None:
        if error is None and decision.crash == "after":
            error = _crash(engine, context)
        if error is None and decision.after is not None:
            error = decision.after
        engine.journal.write(
            engine.clock.now(),
            "call",
            service,
            operation,
            resource=resource,
            trace_id=context.trace_id,
            started=now,
            outcome=outcome_code(error),
            request_bytes=None if context.request is None else context.request.body_bytes,
            detail=_detail(usage, context),
        )
        done(result, error)

    if decision.crash == "before":
        finish(None, _crash(engine, context))
        return None
    if decision.before is not None:
        finish(None, decision.before)
        return None
    if decision.delay_seconds > 0.0:
        return _dispatch_later(engine, decision.delay_seconds, target, operation, params, context, finish)
    return _dispatch(engine, target, operation, params, context, finish)


def _detail(usage: Mapping[str, float] | None, context: CallContext) -> Mapping[str, float] | None:
    """What the journal says beside the outcome: the usage, and which attempt of an SDK this is, where it is a retry.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html: `amz-sdk-request: attempt=2; max=3`
    """
    header = "" if context.request is None else context.request.headers.get("amz-sdk-request", "")
    if not header.startswith("attempt=") or header.startswith("attempt=1;") or header == "attempt=1":
        return usage
    attempt = header.removeprefix("attempt=").partition(";")[0].strip()
    return {**(usage or {}), "attempt": int(attempt)} if attempt.isdecimal() else usage


def _dispatch_later(
    engine: Engine,
    delay: float,
    target: Dispatchable,
    operation: str,
    params: Params,
    context: CallContext,
    finish: Finish,
) -> Undo:
    undo: list[Undo | None] = [None]

    def start() -> None:
        undo[0] = _dispatch(engine, target, operation, params, context, finish)

    timer = engine.set_timer(delay, start)

    def call_off() -> None:
        timer.cancel()
        if undo[0] is not None:
            undo[0]()

    return call_off


def _dispatch(
    engine: Engine, target: Dispatchable, operation: str, params: Params, context: CallContext, finish: Finish
) -> Undo | None:
    try:
        answer = target.handle(operation, params, context)
    except AwsError as error:
        finish(None, error)
        return None
    except Exception as defect:
        logger.exception("%s failed", operation)
        finish(None, _internal(operation, defect))
        return None
    if isinstance(answer, Reply):
        _deliver(engine, answer, context, finish)
        return None
    task = Task(operation, answer, trace_id=context.trace_id, principal=context.principal)

    def replied(reply: Any, error: BaseException | None) -> None:
        if error is None:
            _deliver(engine, reply, context, finish)
        elif isinstance(error, AwsError):
            finish(None, error)
        else:
            logger.error("%s failed", operation, exc_info=error)
            finish(None, _internal(operation, error))

    task.when_done(replied)
    engine.step(task, None, None)
    return None if task.done else task.cancel


def _deliver(engine: Engine, reply: Reply, context: CallContext, finish: Finish) -> None:
    """Apply a reply's effects, then hand over its result."""
    if reply.effects:
        host = Task("reply", _no_process(), trace_id=context.trace_id, principal=context.principal)
        for effect in reply.effects:
            outcome = engine.apply(host, effect)
            if outcome is None:
                outcome = None, EmulatorError(f"a reply's effect may not wait: {effect!r}")
            if outcome[1] is not None:
                logger.error("an effect of a reply failed: %r", effect, exc_info=outcome[1])
                finish(None, _internal("reply", outcome[1]))
                return
    finish(reply.result, None, reply.usage)


def handle_call(engine: Engine, task: Task, effect: Call) -> tuple[Any, BaseException | None] | None:
    """Apply a Call effect of a process."""
    outcome: list[tuple[Any, BaseException | None]] = []
    parked = False

    def done(value: Any, error: BaseException | None) -> None:
        outcome.append((value, error))
        if parked and not task.done:
            engine.step(task, value, error)

    context = CallContext(
        now=engine.clock.now(),
        request_id=engine.identifiers.uuid(),
        trace_id=effect.trace_id or task.trace_id,
        principal=effect.principal or task.principal,
        source_arn=effect.source_arn,
    )
    undo = call(engine, effect.service, effect.operation, effect.params, context, done)
    if outcome:
        return outcome[0]
    parked = True
    task.undo = undo
    return None


def _crash(engine: Engine, context: CallContext) -> AwsError:
    """End the function that calls. It hears nothing any more; the error is for the journal."""
    engine.crash(context.span)
    return AwsError.named("FunctionCrashed", "The function that made this call was ended by a fault", status=500)


def _internal(operation: str, defect: BaseException) -> InternalFailure:
    return InternalFailure(f"{operation}: {type(defect).__name__}: {defect}")


def _no_process() -> Process:
    return
    yield
