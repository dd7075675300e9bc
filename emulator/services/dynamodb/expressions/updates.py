"""Updates of items."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.services.dynamodb.values import AttributeValue, Item

__all__ = ["Update"]


class Update:
    """An UpdateExpression or AttributeUpdates."""

    attribute_names: frozenset[str]
    """The top-level attributes that it changes; none may be part of the primary key (see `check_keys`)."""

    def check_keys(self, key_names: frozenset[str]) -> None:
        """Raises ValidationException where it would change an attribute of the primary key."""
        raise NotImplementedError

    def apply(self, item: Mapping[str, AttributeValue], key: Mapping[str, AttributeValue]) -> Item:
        """The item afterwards, a new dict; `item` is as it was (empty where there is none), `key` goes into a new one.

        Raises ValidationException for paths that the item does not have, types that do not fit, numbers out of range, ...
        """
        raise NotImplementedError

    def touched(self, item: Mapping[str, AttributeValue]) -> Item:
        """The parts of an item that the update names: Attributes of UPDATED_OLD and UPDATED_NEW. Empty where it has none of them."""
        raise NotImplementedError
