"""DynamoDB's expression languages and the older parameters that they replaced.

Two calls per request, in AWS's order: `check_parameters` before the items and keys are looked at, `read_expressions` after.

    check_parameters("PutItem", params)
    ...                                             # the request's own checks of items and keys
    expressions = read_expressions("PutItem", params)
    if expressions.condition is not None and not expressions.condition.holds(item): ...

Both raise ValidationException with AWS's texts. Legacy parameters (Expected, AttributeUpdates, KeyConditions, ...) become the same values.
"""

from emulator.services.dynamodb.expressions.conditions import Condition
from emulator.services.dynamodb.expressions.key_conditions import KeyCondition, KeyRange, SortCondition
from emulator.services.dynamodb.expressions.projections import Projection
from emulator.services.dynamodb.expressions.request import Expressions, check_parameters, read_expressions
from emulator.services.dynamodb.expressions.updates import Update

__all__ = [
    "Condition",
    "Expressions",
    "KeyCondition",
    "KeyRange",
    "Projection",
    "SortCondition",
    "Update",
    "check_parameters",
    "read_expressions",
]
