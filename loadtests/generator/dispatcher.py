"""The dispatcher: starts every message of its part of the schedule at its time, whatever became of the ones before it."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.pool
import orjson

from loadtests.bodies import BodyTemplate
from loadtests.clock import cpu_seconds, iso_milliseconds, monotonic
from loadtests.generator.alarm import Alarm
from loadtests.generator.link import Assignment, Counts, Link, own_arrivals_from
from loadtests.plan import message_key, trace_root
from loadtests.schedule import Arrival
from loadtests.staging.allowance import Allowance

__all__ = ["Dispatcher"]

_PULSE_SECONDS = 0.25


class Dispatcher:
    """One worker's load. `client` is a Locust HTTP session, on connections that send at once."""

    def __init__(self, link: Link, client: Any, url: str, api_key: str) -> None:
        self._link = link
        self._plan = link.plan
        self._client = client
        self._url = url
        self._headers = {"x-api-key": api_key, "Content-Type": "application/json", "User-Agent": "windtunnel-load"}
        self._templates: dict[tuple[int, int], BodyTemplate] = {}
        for arrival in self._plan.arrivals():
            self._template(arrival)
        self._epoch = 0.0
        self._cpu_start = 0.0
        self._started = 0
        self._finished = 0
        self._dropped = 0
        self._bytes_in_flight = 0

    def run(self) -> None:
        """Run this worker's part of the schedule once, and wait for the last answer."""
        assignment = self._link.begin()
        arrivals = own_arrivals_from(self._link, assignment)
        self._epoch = assignment.epoch
        # What is alive now stays: without this, a full collection stops the loop for milliseconds.
        gc.collect()
        gc.freeze()
        self._cpu_start = cpu_seconds()
        messages = gevent.pool.Group()
        pulse = gevent.spawn(self._pulse, os.getppid())
        allowance = Allowance(self._plan.caps, assignment.epoch_wall, assignment.workers)
        alarm = Alarm()
        for arrival, key, body, date_time in self._bodies(arrivals, assignment):
            alarm.wait_until(self._epoch + arrival.at_seconds)
            refusal = allowance.refusal(len(body), monotonic() - self._epoch)
            if refusal is not None:
                self._dropped += 1
                self._report(arrival, key, date_time, error=f"dropped: {refusal}")
                continue
            if self._bytes_in_flight + len(body) > self._plan.max_in_flight_bytes:
                self._dropped += 1
                why = "dropped: the generator holds as many bytes in flight as it may"
                self._report(arrival, key, date_time, error=why)
                continue
            self._started += 1
            self._bytes_in_flight += len(body)
            messages.spawn(self._send, arrival, key, body, date_time)
            del body
            # It goes out before the next one's body is built, which takes a millisecond where that is large.
            gevent.sleep(0)
        messages.join()
        alarm.close()
        pulse.kill()
        self._link.end(self._counts())

    def _template(self, arrival: Arrival) -> BodyTemplate:
        place = (arrival.size_index, arrival.persona_index)
        template = self._templates.get(place)
        if template is None:
            size, persona = self._plan.sizes[arrival.size_index], self._plan.personas[arrival.persona_index]
            template = self._templates[place] = self._plan.template(size, persona)
        return template

    def _bodies(self, arrivals: list[Arrival], assignment: Assignment) -> Iterator[tuple[Arrival, str, bytes, str]]:
        """Yield each arrival with its body, which is built while the generator waits for the arrival's time."""
        for arrival in arrivals:
            key = message_key(self._plan.key_root, arrival.index)
            date_time = iso_milliseconds(assignment.epoch_wall + arrival.at_seconds)
            yield arrival, key, self._template(arrival).body(key, date_time), date_time

    def _send(self, arrival: Arrival, key: str, body: bytes, date_time: str) -> None:
        trace = trace_root(key, date_time)
        started = monotonic()
        with self._client.post(
            self._url,
            data=body,  # bytes go out in one write, uncopied
            headers={**self._headers, "X-Amzn-Trace-Id": f"Root={trace}"},
            name=self._plan.sizes[arrival.size_index].label,
            catch_response=True,
        ) as answer:
            ended = monotonic()
            content = answer.content or b""
            # 0 stands for no answer at all.
            status = answer.status_code if answer.status_code else None
            error = None if status == 200 else f"{answer.error!r} {content[:300].decode(errors='replace')}"
            answer.success()
        self._finished += 1
        self._bytes_in_flight -= len(body)
        message_id = _message_id(content) if status == 200 else None
        self._report(arrival, key, date_time, started, ended, status, message_id, error)

    def _report(
        self,
        arrival: Arrival,
        key: str,
        date_time: str,
        started: float | None = None,
        ended: float | None = None,
        status: int | None = None,
        message_id: str | None = None,
        error: str | None = None,
    ) -> None:
        template = self._template(arrival)
        row = {
            "index": arrival.index,
            "key": key,
            "size": self._plan.sizes[arrival.size_index].label,
            "persona": self._plan.personas[arrival.persona_index].name,
            "body_bytes": template.body_bytes,
            "payload_bytes": template.payload_bytes,
            "payload_sha256": template.payload_sha256(key),
            "date_time": date_time,
            "trace_id": None if started is None else trace_root(key, date_time),
            "intended_seconds": arrival.at_seconds,
            "started_seconds": None if started is None else started - self._epoch,
            "ended_seconds": None if ended is None else ended - self._epoch,
            "status": status,
            "message_id": message_id,
            "error": error,
        }
        self._link.message(row)

    def _pulse(self, parent: int) -> None:
        while True:
            self._link.pulse(self._counts())
            if os.getppid() != parent:
                # Nobody would read the result.
                os._exit(1)
            gevent.sleep(_PULSE_SECONDS)

    def _counts(self) -> Counts:
        used = cpu_seconds() - self._cpu_start
        return Counts(monotonic() - self._epoch, self._started, self._finished, self._dropped, used)


def _message_id(content: bytes) -> str | None:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    message_id = answer.get("messageID") if isinstance(answer, dict) else None
    return message_id if isinstance(message_id, str) else None
