"""Values that only type checking keeps frozen are otherwise what frozen, slotted dataclasses are."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from emulator.value import value


@value
class Point:
    x: int
    y: int = 0
    label: str = field(default="", compare=False)


def test_equal_values_are_one_member_of_a_set() -> None:
    assert {Point(1), Point(1, 0, "same")} == {Point(1)}
    assert Point(1) != Point(1, 1)


def test_a_value_has_no_members_but_its_own() -> None:
    with pytest.raises(AttributeError):
        object.__setattr__(Point(1), "z", 3)


def test_a_changed_copy_leaves_the_value_alone() -> None:
    point = Point(1, 2)
    assert replace(point, y=3) == Point(1, 3)
    assert point == Point(1, 2)
