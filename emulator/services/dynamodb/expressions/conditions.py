"""Conditions and filters on items."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.services.dynamodb.values import AttributeValue

__all__ = ["Condition"]


class Condition:
    """A ConditionExpression, FilterExpression, Expected or a legacy filter, ready to be asked."""

    attribute_names: frozenset[str]
    """The top-level attributes that it looks at."""
    has_nested_paths: bool

    def holds(self, item: Mapping[str, AttributeValue] | None) -> bool:
        """Whether the item (None or empty where there is none) fulfils it. Raises ValidationException for a type error at run time."""
        raise NotImplementedError
