"""PartiQL statements, by recursive descent over their clauses.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

from functools import lru_cache

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.ast import (
    Add,
    Arithmetic,
    Assignment,
    Call,
    ConditionNode,
    Deletion,
    Operand,
    Path,
    Removal,
    UpdateTree,
    Value,
)
from emulator.services.dynamodb.expressions.limits import CACHED_EXPRESSIONS
from emulator.services.dynamodb.partiql.lexer import END, KEYWORDS, NAME, QUOTED, Token, not_well_formed
from emulator.services.dynamodb.partiql.statement import Delete, Insert, Select, Statement, Struct, Term, Update
from emulator.services.dynamodb.partiql.terms import LEFTOVER, TermParser

__all__ = ["parse_statement"]

ALIASED = "Aliasing is not supported"


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def parse_statement(text: str) -> Statement:
    """One statement. Raises ValidationException."""
    return _StatementParser(text).statement()


class _StatementParser(TermParser):
    def statement(self) -> Statement:
        word = self.accept_word("SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS", "FROM")
        if word == "SELECT":
            found: Statement = self._select()
        elif word == "INSERT":
            found = self._insert()
        elif word == "UPDATE":
            found = self._update()
        elif word == "DELETE":
            found = self._delete()
        elif word == "FROM":
            found = self._from_first()
        elif word == "EXISTS":
            self.expect("(")
            self.expect_word("SELECT")
            found = self._select(exists=True)
            self.expect(")")
        else:
            raise self._no_statement()
        self.accept(";")
        if self.token.kind != END:
            raise not_well_formed(LEFTOVER)
        return found

    def _no_statement(self) -> ValidationException:
        if self.peek().keyword == "IS":
            self.advance()
            self.advance()
            self.accept_word("NOT")
            self.type_name()
            return ValidationException("Unsupported operation: IsType")
        return not_well_formed("Expected data manipulation")

    # -- clauses ---------------------------------------------------------------------------------------------------------

    def _source(self, *, aliases: bool = True) -> tuple[str, str | None]:
        """`table` or `table.index`."""
        parts = [self._source_part()]
        while self.accept("."):
            parts.append(self._source_part())
        if any(part == "" for part in parts):
            raise ValidationException("Path component cannot be an empty string")
        if len(parts) > 2:
            raise ValidationException("A path may contain at most 2 components in the FROM clause")
        if aliases and (self.token.keyword == "AS" or self._is_plain_name()):
            raise ValidationException(ALIASED)
        return parts[0], parts[1] if len(parts) == 2 else None

    def _is_plain_name(self) -> bool:
        return self.token.kind == QUOTED or (self.token.kind == NAME and self.token.keyword not in KEYWORDS)

    def _source_part(self) -> str:
        if not self._is_plain_name():
            raise not_well_formed("Unexpected term")
        return self.advance().text

    def _where(self) -> ConditionNode | None:
        return self.condition() if self.accept_word("WHERE") else None

    def _returning(self) -> str | None:
        if not self.accept_word("RETURNING"):
            return None
        words = [self.advance().keyword, self.advance().keyword]
        self.expect("*")
        if words[0] not in ("ALL", "MODIFIED") or words[1] not in ("OLD", "NEW"):
            raise not_well_formed("Expected ALL or MODIFIED")
        return " ".join(words)

    # -- statements ------------------------------------------------------------------------------------------------------

    def _select(self, *, exists: bool = False) -> Select:
        paths: list[Path] = []
        if not self.accept("*"):
            paths.append(self._column())
            while self.accept(","):
                paths.append(self._column())
        self.expect_word("FROM")
        table, index = self._source()
        where = self._where()
        order = self._order()
        return Select(self.terms(), table, index, tuple(paths), where, order, exists)

    def _column(self) -> Path:
        if self.token.kind == NAME and self.peek().text == "(":
            raise ValidationException(f"Unexpected path component at {self.token.place}")
        path = self.path()
        if self.token.keyword == "AS" or self._is_plain_name():
            raise ValidationException(ALIASED)
        return path

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self.accept_word("ORDER"):
            return ()
        self.expect_word("BY")
        order = []
        while True:
            path = self.path()
            order.append((self.terms().names[str(path.elements[0])], self.accept_word("DESC", "ASC") == "DESC"))
            if not self.accept(","):
                return tuple(order)

    def _insert(self) -> Insert:
        self.expect_word("INTO")
        table, index = self._source(aliases=False)
        if index is not None:
            raise ValidationException("A path may contain at most 1 component in the INTO clause")
        if self.token.keyword not in ("VALUE", "VALUES"):
            raise not_well_formed(LEFTOVER)
        self.advance()
        item = self._item()
        return Insert(self.terms(), table, item)

    def _item(self) -> dict[str, Term]:
        if not self.accept("{"):
            raise not_well_formed("Unexpected term")
        members: dict[str, Term] = {}
        while not self.accept("}"):
            if members:
                self.expect(",")
            name = self.advance().text
            self.expect(":")
            members[name] = self.value()
        return members

    def _update(self) -> Update:
        table = self._written_table()
        changes = self._changes()
        where = self._where()
        return Update(self.terms(), table, changes, where, self._returning())

    def _from_first(self) -> Update:
        table = self._written_table()
        where = self._where()
        changes = self._changes()
        return Update(self.terms(), table, changes, where, self._returning())

    def _written_table(self) -> str:
        table, index = self._source()
        if index is not None:
            raise ValidationException("A path may contain at most 1 component in the FROM clause")
        return table

    def _delete(self) -> Delete:
        self.expect_word("FROM")
        if not self._is_plain_name():
            raise not_well_formed("Expected identifier for simple path")
        table = self._written_table()
        where = self._where()
        returning = self._returning()
        if returning not in (None, "ALL OLD"):
            raise ValidationException(
                f"Invalid returning clause: RETURNING {returning} *. "
                "Only RETURNING ALL OLD * is allowed in DELETE statements."
            )
        return Delete(self.terms(), table, where, returning)

    # -- changes ---------------------------------------------------------------------------------------------------------

    def _changes(self) -> UpdateTree:
        actions: list[Assignment | Removal | Add | Deletion] = []
        while word := self.accept_word("SET", "REMOVE"):
            read = self._assignment if word == "SET" else self._removal
            actions.append(read())
            while self.accept(","):
                actions.append(read())
        if not actions:
            raise not_well_formed("Expected SET or REMOVE")
        return UpdateTree(tuple(actions))

    def _removal(self) -> Removal:
        return Removal(self.path())

    def _assignment(self) -> Assignment | Add | Deletion:
        path = self.path()
        self.expect("=")
        token = self.token
        if token.keyword in ("SET_ADD", "SET_DELETE") and self.peek().text == "(":
            return self._set_change(path, self.advance())
        return Assignment(path, self._sum())

    def _set_change(self, path: Path, function: Token) -> Add | Deletion:
        name = function.keyword
        self.expect("(")
        first = self.token
        arguments = [self._change_operand()]
        while self.accept(","):
            arguments.append(self._change_operand())
        self.expect(")")
        if len(arguments) != 2:
            raise ValidationException(f"{name} must have exactly two arguments at {function.place}")
        if arguments[0] != path:
            raise ValidationException(
                f"The first argument to {name} must equal the assignment value at {function.place}"
            )
        members = arguments[1]
        if not isinstance(members, Value) or not self._may_be_set(members):
            raise ValidationException(f"The second argument to {name} must be a value with type SET at {first.place}")
        return Add(path, members) if name == "SET_ADD" else Deletion(path, members)

    def _may_be_set(self, value: Value) -> bool:
        literal = self.terms().literals.get(value.name)
        if literal is None:
            return True  # a parameter: its type is known when it comes
        return not isinstance(literal, int | Struct) and next(iter(literal)) in ("SS", "NS", "BS")

    def _sum(self) -> Operand:
        left = self._change_operand()
        if self.is_symbol("+", "-"):
            return Arithmetic(self.advance().text, left, self._change_operand())
        return left

    def _change_operand(self) -> Operand:
        token = self.token
        if token.kind == NAME and self.peek().text == "(":
            name = token.text.lower()
            if name not in ("list_append", "if_not_exists"):
                raise ValidationException(f"Unrecognized function: {name} at {token.place}")
            self.advance()
            self.expect("(")
            first = self._change_operand()
            self.expect(",")
            second = self._change_operand()
            self.expect(")")
            return Call(name, (first, second))
        if self._is_plain_name():
            return self.path()
        return self.hold(self.value())
