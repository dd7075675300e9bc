"""The observer of a run, in a process of its own: `python -m loadtests.collector`.

It is told on standard input, one line each: the job (JSON, with the target's credentials, which so never touch the disk), then
`readback` when nothing more is expected. It ends when its input ends, so it cannot outlive the run.
"""

from __future__ import annotations

import select
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

import orjson

from loadtests.notices import receive_notices
from loadtests.plan import key_prefix
from loadtests.readback import read_items, read_objects
from loadtests.run_folder import RunFolder
from loadtests.staging.readback import known_ids, read_own_items, read_own_objects
from loadtests.target import Target, output

__all__ = ["DONE", "READBACK", "READY", "collect", "job", "main"]

READY = "ready"
DONE = "done"
READBACK = "readback"
_LOOK_SECONDS = 0.5


def job(target: Target, folder: RunFolder, key_root: str, since: float) -> str:
    """Return the line that starts a collector; `since` is the wall time, in epoch seconds, at which the run began."""
    value = {"target": target.to_json(), "folder": str(folder.path), "prefix": key_prefix(key_root), "since": since}
    return orjson.dumps(value).decode()


def collect(target: Target, work: dict[str, Any], commands: TextIO, answers: TextIO) -> None:
    """Receive notices until told to read back, read back, and return; return at once when `commands` ends."""
    folder = RunFolder(Path(work["folder"]))
    stop = threading.Event()
    sqs, s3, dynamodb = target.client("sqs"), target.client("s3"), target.client("dynamodb")
    prefix = work["prefix"]
    with folder.notices.open("ab") as log, ThreadPoolExecutor(1) as threads:
        received = threads.submit(receive_notices, sqs, output(target, "SubscriberQueueUrl"), prefix, log, stop)
        print(READY, file=answers, flush=True)
        try:
            told_to_read_back = _await_command(commands, received) == READBACK
        finally:
            stop.set()
        received.result()
    if not told_to_read_back:
        return
    bucket, table = output(target, "ArchiveBucketName"), output(target, "MetadataTableName")
    with folder.objects.open("ab") as objects, folder.items.open("ab") as items:
        if target.caps is None:
            read_objects(s3, bucket, work["since"], objects)
            read_items(dynamodb, table, prefix, items)
        else:
            read_own_objects(s3, bucket, work["since"], prefix, known_ids(folder), objects)
            objects.flush()
            read_own_items(dynamodb, table, known_ids(folder), items)
    print(DONE, file=answers, flush=True)


def _await_command(commands: TextIO, received: Future[None]) -> str:
    """Return the next command, or raise what ended the receivers before it came."""
    while not select.select([commands], [], [], _LOOK_SECONDS)[0]:
        if received.done():
            received.result()
    return commands.readline().strip()


def main() -> None:
    """Run the job that standard input brings."""
    from emulator.targets import Target as AnyTarget

    work = orjson.loads(sys.stdin.readline())
    collect(AnyTarget.from_json(work["target"]), work, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
