"""What a Query or a Scan may ask of an index: Select, projections, filters, consistency.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html#DDB-Query-request-Select
"""

from __future__ import annotations

from emulator.operation import Params
from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import Condition, Projection
from emulator.services.dynamodb.request_error import ENVELOPE
from emulator.services.dynamodb.secondary_index import SecondaryIndex

__all__ = ["check_filter", "check_index_read", "check_select"]

INVALID = "One or more parameter values were invalid: "
SELECTS = ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
"""In the order in which AWS lists them."""


def check_select(params: Params, prefix: str) -> None:
    """Raise where Select does not fit the projection or the index. `prefix` is before AWS's words."""
    select = params.get("Select")
    if select is None:
        return
    if select not in SELECTS:
        raise ValidationException(
            f"{ENVELOPE}Value '{select}' at 'select' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(SELECTS)}]"
        )
    given = [name for name in ("ProjectionExpression", "AttributesToGet") if params.get(name) is not None]
    if select == "SPECIFIC_ATTRIBUTES" and not given:
        raise ValidationException(
            f"{prefix}Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select != "SPECIFIC_ATTRIBUTES" and given:
        what = "only the Count" if select == "COUNT" else select
        raise ValidationException(f"{prefix}Cannot specify the {given[0]} when choosing to get {what}")
    if select == "ALL_PROJECTED_ATTRIBUTES" and params.get("IndexName") is None:
        raise ValidationException(f"{prefix}ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def check_index_read(index: SecondaryIndex | None, params: Params, projection: Projection | None) -> bool:
    """Whether the items must be fetched from the table. Raises where an index cannot give what is asked for."""
    if index is None:
        return False
    if index.is_global and params.get("ConsistentRead", False):
        raise ValidationException("Consistent reads are not supported on global secondary indexes")
    select, projected = params.get("Select"), index.projected
    if projected is None:
        return False
    if select == "ALL_ATTRIBUTES":
        if index.is_global:
            raise ValidationException(
                f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
                "projection type is not ALL"
            )
        return True
    missing = [] if projection is None else sorted(projection.attribute_names - projected)
    if missing and index.is_global:
        raise ValidationException(
            f"{INVALID}Global secondary index {index.name} does not project [{', '.join(missing)}]"
        )
    return bool(missing)


def check_filter(
    condition: Condition | None, index: SecondaryIndex | None, key_names: tuple[str, ...], params: Params
) -> None:
    """Raise where a filter looks at the key of what a Query reads, or at what an index does not show."""
    if condition is None:
        return
    legacy = params.get("FilterExpression") is None
    for name in key_names:
        if name in condition.attribute_names:
            subject = "QueryFilter" if legacy else "Filter Expression"
            raise ValidationException(
                f"{subject} can only contain non-primary key attributes: Primary key attribute: {name}"
            )
    projected = None if index is None else index.projected
    if index is not None and projected is not None:
        missing = sorted(condition.attribute_names - projected)
        if missing:
            raise ValidationException(
                f"{INVALID}Secondary index {index.name} does not project one or more filter attributes: [{', '.join(missing)}]"
            )
