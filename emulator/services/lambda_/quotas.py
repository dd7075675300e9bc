"""Lambda's quotas. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html ("MB" there is 1,048,576 bytes)"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LambdaQuotas"]


@dataclass(frozen=True, slots=True)
class LambdaQuotas:
    """Defaults of an account; sizes in bytes, times in seconds on the engine's clock unless said otherwise."""

    # Invocation payload
    synchronous_request_bytes: int = 6_291_456
    synchronous_response_bytes: int = 6_291_556
    asynchronous_request_bytes: int = 1_048_576
    log_tail_bytes: int = 4_096

    # Function configuration
    maximum_timeout_seconds: int = 900
    maximum_memory_mb: int = 10_240
    maximum_ephemeral_storage_mb: int = 10_240
    environment_variables_bytes: int = 4_096
    layers: int = 5
    unzipped_code_bytes: int = 262_144_000
    zip_upload_bytes: int = 52_428_800
    code_storage_bytes: int = 80_530_636_800
    resource_policy_bytes: int = 20_480
    function_name_length: int = 64
    tags: int = 50
    deprecated_asynchronous_request_bytes: int = 262_144
    """Of InvokeAsync."""
    init_seconds: float = 10.0
    """Real time. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

    provisioned_init_seconds: float = 130.0
    """Real time; or the function's timeout where that is longer."""
    streamed_response_bytes: int = 209_715_200

    # Concurrency. https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    concurrent_executions: int = 1_000
    minimum_unreserved_concurrency: int = 100
    scaling_environments: int = 1_000
    """How many environments a function may start in `scaling_seconds`."""
    scaling_seconds: float = 10.0

    invocations_per_concurrency: int = 10
    """Synchronous invocations a second for each unit of concurrency; 0 sets no limit (a virtual clock may stand still)."""

    # How long `State` and `LastUpdateStatus` are on their way, on the engine's clock. AWS takes seconds; 0 ends them with the answer.
    # https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
    creation_seconds: float = 0.0
    update_seconds: float = 0.0

    # Asynchronous invocation. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    maximum_retry_attempts: int = 2
    maximum_event_age_seconds: int = 21_600
    retry_delays_seconds: tuple[float, ...] = (60.0, 120.0)
    first_throttle_delay_seconds: float = 1.0
    longest_throttle_delay_seconds: float = 300.0
    dead_letter_error_bytes: int = 1_024

    # Listing
    page_size: int = 50
