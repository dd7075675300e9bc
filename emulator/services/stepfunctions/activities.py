"""Activities: named queues of tasks that workers take with a long poll.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from emulator.account import Account
from emulator.effects import Effect, Notify, Now, Process, WaitFor
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.errors import ActivityAlreadyExists, ActivityDoesNotExist, ActivityLimitExceeded
from emulator.services.stepfunctions.naming import check_arn, check_name, page
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import PendingTask, token_topic

__all__ = ["Activities", "Activity", "ActivityOperations", "ActivityWork", "work_topic"]


def work_topic(activity_arn: str) -> tuple[str, str, str]:
    """Notified when an activity has a task to give."""
    return ("stepfunctions", "activity", activity_arn)


@dataclass(slots=True)
class ActivityWork:
    """One task for a worker. `taken_by` is None until a worker has it, and may be an empty name then."""

    pending: PendingTask
    input: str
    taken_by: str | None = None


@dataclass(slots=True)
class Activity:
    """One activity and the tasks that no worker has taken."""

    arn: str
    name: str
    creation_date: float
    encryption_configuration: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    work: deque[ActivityWork] = field(default_factory=deque)

    def schedule(self, pending: PendingTask, text: str) -> tuple[ActivityWork, Effect]:
        """Queue a task: what a worker will take, and the effect that wakes one."""
        work = ActivityWork(pending, text)
        self.work.append(work)
        return work, Notify(work_topic(self.arn))

    def take(self, worker: str) -> ActivityWork | None:
        """The oldest task that somebody still waits for, or None."""
        while self.work:
            work = self.work.popleft()
            if not work.pending.done:
                work.taken_by = worker
                return work
        return None


Activities = dict[str, Activity]
"""Activities by ARN."""


class ActivityOperations:
    """Activities: create, describe, list, delete, and take a task."""

    account: Account
    quotas: StepFunctionsQuotas
    activities: Activities

    def find_activity(self, arn: str) -> Activity:
        """The activity of that ARN. Raises InvalidArn, ActivityDoesNotExist."""
        check_arn(arn, "activity")
        activity = self.activities.get(arn)
        if activity is None:
            raise ActivityDoesNotExist(f"Activity Does Not Exist: '{arn}'")
        return activity

    @operation("CreateActivity")
    def create_activity(self, params: Params, context: CallContext) -> Reply:
        """Create an activity; the same name again gives the existing one."""
        name = params["name"]
        check_name(name)
        arn = self.account.arn("states", f"activity:{name}")
        encryption = params.get("encryptionConfiguration", {"type": "AWS_OWNED_KEY"})
        existing = self.activities.get(arn)
        if existing is not None:
            if existing.encryption_configuration != encryption:
                raise ActivityAlreadyExists(f"Activity Already Exists: '{arn}'")
            return Reply({"activityArn": arn, "creationDate": existing.creation_date})
        if len(self.activities) >= self.quotas.maximum_activities:
            raise ActivityLimitExceeded(f"Activity Limit Exceeded: '{self.quotas.maximum_activities}'")
        activity = Activity(arn, name, context.now, encryption)
        activity.tags = {tag["key"]: tag.get("value", "") for tag in params.get("tags", [])}
        self.activities[arn] = activity
        return Reply({"activityArn": arn, "creationDate": context.now})

    @operation("DescribeActivity")
    def describe_activity(self, params: Params, context: CallContext) -> Reply:
        """One activity."""
        activity = self.find_activity(params["activityArn"])
        return Reply(_row(activity) | {"encryptionConfiguration": activity.encryption_configuration})

    @operation("ListActivities")
    def list_activities(self, params: Params, context: CallContext) -> Reply:
        """All activities, by name."""
        activities = sorted(self.activities.values(), key=lambda activity: activity.name)
        part, more = page(activities, params, self.quotas)
        return Reply({"activities": [_row(activity) for activity in part], **more})

    @operation("DeleteActivity")
    def delete_activity(self, params: Params, context: CallContext) -> Reply:
        """Delete an activity; tasks that wait for a worker run into their time limits."""
        check_arn(params["activityArn"], "activity")
        self.activities.pop(params["activityArn"], None)
        return Reply({}, (Notify(work_topic(params["activityArn"])),))

    @operation("GetActivityTask")
    def get_activity_task(self, params: Params, context: CallContext) -> Process:
        """Take a task, waiting up to a minute for one; an empty answer says that there was none."""
        activity = self.find_activity(params["activityArn"])
        worker: str = params.get("workerName", "")
        until = context.now + self.quotas.activity_poll_seconds
        now = context.now
        while True:
            work = activity.take(worker)
            if work is not None:
                effect = Notify(token_topic(work.pending.token))
                return Reply({"taskToken": work.pending.token, "input": work.input}, (effect,))
            if now >= until or self.activities.get(activity.arn) is not activity:
                return Reply({})
            yield WaitFor(work_topic(activity.arn), until - now)
            now = yield Now()


def _row(activity: Activity) -> dict[str, Any]:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.creation_date}
