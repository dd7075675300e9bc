"""Each row of the life cycle's table of moves, made by a real environment; and no move that is not in it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path

import pytest

from emulator.sandbox import environment, life_cycle
from emulator.sandbox.effects import Outcome, StopEnvironment
from emulator.sandbox.life_cycle import MOVES, State, check_move
from emulator.sandbox.tests.workbench import Workbench, run_with_workbench

CODE = """
    import os, threading, time
    if os.environ.get("INIT"): exec(os.environ["INIT"])
    def handler(event, context):
        if event == "sleep": time.sleep(30)
        if event == "exit": os._exit(1)
        if event == "exit when idle": threading.Timer(0.1, os._exit, (1,)).start()
"""
SLOW_EXTENSION = """\
#!/bin/bash
base=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
id=$(curl -sD - -o /dev/null -H "Lambda-Extension-Name: slow" -d '{"events":["INVOKE","SHUTDOWN"]}' $base/register |
     tr -d '\\r' | sed -n 's/^Lambda-Extension-Identifier: //ip')
while true; do
  event=$(curl -s -H "Lambda-Extension-Identifier: $id" $base/event/next)
  case $event in
    *SHUTDOWN*) sleep 30 ;;
    *crash*) exit 1 ;;
    *) sleep 0.3 ;;
  esac
done
"""
Story = Callable[[Workbench], Awaitable[None]]


def extension(bench: Workbench) -> Path:
    file = bench.folder / "layer" / "extensions" / "slow"
    file.parent.mkdir(parents=True)
    file.write_text(SLOW_EXTENSION)
    file.chmod(0o755)
    return bench.folder / "layer"


async def an_invocation(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE))
    for _ in range(2):  # the second one finds it idle again
        await bench.invoke(started, "go")


async def a_failed_init(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE), variables=(("INIT", "os._exit(1)"),))
    await bench.invoke(started, "go")


async def a_kill_during_init(bench: Workbench) -> None:
    starting = asyncio.ensure_future(bench.start(bench.code(CODE), variables=(("INIT", "time.sleep(30)"),)))
    await asyncio.sleep(0.5)
    assert not starting.done()
    await bench.sandbox.close()
    assert (await starting).alive is False


async def a_kill_during_an_invocation(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE))
    running = asyncio.ensure_future(bench.invoke(started, "sleep"))
    await asyncio.sleep(0.05)
    await bench.sandbox.close()
    assert (await running).outcome is Outcome.EXIT


async def a_timeout(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE))
    await bench.invoke(started, "sleep", timeout_seconds=0.2)
    await bench.invoke(started, "go")


async def a_stop(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE))
    await bench.do(StopEnvironment(started.environment_id))


async def a_stop_after_a_reset(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE))
    await bench.invoke(started, "exit")
    await asyncio.sleep(0.2)
    await bench.do(StopEnvironment(started.environment_id))


async def a_stop_with_an_extension(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE), layers=(extension(bench),))
    await bench.do(StopEnvironment(started.environment_id))


async def a_runtime_that_ends_after_its_answer(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE), layers=(extension(bench),))
    await bench.invoke(started, "exit when idle")
    await asyncio.sleep(0.5)


async def a_kill_after_the_answer(bench: Workbench) -> None:
    started = await bench.start(bench.code(CODE), layers=(extension(bench),))
    await bench.invoke(started, "go")
    await bench.sandbox.close()


ROWS: list[tuple[State, State, Story]] = [
    (State.STARTING, State.IDLE, an_invocation),
    (State.STARTING, State.STOPPING, a_failed_init),
    (State.STARTING, State.ENDED, a_kill_during_init),
    (State.IDLE, State.BUSY, an_invocation),
    (State.IDLE, State.STOPPING, a_stop_with_an_extension),
    (State.IDLE, State.ENDED, a_stop),
    (State.BUSY, State.RESPONDED, an_invocation),
    (State.BUSY, State.STOPPING, a_timeout),
    (State.BUSY, State.ENDED, a_kill_during_an_invocation),
    (State.RESPONDED, State.IDLE, an_invocation),
    (State.RESPONDED, State.STOPPING, a_runtime_that_ends_after_its_answer),
    (State.RESPONDED, State.ENDED, a_kill_after_the_answer),
    (State.STOPPING, State.RESET, a_timeout),
    (State.STOPPING, State.ENDED, a_stop_with_an_extension),
    (State.RESET, State.STARTING, a_timeout),
    (State.RESET, State.ENDED, a_stop_after_a_reset),
]


def test_rows_are_the_whole_table() -> None:
    assert {(state, after) for state, after, _ in ROWS} == {(s, a) for s, afters in MOVES.items() for a in afters}


@pytest.mark.parametrize(
    ("state", "after", "story"), ROWS, ids=[f"{state.value}-{after.value}" for state, after, _ in ROWS]
)
def test_move_is_made(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, state: State, after: State, story: Story
) -> None:
    moves: list[tuple[State, State]] = []

    def watch(before: State, next_one: State) -> None:
        life_cycle.check_move(before, next_one)
        moves.append((before, next_one))

    monkeypatch.setattr(environment, "check_move", watch)
    run_with_workbench(story, tmp_path, cache, isolated=True)
    assert (state, after) in moves


@pytest.mark.parametrize(
    ("state", "after"), [(s, a) for s, a in product(State, State) if a not in MOVES[s]], ids=lambda state: state.value
)
def test_any_other_move_is_a_defect(state: State, after: State) -> None:
    with pytest.raises(AssertionError, match=f"from {state.value} to {after.value}"):
        check_move(state, after)
