"""Takes resources down: each as soon as everything that depends on it is gone.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from emulator.deploy.live import Live, Progress
from emulator.deploy.scope import Environment
from emulator.deploy.steps import is_gone, reason_of, report, request_for
from emulator.effects import All, Notify, Process, WaitFor
from emulator.errors import AwsError, EmulatorError

__all__ = ["Teardown", "delete_resource"]

logger = logging.getLogger(__name__)


def delete_resource(environment: Environment, live: Live) -> Process:
    """Delete one resource; one that is gone already is fine."""
    try:
        request = yield from request_for(environment, live, live.properties)
        yield from live.type.delete(request)
    except AwsError as error:
        if not is_gone(error):
            raise


class Teardown:
    """The deletion of some of a stack's resources. `failures` has a line for each that would not go."""

    def __init__(
        self,
        environment: Environment,
        resources: dict[str, Live],
        progress: Progress,
        *,
        retain: Collection[str] = (),
        creation: bool = False,
    ) -> None:
        self.failures: list[str] = []
        self._environment = environment
        self._resources = resources
        self._progress = progress
        self._retain = retain
        self._creation = creation
        self._ended: dict[str, bool] = {}
        """Whether each resource is gone (True) or had to stay (False)."""

    def run(self, logical_ids: Collection[str]) -> Process:
        """Delete the resources; whether all of them went. What is retained leaves the stack and stays."""
        going = frozenset(logical_ids)
        yield All(tuple(self._take_down(self._resources[logical_id], going) for logical_id in logical_ids))
        return all(self._ended.values())

    def _take_down(self, live: Live, going: frozenset[str]) -> Process:
        dependents = [
            name for name, other in self._resources.items() if name in going and live.logical_id in other.depends_on
        ]
        for dependent in dependents:
            while dependent not in self._ended:
                yield WaitFor((self, dependent))
        gone = all(self._ended[dependent] for dependent in dependents)
        if gone:
            gone = yield from self._delete(live)
        self._ended[live.logical_id] = gone
        yield Notify((self, live.logical_id))

    def _delete(self, live: Live) -> Process:
        try:
            if self._is_retained(live):
                yield from report(self._progress, live, "DELETE_SKIPPED")
            else:
                yield from report(self._progress, live, "DELETE_IN_PROGRESS")
                if live.physical_id:
                    yield from delete_resource(self._environment, live)
                yield from report(self._progress, live, "DELETE_COMPLETE")
        except Exception as error:  # a deletion that fails, for whatever reason, ends as DELETE_FAILED
            if not isinstance(error, AwsError | EmulatorError):
                logger.error("deletion of %s failed", live.logical_id, exc_info=error)
            self.failures.append(f"{live.logical_id} ({live.type.name}): {reason_of(error)}")
            yield from report(self._progress, live, "DELETE_FAILED", reason_of(error))
            return False
        del self._resources[live.logical_id]
        return True

    def _is_retained(self, live: Live) -> bool:
        if live.logical_id in self._retain:
            return True
        if live.deletion_policy == "RetainExceptOnCreate":
            return not self._creation
        return live.deletion_policy == "Retain" and live.physical_id != ""
