"""Subscription filter policies: checked and compiled when they are set, matched when a message is published.

A policy is an object of keys; each key holds a list of conditions, one of which must hold; all keys must hold; `$or` holds where one
of its objects does. In the scope MessageAttributes the keys are attributes, in the scope MessageBody they are paths into the JSON body.
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import orjson

from emulator.services.sns.errors import InvalidParameterException
from emulator.services.sns.filter_operators import OPERATORS, exact
from emulator.services.sns.quotas import SnsQuotas

__all__ = ["ABSENT", "FilterPolicy", "attribute_values"]

ABSENT: Final = object()
"""What a key has that the message does not have."""

Matches = Callable[[Any], bool]
"""Tells whether a message (an object of attributes, or the body) passes."""


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """A compiled policy."""

    text: str
    scope: str
    matches: Matches

    @classmethod
    def compile(cls, text: str, scope: str, quotas: SnsQuotas) -> FilterPolicy:
        """Raises InvalidParameterException with AWS's `FilterPolicy:` texts where AWS has one."""
        if len(text.encode()) > quotas.filter_policy_bytes:
            raise _invalid(f"Filter policy is too large: {quotas.filter_policy_bytes} bytes is the most")
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise _invalid(f"failed to parse JSON. {error}") from None
        if not isinstance(document, dict):
            raise _invalid("Filter policy must be an object")
        leaves: list[tuple[int, int]] = []
        matches = _object(document, nested=scope == "MessageBody", depth=1, leaves=leaves, quotas=quotas)
        if len(leaves) > quotas.filter_policy_keys:
            raise _invalid(f"Filter policy can not have more than {quotas.filter_policy_keys} keys")
        combinations = prod(count * (depth if scope == "MessageBody" else 1) for count, depth in leaves)
        if combinations > quotas.filter_policy_combinations:
            raise _invalid(
                f"Filter policy is too complex: {combinations} combinations, {quotas.filter_policy_combinations} at most"
            )
        return cls(text, scope, matches)

    def accepts(self, attributes: Mapping[str, Mapping[str, Any]], body: str) -> bool:
        """Whether a message passes. A body that is no JSON object passes no policy of scope MessageBody."""
        if self.scope == "MessageAttributes":
            return self.matches(attribute_values(attributes))
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        return isinstance(document, dict) and self.matches(document)


def attribute_values(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Message attributes as JSON values: text, numbers, lists; Binary ones do not take part."""
    values: dict[str, Any] = {}
    for name, attribute in attributes.items():
        kind = attribute["DataType"]
        if kind.startswith("Binary"):
            continue
        text = attribute["StringValue"]
        if kind == "String.Array":
            values[name] = orjson.loads(text)
        elif kind.startswith("Number"):
            values[name] = float(text)
        else:
            values[name] = text
    return values


def _invalid(reason: str) -> InvalidParameterException:
    return InvalidParameterException(f"Invalid parameter: FilterPolicy: {reason}")


def _object(
    document: dict[str, Any], *, nested: bool, depth: int, leaves: list[tuple[int, int]], quotas: SnsQuotas
) -> Matches:
    """All keys of an object must hold."""
    tests: list[Matches] = []
    for key, value in document.items():
        if key == "$or":
            tests.append(_either(value, nested=nested, depth=depth, leaves=leaves, quotas=quotas))
        elif isinstance(value, list):
            leaves.append((max(1, len(value)), depth))
            tests.append(_at(key, _conditions(key, value, quotas)))
        elif isinstance(value, dict) and nested:
            tests.append(_inside(key, _object(value, nested=True, depth=depth + 1, leaves=leaves, quotas=quotas)))
        elif isinstance(value, dict):
            raise _invalid(f"Filter policy scope MessageAttributes does not support nested filter policy: {key}")
        else:
            raise _invalid(f'"{key}" must be an object or an array')
    return lambda message: all(test(message) for test in tests)


def _either(value: Any, *, nested: bool, depth: int, leaves: list[tuple[int, int]], quotas: SnsQuotas) -> Matches:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(part, dict) for part in value):
        raise _invalid('"$or" must be an array of at least two objects')
    parts = [_object(part, nested=nested, depth=depth, leaves=leaves, quotas=quotas) for part in value]
    return lambda message: any(part(message) for part in parts)


def _at(key: str, test: Matches) -> Matches:
    return lambda message: test(message.get(key, ABSENT))


def _inside(key: str, test: Matches) -> Matches:
    def matches(message: Any) -> bool:
        value = message.get(key, {})
        if isinstance(value, list):
            return any(test(part) for part in value if isinstance(part, dict))
        return isinstance(value, dict) and test(value)

    return matches


def _conditions(key: str, conditions: list[Any], quotas: SnsQuotas) -> Matches:
    """One condition of a key's list must hold for one value of the key."""
    if not conditions:
        raise _invalid(f'Empty arrays are not allowed: "{key}"')
    present: list[Matches] = []
    absent_is_wanted = False
    presence_is_enough = False
    for condition in conditions:
        if isinstance(condition, dict):
            if len(condition) != 1:
                raise _invalid(f'Only one key allowed in match expression: "{key}"')
            [(operator, operand)] = condition.items()
            if operator == "exists":
                if not isinstance(operand, bool):
                    raise _invalid(f'exists match pattern must be either true or false: "{key}"')
                presence_is_enough |= operand
                absent_is_wanted |= not operand
                continue
            compiler = OPERATORS.get(operator)
            if compiler is None:
                raise _invalid(f'Unrecognized match type {operator}: "{key}"')
            present.append(compiler(operand, quotas))
        elif isinstance(condition, list):
            raise _invalid(f'Match value must be String, number, true, false, or null: "{key}"')
        else:
            present.append(exact(condition))

    def matches(value: Any) -> bool:
        if value is ABSENT:
            return absent_is_wanted
        if presence_is_enough and not isinstance(value, dict):
            return True
        values = value if isinstance(value, list) else (value,)
        return any(test(one) for one in values for test in present)

    return matches
