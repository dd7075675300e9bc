"""Trees and texts say the same; updates and conditions do what a plain reading of AWS's pages does."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import check_parameters, read_expressions
from emulator.services.dynamodb.expressions.ast import (
    Add,
    And,
    Arithmetic,
    Assignment,
    Between,
    Call,
    Comparison,
    Deletion,
    In,
    Not,
    Or,
    Path,
    Removal,
    UpdateTree,
    Value,
)
from emulator.services.dynamodb.expressions.parser import parse_condition, parse_projection, parse_update
from emulator.services.dynamodb.expressions.printer import print_condition, print_projection, print_update

# -- trees and texts -----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(("a", "bb", "c_1", "#n", "#x9", "size", "set"))
PATHS = st.builds(
    lambda head, tail: Path((head, *tail)), NAMES, st.lists(st.one_of(NAMES, st.integers(0, 99)), max_size=3)
)
VALUES = st.builds(lambda number: Value(f":v{number}"), st.integers(0, 9))
OPERANDS = st.one_of(PATHS, VALUES, st.builds(lambda path: Call("size", (path,)), PATHS))
FUNCTIONS = st.one_of(
    st.builds(
        lambda name, path: Call(name, (path,)), st.sampled_from(("attribute_exists", "attribute_not_exists")), PATHS
    ),
    st.builds(
        lambda name, path, value: Call(name, (path, value)),
        st.sampled_from(("begins_with", "contains", "attribute_type")),
        PATHS,
        OPERANDS,
    ),
)
LEAVES = st.one_of(
    st.builds(Comparison, st.sampled_from(("=", "<>", "<", "<=", ">", ">=")), OPERANDS, OPERANDS),
    st.builds(Between, OPERANDS, OPERANDS, OPERANDS),
    st.builds(
        lambda operand, choices: In(operand, tuple(choices)), OPERANDS, st.lists(OPERANDS, min_size=1, max_size=3)
    ),
    FUNCTIONS,
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(And, inner, inner), st.builds(Or, inner, inner)),
    max_leaves=8,
)


@given(CONDITIONS)
def test_a_condition_that_is_printed_is_read_as_the_same_tree(tree: Any) -> None:
    assert parse_condition(print_condition(tree), "ConditionExpression") == tree


@given(st.lists(PATHS, min_size=1, max_size=5))
def test_a_projection_that_is_printed_is_read_as_the_same_paths(paths: list[Path]) -> None:
    assert parse_projection(print_projection(paths), "ProjectionExpression") == tuple(paths)


SET_OPERANDS = st.recursive(
    st.one_of(PATHS, VALUES),
    lambda inner: st.one_of(
        st.builds(lambda path, other: Call("if_not_exists", (path, other)), PATHS, inner),
        st.builds(lambda one, two: Call("list_append", (one, two)), inner, inner),
    ),
    max_leaves=3,
)
SUMS = st.one_of(SET_OPERANDS, st.builds(Arithmetic, st.sampled_from("+-"), SET_OPERANDS, SET_OPERANDS))


@given(
    st.lists(st.builds(Assignment, PATHS, SUMS), max_size=3),
    st.lists(st.builds(Removal, PATHS), max_size=2),
    st.lists(st.builds(Add, PATHS, VALUES), max_size=2),
    st.lists(st.builds(Deletion, PATHS, VALUES), min_size=1, max_size=2),
)
def test_an_update_that_is_printed_is_read_as_the_same_tree(
    sets: list[Any], removals: list[Any], adds: list[Any], deletions: list[Any]
) -> None:
    tree = UpdateTree((*sets, *removals, *adds, *deletions))
    assert parse_update(print_update(tree)) == tree


# -- against a naive reading ---------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.builds(lambda text: {"S": text}, st.sampled_from(("", "a", "ab", "b"))),
    st.builds(lambda number: {"N": str(number)}, st.integers(-3, 3)),
    st.just({"BOOL": True}),
    st.just({"NULL": True}),
)
SETS = st.one_of(
    st.builds(lambda members: {"SS": sorted(members)}, st.sets(st.sampled_from("abc"), min_size=1)),
    st.builds(lambda members: {"NS": sorted(map(str, members))}, st.sets(st.integers(0, 3), min_size=1)),
)
ANY_VALUE = st.recursive(
    st.one_of(SCALARS, SETS),
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    ),
    max_leaves=4,
)
ITEMS = st.dictionaries(st.sampled_from(("a", "b", "c")), ANY_VALUE, max_size=3)
SHORT_PATHS = st.sampled_from(
    (("a",), ("b",), ("c",), ("a", "x"), ("a", "y"), ("b", 0), ("b", 1), ("b", 5), ("c", "x", 0), ("c", "y", "z"))
)


class Impossible(Exception):
    """The naive reading says that AWS refuses it."""


def found(item: dict[str, Any], path: tuple[Any, ...]) -> Any:
    value: Any = {"M": item}
    for step in path:
        kind = "L" if isinstance(step, int) else "M"
        if value is None or kind not in value:
            return None
        inside = value[kind]
        if isinstance(step, int):
            value = inside[step] if step < len(inside) else None
        else:
            value = inside.get(step)
    return value


def naive_update(item: dict[str, Any], sets: dict[Any, Any], removals: list[Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {"M": copy.deepcopy(item)}

    def holder(path: tuple[Any, ...]) -> Any:
        document: Any = changed
        for step in path[:-1]:
            kind = "L" if isinstance(step, int) else "M"
            inside = document.get(kind)
            if inside is None or (kind == "L" and step >= len(inside)) or (kind == "M" and step not in inside):
                raise Impossible
            document = inside[step]
        inside = document.get("L" if isinstance(path[-1], int) else "M")
        if inside is None:
            raise Impossible
        return inside

    for path in sorted(sets, key=str):
        inside = holder(path)
        if isinstance(path[-1], int) and path[-1] >= len(inside):
            inside.append(sets[path])
        else:
            inside[path[-1]] = sets[path]
    for path in sorted(removals, key=str, reverse=True):
        inside = holder(path)
        if isinstance(path[-1], int):
            del inside[path[-1] : path[-1] + 1]
        else:
            inside.pop(path[-1], None)
    result: dict[str, Any] = changed["M"]
    return result


def overlap(paths: list[tuple[Any, ...]]) -> bool:
    """Whether two of the paths are one inside the other, or take one place for a list and a map."""
    for number, one in enumerate(paths):
        for other in paths[:number]:
            shared = next((at for at, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), None)
            if shared is None or type(one[shared]) is not type(other[shared]):
                return True
    return False


def written(path: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


@settings(max_examples=300)
@given(ITEMS, st.dictionaries(SHORT_PATHS, ANY_VALUE, max_size=2), st.lists(SHORT_PATHS, max_size=2, unique=True))
def test_an_update_does_what_a_naive_reading_does_and_leaves_the_old_item_alone(
    item: dict[str, Any], sets: dict[Any, Any], removals: list[Any]
) -> None:
    if overlap([*sets, *removals]) or not (sets or removals):
        return
    text = ""
    if sets:
        text = "SET " + ", ".join(f"{written(path)} = :v{number}" for number, path in enumerate(sets))
    if removals:
        text += " REMOVE " + ", ".join(map(written, removals))
    params: dict[str, Any] = {"UpdateExpression": text}
    if sets:
        params["ExpressionAttributeValues"] = {f":v{number}": value for number, value in enumerate(sets.values())}
    check_parameters("UpdateItem", params)
    update = read_expressions("UpdateItem", params).update
    assert update is not None
    before = copy.deepcopy(item)
    try:
        expected: Any = naive_update(item, sets, removals)
    except Impossible:
        expected = None
    try:
        after: Any = update.apply(item, {})
    except ValidationException as error:
        assert error.message == "The document path provided in the update expression is invalid for update"
        after = None
    assert after == expected
    assert item == before


def naive_holds(operator: str, left: Any, right: Any) -> bool:
    if left is None or right is None:
        return operator == "<>"
    if operator in ("=", "<>"):
        return (normal(left) == normal(right)) is (operator == "=")
    [(kind, one)], [(other_kind, two)] = left.items(), right.items()
    if kind != other_kind or kind not in ("S", "N", "B"):
        return False
    if kind == "N":
        one, two = int(one), int(two)
    return {"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}[operator]


def normal(value: Any) -> Any:
    [(kind, inner)] = value.items()
    if kind in ("SS", "NS"):
        return kind, frozenset(inner)
    if kind == "L":
        return kind, tuple(map(normal, inner))
    if kind == "M":
        return kind, frozenset((name, normal(member)) for name, member in inner.items())
    return kind, inner


@settings(max_examples=300)
@given(ITEMS, SHORT_PATHS, st.sampled_from(("=", "<>", "<", "<=", ">", ">=")), SHORT_PATHS, st.booleans())
def test_a_comparison_holds_where_a_naive_reading_holds(
    item: dict[str, Any], left: tuple[Any, ...], operator: str, right: tuple[Any, ...], negated: bool
) -> None:
    if left == right:
        return
    text = f"{'NOT ' if negated else ''}{written(left)} {operator} {written(right)}"
    condition = read_expressions("PutItem", {"ConditionExpression": text}).condition
    assert condition is not None
    expected = naive_holds(operator, found(item, left), found(item, right))
    assert condition.holds(item) is (expected is not negated)


@given(ITEMS, st.lists(SHORT_PATHS, min_size=1, max_size=3, unique=True))
def test_a_projection_shows_what_its_paths_find_and_nothing_else(item: dict[str, Any], paths: list[Any]) -> None:
    if overlap(paths):
        return
    projection = read_expressions("GetItem", {"ProjectionExpression": ", ".join(map(written, paths))}).projection
    assert projection is not None
    shown = projection.of(item)
    for path in paths:
        if not any(isinstance(step, int) for step in path):
            assert found(shown, path) == found(item, path)
    leaves = [found(item, path) for path in paths if found(item, path) is not None]
    assert bool(shown) is bool(leaves)
