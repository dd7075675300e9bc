"""Which class plays which service. Each is imported when the service is first used: an emulator is ready before it has read them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from emulator.account import Account
from emulator.config import EmulatorConfig
from emulator.engine import Dispatchable
from emulator.gateway.not_in_moto import NOT_IN_MOTO
from emulator.gateway.routing import BRIDGED, NATIVE
from emulator.operation import Service

if TYPE_CHECKING:
    from emulator.protocols import Wires
    from emulator.services.dynamodb import DynamodbState
    from emulator.services.events import EventsService

__all__ = ["native_service_class", "service_factories"]


def native_service_class(name: str) -> type[Service]:
    """The class of a native service, by botocore's name."""
    match name:
        case "apigateway":
            from emulator.services.apigateway import ApiGatewayService

            return ApiGatewayService
        case "cloudformation":
            from emulator.services.cloudformation import CloudformationService

            return CloudformationService
        case "dynamodb":
            from emulator.services.dynamodb import DynamodbService

            return DynamodbService
        case "dynamodbstreams":
            from emulator.services.dynamodb import DynamodbStreamsService

            return DynamodbStreamsService
        case "elasticache":
            from emulator.services.elasticache import ElasticacheService

            return ElasticacheService
        case "events":
            from emulator.services.events import EventsService

            return EventsService
        case "lambda":
            from emulator.services.lambda_ import LambdaService

            return LambdaService
        case "logs":
            from emulator.services.logs import LogsService

            return LogsService
        case "s3":
            from emulator.services.s3 import S3Service

            return S3Service
        case "sns":
            from emulator.services.sns import SnsService

            return SnsService
        case "sqs":
            from emulator.services.sqs import SqsService

            return SqsService
        case "stepfunctions":
            from emulator.services.stepfunctions import StepFunctionsService

            return StepFunctionsService
    raise LookupError(name)


def service_factories(
    account: Account, config: EmulatorConfig, wires: Callable[[], Wires]
) -> Mapping[str, Callable[[], Dispatchable]]:
    """How to make each service, by botocore's name."""

    def native(name: str) -> Callable[[], Dispatchable]:
        return lambda: native_service_class(name)(account)

    def bridged(name: str) -> Callable[[], Dispatchable]:
        def make() -> Dispatchable:
            from emulator.gateway.bridged import BridgedService

            return BridgedService(name, account, wires())

        return make

    def functions() -> Dispatchable:
        from emulator.sandbox import Capacity
        from emulator.services.lambda_ import LambdaQuotas, LambdaService

        capacity = replace(
            Capacity.of_this_machine(), eager_starts=config.clock == "virtual", idle_timer=not config.auto_advance
        )
        if config.max_environments is not None:
            capacity = replace(capacity, max_environments=config.max_environments)
        # Where time stands still while functions run, invocations a second are no measure of anything.
        quotas = replace(LambdaQuotas(), invocations_per_concurrency=0) if config.clock == "virtual" else LambdaQuotas()
        return LambdaService(account, quotas, capacity)

    buses: list[EventsService] = []  # the one service, when it has been used

    def event_buses() -> Dispatchable:
        from emulator.services.events import EventsService

        buses.append(EventsService(account))
        return buses[0]

    def executions() -> Dispatchable:
        from emulator.services.stepfunctions import StepFunctionsService

        return StepFunctionsService(
            account,
            retained_executions=config.closed_executions,
            emulated=NATIVE | BRIDGED,
            offers=_offers,
            status_events=lambda: any(service.listens() for service in buses),
        )

    def logs() -> Dispatchable:
        from emulator.services.logs import LogsQuotas, LogsService

        return LogsService(account, LogsQuotas(kept_bytes_per_group=config.log_group_bytes))

    @cache
    def tables() -> DynamodbState:
        from emulator.services.dynamodb import DynamodbState

        return DynamodbState(account)

    def items() -> Dispatchable:
        from emulator.services.dynamodb import DynamodbService

        return DynamodbService(account, state=tables())

    def streams() -> Dispatchable:
        from emulator.services.dynamodb import DynamodbStreamsService

        return DynamodbStreamsService(account, state=tables())

    return {
        **{name: native(name) for name in sorted(NATIVE)},
        **{name: bridged(name) for name in sorted(BRIDGED)},
        "dynamodb": items,
        "dynamodbstreams": streams,
        "events": event_buses,
        "lambda": functions,
        "logs": logs,
        "stepfunctions": executions,
    }


def _offers(service: str, operation: str) -> bool:
    """Whether an operation of a native or bridged service can be called."""
    if service in NATIVE:
        return operation in native_service_class(service).operations
    return operation not in NOT_IN_MOTO.get(service, ())
