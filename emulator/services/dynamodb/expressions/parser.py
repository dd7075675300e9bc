"""Expression text -> syntax tree, by recursive descent.

    condition   = conjunction *( OR conjunction )
    conjunction = negation *( AND negation )
    negation    = NOT negation / primary
    primary     = "(" condition ")" / operand [ comparator operand / BETWEEN operand AND operand / IN "(" operands ")" ]
    operand     = path / :value / function "(" operands ")" / "(" operand ")"
    update      = 1*( SET path = sum, ... / REMOVE path, ... / ADD path :value, ... / DELETE path :value, ... )
    sum         = operand [ ( "+" / "-" ) operand ]
    path        = name *( "." name / "[" number "]" )

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from typing import TypeVar, cast

from emulator.services.dynamodb.expressions.ast import (
    Add,
    And,
    Arithmetic,
    Assignment,
    Between,
    Call,
    Comparison,
    ConditionNode,
    Deletion,
    In,
    Not,
    Operand,
    Or,
    Path,
    Removal,
    UpdateTree,
    Value,
)
from emulator.services.dynamodb.expressions.lexer import END, IDENTIFIER, INDEX, NAME, SYMBOL, VALUE, Token, tokens_of
from emulator.services.dynamodb.expressions.limits import LARGEST_INDEX, LONGEST_EXPRESSION_BYTES, MOST_IN_OPERANDS
from emulator.services.dynamodb.request_error import RequestError

__all__ = ["CONDITION_FUNCTIONS", "UPDATE_FUNCTIONS", "parse_condition", "parse_projection", "parse_update"]

CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
SECTIONS = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
Node = TypeVar("Node", bound=ConditionNode | Operand)


def parse_condition(text: str, kind: str) -> ConditionNode:
    """A condition. `kind` is the parameter's name, for errors. Raises RequestError."""
    parser = _Parser(text, kind)
    node = parser.condition()
    parser.expect_end()
    return parser.as_condition(node)


def parse_projection(text: str, kind: str) -> tuple[Path, ...]:
    """The paths of a projection. Raises RequestError."""
    parser = _Parser(text, kind)
    paths = [parser.path()]
    while parser.accept(","):
        paths.append(parser.path())
    parser.expect_end()
    return tuple(paths)


def parse_update(text: str, kind: str = "UpdateExpression") -> UpdateTree:
    """An update expression. Raises RequestError."""
    return _Parser(text, kind).update()


