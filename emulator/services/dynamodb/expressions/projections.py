"""Projections: the parts of an item that a read returns."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["Projection"]


class Projection:
    """A ProjectionExpression or AttributesToGet."""

    attribute_names: frozenset[str]
    """The top-level attributes that it returns parts of."""

    def of(self, item: Mapping[str, AttributeValue]) -> Item:
        """The parts of an item that it names."""
        raise NotImplementedError
