"""Quotas of Step Functions. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StepFunctionsQuotas"]


@dataclass(frozen=True, slots=True)
class StepFunctionsQuotas:
    """Numbers that AWS publishes for one account and region."""

    maximum_payload_bytes: int = 262_144
    """Input or output of a task, a state and an execution, in UTF-8."""
    maximum_definition_bytes: int = 1_048_576
    maximum_history_events: int = 25_000
    maximum_execution_seconds: float = 31_536_000.0
    """A year, for Standard workflows."""
    maximum_express_seconds: float = 300.0
    maximum_express_events: int = 1_000_000
    """No quota of AWS: what a loop without waits, which AWS ends after five minutes, may write before it is ended here."""
    maximum_open_executions: int = 1_000_000
    maximum_open_map_runs: int = 1_000
    start_execution_bucket: int = 1_300
    start_execution_per_second: float = 300.0
    """StartExecution of Standard workflows, in us-east-1."""
    start_express_bucket: int = 6_000
    start_express_per_second: float = 6_000.0
    send_task_bucket: int = 3_000
    send_task_per_second: float = 500.0
    """SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat, each by itself, in us-east-1."""
    maximum_activities: int = 10_000
    activity_poll_seconds: float = 60.0
    maximum_versions: int = 1_000
    maximum_aliases: int = 100
    redrivable_seconds: float = 1_209_600.0
    """Fourteen days."""
    test_state_seconds: float = 300.0
    maximum_state_machines: int = 100_000
    name_reuse_seconds: float = 7_776_000.0
    """Ninety days for which the name of a closed execution stays taken."""
    execution_retention_seconds: float = 7_776_000.0
    """Ninety days for which a closed execution and its history can be read."""
    inline_map_concurrency: int = 40
    distributed_map_concurrency: int = 10_000
    maximum_assign_bytes: int = 262_144
    """One variable, and all variables of one Assign together."""
    maximum_variables_bytes: int = 10_485_760
    """All variables of one scope."""
    maximum_error_characters: int = 256
    maximum_cause_characters: int = 32_768
    maximum_tags: int = 50
    default_page_size: int = 100
    maximum_page_size: int = 1_000
