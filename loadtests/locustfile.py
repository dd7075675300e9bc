"""The load generator, for Locust: one user that starts each message at the moment which the schedule gives it.

Locust's own pacing cannot run ahead of its users and so is no open model; here the user is a dispatcher, and every message
runs in a greenlet of its own. https://docs.locust.io/en/stable/increase-performance.html

Run by the launcher as `locust -f locustfile.py --headless -u 1`, never imported: Locust patches the standard library.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
import gevent.pool
import orjson
from locust import FastHttpUser, task
from locust.exception import StopUser

from loadtests.clock import iso_milliseconds, monotonic, wall
from loadtests.ledger import append_row
from loadtests.no_delay import NoDelayClientPool, assert_no_delay
from loadtests.plan import RunPlan, message_key
from loadtests.run_folder import RunFolder
from loadtests.schedule import Arrival
from loadtests.sizes import MessageSize

# Enough for connections and timers to be ready when the first message is due.
_HEAD_START_SECONDS = 0.25
_PULSE_SECONDS = 0.25
_MAX_CONNECTIONS = 2000


class OpenModelUser(FastHttpUser):
    """Starts every message of the schedule at its time, whatever became of the ones before it."""

    def __init__(self, environment: Any) -> None:
        self._folder = RunFolder(Path(os.environ["WINDTUNNEL_LOAD_FOLDER"]))
        self._plan = RunPlan.from_json(orjson.loads(self._folder.plan.read_bytes()))
        self._url = os.environ["WINDTUNNEL_LOAD_URL"]
        self._headers = {
            "x-api-key": os.environ["WINDTUNNEL_LOAD_API_KEY"],
            "Content-Type": "application/json",
            "User-Agent": "windtunnel-load",
        }
        parts = urlsplit(self._url)
        self.host = f"{parts.scheme}://{parts.netloc}"
        self._pool = self.client_pool = NoDelayClientPool(
            concurrency=_MAX_CONNECTIONS,
            connection_timeout=self._plan.request_timeout_seconds,
            network_timeout=self._plan.request_timeout_seconds,
            ssl_context_factory=gevent.ssl.create_default_context,
        )
        super().__init__(environment)
        self._templates = [self._plan.template(size) for size in self._plan.sizes]
        self._started = 0
        self._finished = 0
        self._dropped = 0
        self._bytes_in_flight = 0

    @task
    def run_schedule(self) -> None:
        """Run the whole schedule once, wait for the last answer, then end the process."""
        parent = os.getppid()
        assert_no_delay(self._pool, self._url)
        arrivals = self._plan.arrivals()
        # What is alive now stays: without this, a full collection stops the loop for milliseconds.
        gc.collect()
        gc.freeze()
        messages = gevent.pool.Group()
        with self._folder.sent.open("ab") as sent, self._folder.generator.open("ab") as log:
            epoch = monotonic() + _HEAD_START_SECONDS
            begun = wall() + _HEAD_START_SECONDS
            log.write(append_row({"kind": "start", "epoch": epoch, "epoch_wall": begun, "tcp_no_delay": True}))
            log.flush()
            pulse = gevent.spawn(self._pulse, log, parent)
            for arrival, size, key, body, date_time in self._bodies(arrivals, begun):
                gevent.sleep(max(0.0, epoch + arrival.at_seconds - monotonic()))
                if self._bytes_in_flight + size.body_bytes > self._plan.max_in_flight_bytes:
                    self._dropped += 1
                    why = "dropped: the generator holds as many bytes in flight as it may"
                    self._log(sent, arrival, size, key, date_time, error=why)
                    continue
                self._started += 1
                self._bytes_in_flight += size.body_bytes
                messages.spawn(self._send, sent, arrival, size, key, body, date_time)
                del body
            messages.join()
            pulse.kill()
            self._beat(log)
        self.environment.runner.quit()
        raise StopUser

    def _bodies(self, arrivals: list[Arrival], begun: float) -> Iterator[tuple[Arrival, MessageSize, str, bytes, str]]:
        """Yield each arrival with its body, which is built while the generator waits for the arrival's time."""
        for arrival in arrivals:
            key = message_key(self._plan.run_id, arrival.index)
            date_time = iso_milliseconds(begun + arrival.at_seconds)
            body = self._templates[arrival.size_index].body(key, date_time)
            yield arrival, self._plan.sizes[arrival.size_index], key, body, date_time

    def _send(self, sent: Any, arrival: Arrival, size: MessageSize, key: str, body: bytes, date_time: str) -> None:
        started = monotonic()
        with self.client.post(
            self._url,
            data=body,  # type: ignore[arg-type]  # bytes go out in one write, uncopied
            headers=self._headers,
            name=size.label,
            catch_response=True,
        ) as answer:
            ended = monotonic()
            content = answer.content or b""
            # 0 stands for no answer at all.
            status = answer.status_code if answer.status_code else None
            error = None if status == 200 else f"{answer.error!r} {content[:300].decode(errors='replace')}"
            answer.success()
        self._finished += 1
        self._bytes_in_flight -= size.body_bytes
        message_id = _message_id(content) if status == 200 else None
        self._log(sent, arrival, size, key, date_time, started, ended, status, message_id, error)

    def _log(
        self,
        sent: Any,
        arrival: Arrival,
        size: MessageSize,
        key: str,
        date_time: str,
        started: float | None = None,
        ended: float | None = None,
        status: int | None = None,
        message_id: str | None = None,
        error: str | None = None,
    ) -> None:
        template = self._templates[arrival.size_index]
        row = {
            "index": arrival.index,
            "key": key,
            "size": size.label,
            "body_bytes": size.body_bytes,
            "payload_bytes": template.payload_bytes,
            "payload_sha256": template.payload_sha256(key),
            "date_time": date_time,
            "intended_seconds": arrival.at_seconds,
            "started": started,
            "ended": ended,
            "status": status,
            "message_id": message_id,
            "error": error,
        }
        sent.write(append_row(row))
        sent.flush()

    def _pulse(self, log: Any, parent: int) -> None:
        while True:
            self._beat(log)
            if os.getppid() != parent:
                # Nobody would read the result.
                self.environment.runner.quit()
            gevent.sleep(_PULSE_SECONDS)

    def _beat(self, log: Any) -> None:
        row = {"started": self._started, "finished": self._finished, "dropped": self._dropped}
        log.write(append_row({"kind": "pulse", "at": monotonic(), **row}))
        log.flush()


def _message_id(content: bytes) -> str | None:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    message_id = answer.get("messageID") if isinstance(answer, dict) else None
    return message_id if isinstance(message_id, str) else None
