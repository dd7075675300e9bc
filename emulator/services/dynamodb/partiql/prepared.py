"""A statement made ready: its condition and its changes compiled once, its values bound for each request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import Condition, Projection, Update
from emulator.services.dynamodb.expressions.condition_compiler import Test, compile_condition
from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.expressions.projections import check_paths
from emulator.services.dynamodb.expressions.scope import Elements, Scope
from emulator.services.dynamodb.expressions.update_compiler import Action, compile_update
from emulator.services.dynamodb.expressions.updates import in_order
from emulator.services.dynamodb.partiql import statement as statements
from emulator.services.dynamodb.partiql.parser import parse_statement
from emulator.services.dynamodb.partiql.statement import Insert, Select, Statement, Struct, Term
from emulator.services.dynamodb.request_error import RequestError
from emulator.services.dynamodb.values import AttributeValue, Item, checked_item, checked_value

__all__ = ["Bound", "bind"]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What does not depend on the parameters."""

    statement: Statement
    scope: Scope
    test: Test | None
    actions: tuple[Action, ...]
    columns: tuple[Elements, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with its values."""

    statement: Statement
    values: Mapping[str, AttributeValue]
    condition: Condition | None
    """The whole WHERE clause."""
    update: Update | None
    columns: tuple[Elements, ...]
    """What a SELECT shows, in its order; empty for everything."""
    text: str

    @property
    def is_read(self) -> bool:
        """Whether it is a SELECT outside EXISTS."""
        return isinstance(self.statement, Select) and not self.statement.exists

    def item(self) -> Item:
        """The item of an INSERT. Raises ValidationException."""
        assert isinstance(self.statement, Insert)
        try:
            return checked_item({name: _term(term, self.values) for name, term in self.statement.item.items()})
        except RequestError as error:
            raise ValidationException(error.older) from None


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def _prepared(text: str) -> _Prepared:
    statement = parse_statement(text)
    scope = Scope("", statement.terms.names)
    test: Test | None = None
    actions: tuple[Action, ...] = ()
    columns: tuple[Elements, ...] = ()
    if isinstance(statement, statements.Update):
        compiled = compile_update(statement.changes, scope)
        check_paths([action.path for action in compiled], scope)
        actions = in_order(compiled)
    elif isinstance(statement, Select):
        columns = tuple(scope.elements(path) for path in statement.paths)
    if not isinstance(statement, Insert) and statement.where is not None:
        scope.attribute_names.clear()
        test = compile_condition(statement.where, scope)
    return _Prepared(statement, scope, test, actions, columns)


def bind(text: str, parameters: Sequence[AttributeValue]) -> Bound:
    """A statement with its parameters. Raises ValidationException for what is wrong without looking at any table."""
    try:
        prepared = _prepared(text)
    except RequestError as error:
        raise ValidationException(error.message) from None
    statement = prepared.statement
    try:
        given = [checked_value(value) for value in parameters]
    except RequestError as error:
        raise ValidationException(error.older) from None
    if len(given) != statement.terms.parameters:
        raise ValidationException("Number of parameters in request and statement don't match.")
    values: dict[str, AttributeValue] = {f":p{number}": value for number, value in enumerate(given)}
    for name, term in statement.terms.literals.items():
        values[name] = _term(term, values)
    try:
        for check in prepared.scope.checks:
            check(values)
    except RequestError as error:
        raise ValidationException(error.message) from None
    condition = None if prepared.test is None else Condition(prepared.test, values, prepared.scope)
    update = None
    if isinstance(statement, statements.Update):
        update = Update(prepared.actions, values, Projection([action.path for action in prepared.actions]))
    return Bound(statement, values, condition, update, prepared.columns, text)


def _term(term: Term, values: Mapping[str, AttributeValue]) -> AttributeValue:
    """A term's value, its parameters put in."""
    if isinstance(term, int):
        return values[f":p{term}"]
    if isinstance(term, Struct):
        if isinstance(term.members, tuple):
            return {"L": [_term(member, values) for member in term.members]}
        return {"M": {name: _term(member, values) for name, member in term.members.items()}}
    return term
