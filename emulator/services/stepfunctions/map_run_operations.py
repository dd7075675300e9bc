"""Operations on map runs.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
"""

from __future__ import annotations

from emulator.effects import Notify
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.errors import ValidationException
from emulator.services.stepfunctions.map_run import map_run_topic
from emulator.services.stepfunctions.naming import page
from emulator.services.stepfunctions.store import Store

__all__ = ["MapRunOperations"]

_LIMITS = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")


class MapRunOperations(Store):
    """Map runs: describe, list, update."""

    @operation("DescribeMapRun")
    def describe_map_run(self, params: Params, context: CallContext) -> Reply:
        """How far a map run is."""
        return Reply(self.find_map_run(params["mapRunArn"]).description())

    @operation("ListMapRuns")
    def list_map_runs(self, params: Params, context: CallContext) -> Reply:
        """The map runs of an execution, newest first."""
        execution = self.find_execution(params["executionArn"])
        runs = [run for run in reversed(self.map_runs.values()) if run.execution_arn == execution.arn]
        part, more = page(runs, params, self.quotas)
        rows = []
        for run in part:
            row = {
                "executionArn": run.execution_arn,
                "mapRunArn": run.arn,
                "stateMachineArn": run.state_machine_arn,
                "startDate": run.start_date,
            }
            rows.append(row if run.stop_date is None else row | {"stopDate": run.stop_date})
        return Reply({"mapRuns": rows, **more})

    @operation("UpdateMapRun")
    def update_map_run(self, params: Params, context: CallContext) -> Reply:
        """Change how many children run at once, and how many items may fail, while the map run goes on."""
        run = self.find_map_run(params["mapRunArn"])
        if not any(name in params for name in _LIMITS):
            raise ValidationException(f"At least one of {', '.join(_LIMITS)} must be specified")
        if run.status != "RUNNING":
            raise ValidationException(f"Map Run is {run.status} and cannot be updated")
        run.max_concurrency = params.get("maxConcurrency", run.max_concurrency)
        run.tolerated_count = params.get("toleratedFailureCount", run.tolerated_count)
        run.tolerated_percentage = params.get("toleratedFailurePercentage", run.tolerated_percentage)
        return Reply({}, (Notify(map_run_topic(run.arn)),))
