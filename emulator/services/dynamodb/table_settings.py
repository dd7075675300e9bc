"""The settings of a table beside its keys: encryption, stream, billing. How they are asked for and checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.account import Account
from emulator.operation import Params
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.dynamodb.stream import Stream
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.table_definition import INVALID
from emulator.services.dynamodb.throughput import check_bounds

__all__ = ["check_billing", "check_stream", "encryption_of", "open_stream"]


def check_billing(params: Params, quotas: DynamodbQuotas) -> bool:
    """Whether the table that is to be created is on demand. Raises where billing mode and throughput do not fit."""
    throughput = params.get("ProvisionedThroughput")
    if params.get("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST":
        if throughput is not None:
            raise ValidationException(
                f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return True
    if throughput is None:
        raise ValidationException(
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    check_bounds(throughput, quotas)
    return False


def check_stream(specification: Mapping[str, Any] | None) -> None:
    """Raise where a StreamSpecification is not whole."""
    if specification is None:
        return
    view = specification.get("StreamViewType")
    if specification["StreamEnabled"] and view is None:
        raise ValidationException(f"{INVALID}StreamViewType is required when StreamEnabled is true")
    if not specification["StreamEnabled"] and view is not None:
        raise ValidationException(f"{INVALID}StreamViewType cannot be specified when StreamEnabled is false")


def open_stream(
    account: Account, quotas: DynamodbQuotas, table: Table, specification: Mapping[str, Any], now: float
) -> Stream:
    """The stream of a table from now on."""
    moment = datetime.fromtimestamp(now, UTC)
    label = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
    stream = Stream(
        f"{table.arn}/stream/{label}",
        label,
        table.name,
        table.schema.describe(),
        specification["StreamViewType"],
        now,
        account.region,
        quotas,
    )
    stream.add_shard(now, account.identifiers.hex(8))
    table.stream = table.latest_stream = stream
    return stream


def encryption_of(account: Account, specification: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The SSEDescription that follows from an SSESpecification; None for AWS's own key, which is not shown."""
    if specification is None:
        return None
    key = specification.get("KMSMasterKeyId")
    if not specification.get("Enabled", False):
        if key is not None or specification.get("SSEType") is not None:
            raise ValidationException(f"{INVALID}SSEType and KMSMasterKeyId can only be specified when SSE is enabled")
        return None
    if specification.get("SSEType", "KMS") != "KMS":
        raise ValidationException(f"{INVALID}SSEType {specification['SSEType']} is not supported")
    if key is None:
        key = "alias/aws/dynamodb"
    arn = key if key.startswith("arn:") else account.arn("kms", key if key.startswith("alias/") else f"key/{key}")
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
