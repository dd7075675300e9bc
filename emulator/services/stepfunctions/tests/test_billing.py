"""What the journal says that an execution would be billed for. https://aws.amazon.com/step-functions/pricing/"""

from emulator.services.stepfunctions.history import History


def history(*kinds: str) -> History:
    written = History(25_000)
    for kind in kinds:
        written.add(kind, written.last_id, 0.0)
    return written


def test_every_state_that_is_entered_is_a_transition() -> None:
    kinds = (
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskSucceeded",
    )
    assert history(*kinds).transitions == 2


def test_every_retry_is_a_transition_too() -> None:
    tries = ("TaskScheduled", "TaskFailed") * 3
    assert history("TaskStateEntered", *tries).transitions == 3
    assert history("TaskStateEntered", *("LambdaFunctionScheduled", "LambdaFunctionFailed") * 2).transitions == 2


def test_branches_that_wait_for_their_tasks_are_no_retries() -> None:
    assert (
        history(
            "ParallelStateEntered", "TaskStateEntered", "TaskStateEntered", "TaskScheduled", "TaskScheduled"
        ).transitions
        == 3
    )
