"""Provisioned concurrency, scaling, idle retirement. https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html"""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.sandbox import Capacity
from emulator.services.lambda_ import LambdaQuotas
from emulator.services.lambda_.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    TooManyRequestsException,
)
from emulator.services.lambda_.provisioned_concurrency_operations import ProvisionedConcurrencyConfigNotFoundException
from emulator.services.lambda_.tests.fake_sandbox import Lambda


def provisioned(count: int, capacity: Capacity | None = None) -> Lambda:
    aws = Lambda(capacity=capacity)
    aws.function(Publish=True)
    aws.call("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    aws.call(
        "PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live", ProvisionedConcurrentExecutions=count
    )
    return aws


def status(aws: Lambda) -> tuple[str, int]:
    shown = aws.call("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    return shown["Status"], shown["AvailableProvisionedConcurrentExecutions"]


def test_environments_are_ready_before_the_first_invocation_and_say_so() -> None:
    aws = provisioned(2)
    assert status(aws) == ("READY", 2)
    assert {start.spec.initialization_type for start in aws.started} == {"provisioned-concurrency"}
    assert dict(aws.started[0].spec.variables)["AWS_LAMBDA_INITIALIZATION_TYPE"] == "provisioned-concurrency"
    aws.invoke(Qualifier="live")
    assert len(aws.started) == 2, "no cold start"


def test_provisioned_environments_do_not_retire_and_spill_over_on_demand() -> None:
    aws = provisioned(1)
    aws.hold = True
    aws.begin("Invoke", FunctionName="f", Qualifier="live")
    aws.begin("Invoke", FunctionName="f", Qualifier="live")
    assert [start.spec.initialization_type for start in aws.started] == ["provisioned-concurrency", "on-demand"]
    aws.finish()
    aws.finish()
    aws.advance(10_000.0)
    assert len(aws.stopped) == 1
    assert status(aws) == ("READY", 1)


def test_alias_that_moves_takes_its_environments_along() -> None:
    aws = provisioned(1)
    aws.call("UpdateFunctionConfiguration", FunctionName="f", MemorySize=512)
    aws.call("PublishVersion", FunctionName="f")
    aws.call("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
    assert status(aws) == ("READY", 1)
    assert aws.started[-1].spec.memory_mb == 512
    assert len(aws.stopped) == 1


def test_reserved_concurrency_that_is_provisioned_is_for_that_version_alone() -> None:
    aws = provisioned(1)
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    with pytest.raises(TooManyRequestsException) as caught:
        aws.invoke()
    assert caught.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    aws.invoke(Qualifier="live")
    aws.call("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=2)
    aws.hold = True
    aws.begin("Invoke", FunctionName="f", Qualifier="live")
    aws.begin("Invoke", FunctionName="f")
    with pytest.raises(TooManyRequestsException):
        aws.invoke(Qualifier="live")


def test_deleting_lets_them_go() -> None:
    aws = provisioned(2)
    aws.call("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    assert len(aws.stopped) == 2
    with pytest.raises(ProvisionedConcurrencyConfigNotFoundException):
        status(aws)


def test_what_this_machine_cannot_carry_fails_with_its_limit() -> None:
    aws = provisioned(5, Capacity(max_environments=3))
    shown = aws.call("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    assert shown["Status"] == "FAILED"
    assert "max_environments" in shown["StatusReason"]


def test_latest_cannot_be_provisioned() -> None:
    aws = Lambda()
    aws.function()
    with pytest.raises(InvalidParameterValueException, match="unpublished"):
        aws.call(
            "PutProvisionedConcurrencyConfig", FunctionName="f", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        )


def test_function_scales_no_faster_than_lambda_lets_it() -> None:
    aws = Lambda(quotas=replace(LambdaQuotas(), scaling_environments=2), capacity=Capacity(max_environments=9))
    aws.function()
    aws.hold = True
    outcomes = [aws.begin("Invoke", FunctionName="f") for _ in range(3)]
    assert isinstance(outcomes[2][0][1], TooManyRequestsException)
    aws.advance(11.0)
    aws.begin("Invoke", FunctionName="f")
    assert len(aws.runs) == 3


def test_idle_environment_retires_on_the_clock_without_another_invocation() -> None:
    aws = Lambda()
    aws.function()
    aws.invoke()
    aws.advance(599.0)
    assert aws.stopped == []
    aws.advance(2.0)
    assert len(aws.stopped) == 1


def test_code_storage_is_bounded() -> None:
    aws = Lambda(quotas=replace(LambdaQuotas(), code_storage_bytes=25))
    aws.function("one")
    aws.function("two")
    with pytest.raises(CodeStorageExceededException):
        aws.function("three")
