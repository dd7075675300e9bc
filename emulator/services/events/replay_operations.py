"""Replays of archives. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.effects import Effect, Now, Process, Sleep, Spawn
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.archives import REPLAY_NAME, Replay
from emulator.services.events.errors import (
    IllegalStatusException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.events.router import Router
from emulator.services.events.state import Event, EventBus

__all__ = ["ReplayOperations"]


class ReplayOperations(Router):
    """StartReplay and what belongs to it."""

    @operation("StartReplay")
    def start_replay(self, params: Params, context: CallContext) -> Reply:
        """Send an archive's events to its bus again, to all of its rules or to some.

        Raises LimitExceededException, ResourceAlreadyExistsException, ResourceNotFoundException, ValidationException.
        """
        name, destination = params["ReplayName"], params["Destination"]
        bus = self.bus(destination["Arn"])
        archive_name = params["EventSourceArn"].rpartition(":archive/")[2]
        archive = self.archives.get(archive_name)
        if archive is None or archive.arn != params["EventSourceArn"]:
            raise ValidationException(
                f"Parameter EventSourceArn is not valid. Reason: Archive {archive_name} does not exist."
            )
        if archive.source_arn != bus.arn:
            raise ValidationException(
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted."
            )
        if name in self.replays:
            raise ResourceAlreadyExistsException(f"Replay {name} already exists.")
        if params["EventStartTime"] >= params["EventEndTime"]:
            raise ValidationException(
                "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
            )
        if sum(replay.is_active for replay in self.replays.values()) >= self.quotas.active_replays:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        replay = self.replays[name] = Replay(
            self.account.arn("events", f"replay/{name}"),
            name,
            archive,
            dict(destination),
            params["EventStartTime"],
            params["EventEndTime"],
            context.now,
            params.get("Description"),
        )
        spawn = Spawn(f"replay {replay.arn}", lambda: self._replay(replay, bus))
        return Reply({"ReplayArn": replay.arn, "State": replay.state, "ReplayStartTime": replay.started}, (spawn,))

    @operation("DescribeReplay")
    def describe_replay(self, params: Params, context: CallContext) -> Reply:
        """A replay. Raises ResourceNotFoundException."""
        replay = self._found(params["ReplayName"])
        shown = {
            **_listed(replay),
            "ReplayArn": replay.arn,
            "Description": replay.description,
            "Destination": dict(replay.destination),
        }
        return Reply({name: value for name, value in shown.items() if value is not None})

    @operation("ListReplays")
    def list_replays(self, params: Params, context: CallContext) -> Reply:
        """Replays, by name; all of them, or those that one filter takes."""
        prefix, state, source = params.get("NamePrefix", ""), params.get("State"), params.get("EventSourceArn")
        shown = [
            _listed(replay)
            for name, replay in sorted(self.replays.items())
            if name.startswith(prefix) and state in (None, replay.state) and source in (None, replay.archive.arn)
        ]
        return Reply(self.page("Replays", shown, params))

    @operation("CancelReplay")
    def cancel_replay(self, params: Params, context: CallContext) -> Reply:
        """End a replay early. Raises IllegalStatusException, ResourceNotFoundException."""
        replay = self._found(params["ReplayName"])
        if replay.state not in ("STARTING", "RUNNING"):
            raise IllegalStatusException(f"Replay {replay.name} is not in a valid state for this operation.")
        replay.state = "CANCELLING"
        return Reply({"ReplayArn": replay.arn, "State": replay.state})

    def _found(self, name: str) -> Replay:
        replay = self.replays.get(name)
        if replay is None:
            raise ResourceNotFoundException(f"Replay {name} does not exist.")
        return replay

    def _replay(self, replay: Replay, bus: EventBus) -> Process:
        yield Sleep(self.quotas.replay_start_seconds)
        if replay.state == "STARTING":
            replay.state = "RUNNING"
        for event in replay.archive.between(replay.event_start, replay.event_end):
            if replay.state != "RUNNING":
                break
            yield from self._again(replay, bus, event)
            replay.last_replayed = event.ingestion_time
            yield Sleep(0.0)
        replay.state = "COMPLETED" if replay.state == "RUNNING" else "CANCELLED"
        replay.ended = yield Now()

    def _again(self, replay: Replay, bus: EventBus, event: Event) -> Iterator[Effect]:
        """The deliveries of an archived event, to the rules that the replay is for."""
        again = Event({**event.members, REPLAY_NAME: replay.name}, event.ingestion_time)
        wanted = replay.destination.get("FilterArns") or None
        for rule in bus.rules.values():
            if wanted is None or rule.arn in wanted:
                if rule.enabled and rule.pattern is not None and rule.pattern.matches(again.fields):
                    yield from self.sent(rule, again)


def _listed(replay: Replay) -> dict[str, Any]:
    shown = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.archive.arn,
        "State": replay.state,
        "EventStartTime": replay.event_start,
        "EventEndTime": replay.event_end,
        "EventLastReplayedTime": replay.last_replayed,
        "ReplayStartTime": replay.started,
        "ReplayEndTime": replay.ended,
    }
    return {name: value for name, value in shown.items() if value is not None}