class _Parser:
    def __init__(self, text: str, kind: str) -> None:
        self._text, self._kind = text, kind
        if text.strip() == "":
            raise self.error("The expression can not be empty;")
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > LONGEST_EXPRESSION_BYTES:
            message = f"Invalid {kind}: Expression size has exceeded the maximum allowed size;"
            tail = "" if kind == "UpdateExpression" else f" expression size: {size}"
            raise RequestError(message, older=message + tail)
        self._tokens = tokens_of(text)
        self._at = 0
        self._token = self._tokens[0]
        self._grouped: set[int] = set()
        """Identities of the nodes that stand in parentheses of their own."""

    # -- tokens ----------------------------------------------------------------------------------------------------------

    def error(self, message: str) -> RequestError:
        return RequestError(f"Invalid {self._kind}: {message}")

    def _syntax_error(self) -> RequestError:
        before = self._tokens[max(0, self._at - 1)]
        after = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        near = (
            self._text[before.start : after.end].rstrip()
            if self._token.kind == END
            else self._text[before.start : after.end]
        )
        return self.error(f'Syntax error; token: "{self._token.text}", near: "{near}"')

    def _advance(self) -> Token:
        token = self._token
        self._at += 1
        self._token = self._tokens[self._at]
        return token

    def accept(self, symbol: str) -> bool:
        if self._token.kind == SYMBOL and self._token.text == symbol:
            self._advance()
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            raise self._syntax_error()

    def _is_keyword(self, *words: str) -> bool:
        return self._token.kind == IDENTIFIER and self._token.text.upper() in words

    def _accept_keyword(self, word: str) -> bool:
        if self._is_keyword(word):
            self._advance()
            return True
        return False

    def expect_end(self) -> None:
        if self._token.kind != END:
            raise self._syntax_error()

    # -- conditions ------------------------------------------------------------------------------------------------------

    def condition(self) -> ConditionNode | Operand:
        node = self._conjunction()
        while self._accept_keyword("OR"):
            node = Or(self.as_condition(node), self.as_condition(self._conjunction()))
        return node

    def _conjunction(self) -> ConditionNode | Operand:
        node = self._negation()
        while self._accept_keyword("AND"):
            node = And(self.as_condition(node), self.as_condition(self._negation()))
        return node

    def _negation(self) -> ConditionNode | Operand:
        if self._accept_keyword("NOT"):
            return Not(self.as_condition(self._negation()))
        return self._comparison()

    def _comparison(self) -> ConditionNode | Operand:
        left = self._primary()
        if self._token.kind == SYMBOL and self._token.text in COMPARATORS:
            operator = self._advance().text
            return Comparison(operator, self._as_operand(left), self._as_operand(self._primary()))
        if self._is_keyword("BETWEEN"):
            operand = self._as_operand(left)
            self._advance()
            low = self._as_operand(self._primary())
            if not self._accept_keyword("AND"):
                raise self._syntax_error()
            return Between(operand, low, self._as_operand(self._primary()))
        if self._is_keyword("IN"):
            operand = self._as_operand(left)
            self._advance()
            return In(operand, self._choices())
        return left

    def _choices(self) -> tuple[Operand, ...]:
        self._expect("(")
        choices = [self._as_operand(self._primary())]
        while self.accept(","):
            choices.append(self._as_operand(self._primary()))
        self._expect(")")
        if len(choices) > MOST_IN_OPERANDS:
            raise self.error(f"The IN operator is provided with too many operands; number of operands: {len(choices)}")
        return tuple(choices)

    def _primary(self) -> ConditionNode | Operand:
        if self.accept("("):
            node = self.condition()
            self._expect(")")
            if id(node) in self._grouped:
                raise self.error("The expression has redundant parentheses;")
            self._grouped.add(id(node))
            return node
        if self._token.kind == VALUE:
            return Value(self._advance().text)
        if (
            self._token.kind == IDENTIFIER
            and self._tokens[self._at + 1].text == "("
            and not self._is_keyword("AND", "OR", "NOT")
        ):
            return self._call()
        return self.path()

    def _call(self) -> Call:
        name = self._advance().text
        self._expect("(")
        arguments = [self._as_operand(self._primary())]
        while self.accept(","):
            arguments.append(self._as_operand(self._primary()))
        self._expect(")")
        if name not in CONDITION_FUNCTIONS:
            if name in UPDATE_FUNCTIONS:
                raise self.error(f"The function is not allowed in a condition expression; function: {name}")
            raise self.error(f"Invalid function name; function: {name}")
        self._check_operand_count(name, CONDITION_FUNCTIONS[name], len(arguments))
        return Call(name, tuple(arguments))

    def _check_operand_count(self, name: str, wanted: int, given: int) -> None:
        if given != wanted:
            raise self.error(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {name}, number of operands: {given}"
            )

    def as_condition(self, node: ConditionNode | Operand) -> ConditionNode:
        """A node where only a condition may stand."""
        if isinstance(node, Call) and node.function == "size":
            raise self._misused(node)
        if isinstance(node, Path | Value):
            raise self._syntax_error()
        return cast(ConditionNode, node)

    def _as_operand(self, node: ConditionNode | Operand) -> Operand:
        """A node where only an operand may stand."""
        if isinstance(node, Call) and node.function != "size":
            raise self._misused(node)
        if isinstance(node, Comparison | Between | In | Not | And | Or):
            raise self._syntax_error()
        return node

    def _misused(self, call: Call) -> RequestError:
        return self.error(
            f"The function is not allowed to be used this way in an expression; function: {call.function}"
        )

    # -- paths -----------------------------------------------------------------------------------------------------------

    def path(self) -> Path:
        elements: list[str | int] = [self._name()]
        while True:
            if self.accept("."):
                elements.append(self._name())
            elif self.accept("["):
                if self._token.kind != INDEX:
                    raise self._syntax_error()
                elements.append(self._index(self._advance().text))
                self._expect("]")
            else:
                return Path(tuple(elements))

    def _index(self, text: str) -> int:
        if len(text) > len(str(LARGEST_INDEX)) or int(text) > LARGEST_INDEX:
            raise self.error(f"List index is not within the allowable range; index: [{text}]")
        return int(text)

    def _name(self) -> str:
        if self._token.kind == NAME:
            return self._advance().text
        if self._token.kind != IDENTIFIER:
            raise self._syntax_error()
        if self._is_keyword("AND", "OR", "NOT", "BETWEEN", "IN"):
            raise self._syntax_error()
        return self._advance().text

    # -- updates ---------------------------------------------------------------------------------------------------------

    def update(self) -> UpdateTree:
        actions: list[Assignment | Removal | Add | Deletion] = []
        seen: set[str] = set()
        while True:
            section = self._token.text.upper()
            if self._token.kind != IDENTIFIER or section not in SECTIONS:
                raise self._syntax_error()
            if section in seen:
                raise self.error(f'The "{section}" section can only be used once in an update expression;')
            seen.add(section)
            self._advance()
            actions.append(self._action(section))
            while self.accept(","):
                actions.append(self._action(section))
            if self._token.kind == END:
                return UpdateTree(tuple(actions))

    def _action(self, section: str) -> Assignment | Removal | Add | Deletion:
        path = self.path()
        if section == "SET":
            self._expect("=")
            return Assignment(path, self._sum())
        if section == "REMOVE":
            return Removal(path)
        if self._token.kind != VALUE:
            raise self._syntax_error()
        value = Value(self._advance().text)
        return Add(path, value) if section == "ADD" else Deletion(path, value)

    def _sum(self) -> Operand:
        if self._token.kind == SYMBOL and self._token.text == "(":
            self._advance()
            inner = self._sum()
            self._expect(")")
            left = inner
        else:
            left = self._update_operand()
        if self._token.kind == SYMBOL and self._token.text in ("+", "-"):
            operator = self._advance().text
            return Arithmetic(operator, left, self._update_operand())
        return left

    def _update_operand(self) -> Operand:
        if self.accept("("):
            inner = self._update_operand()
            self._expect(")")
            return inner
        if self._token.kind == VALUE:
            return Value(self._advance().text)
        if self._token.kind == IDENTIFIER and self._tokens[self._at + 1].text == "(":
            name = self._advance().text
            self._advance()
            arguments = [self._update_operand()]
            while self.accept(","):
                arguments.append(self._update_operand())
            self._expect(")")
            if name not in UPDATE_FUNCTIONS:
                if name in CONDITION_FUNCTIONS:
                    raise self.error(f"The function is not allowed in an update expression; function: {name}")
                raise self.error(f"Invalid function name; function: {name}")
            self._check_operand_count(name, UPDATE_FUNCTIONS[name], len(arguments))
            if name == "if_not_exists" and not isinstance(arguments[0], Path):
                raise self.error(f"Operator or function requires a document path; operator or function: {name}")
            return Call(name, tuple(arguments))
        return self.path()
