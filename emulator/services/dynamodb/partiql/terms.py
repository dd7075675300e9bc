"""The parser's lower half: tokens, values, paths and conditions."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions.ast import (
    And,
    Between,
    Call,
    Comparison,
    ConditionNode,
    In,
    Not,
    Operand,
    Or,
    Path,
    Value,
)
from emulator.services.dynamodb.expressions.limits import LARGEST_INDEX
from emulator.services.dynamodb.expressions.parser import CONDITION_FUNCTIONS
from emulator.services.dynamodb.numbers import canonical_number
from emulator.services.dynamodb.partiql.lexer import (
    END,
    KEYWORDS,
    NAME,
    NUMBER,
    QUOTED,
    STRING,
    SYMBOL,
    Token,
    not_well_formed,
    tokens_of,
)
from emulator.services.dynamodb.partiql.statement import Struct, Term, Terms
from emulator.services.dynamodb.request_error import RequestError
from emulator.services.dynamodb.values import AttributeValue, checked_value

__all__ = ["LEFTOVER", "TermParser"]

LEFTOVER = "Unexpected token after expression"
_OPERATOR_WORDS = frozenset({"AND", "BETWEEN", "IN", "IS", "LIKE", "OR"})
_COMPARATORS: Mapping[str, str] = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR", "CHARACTER"), "S"),
    **dict.fromkeys(("NUMBER", "NUMERIC", "DECIMAL", "INT", "INT4", "INT8", "INTEGER", "FLOAT", "DOUBLE"), "N"),
    **dict.fromkeys(("BINARY", "BLOB"), "B"),
    **dict.fromkeys(("BOOL", "BOOLEAN"), "BOOL"),
    **dict.fromkeys(("LIST",), "L"),
    **dict.fromkeys(("MAP", "STRUCT", "TUPLE"), "M"),
    **dict.fromkeys(("STRING_SET",), "SS"),
    **dict.fromkeys(("NUMBER_SET",), "NS"),
    **dict.fromkeys(("BINARY_SET",), "BS"),
    "NULL": "NULL",
}


class TermParser:
    """Reads the parts of a statement, and collects its names, literals and parameters."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens_of(text)
        self._at = 0
        self.token = self._tokens[0]
        self._names: dict[str, str] = {}
        self._literals: dict[str, Term] = {}
        self._parameters = 0

    def terms(self) -> Terms:
        """What was collected."""
        return Terms(self._names, self._literals, self._parameters)

    # -- tokens ----------------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 1) -> Token:
        """A token after the one of now."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Go to the next token: the one that was."""
        token = self.token
        self._at += 1
        self.token = self._tokens[min(self._at, len(self._tokens) - 1)]
        return token

    def is_symbol(self, *symbols: str) -> bool:
        """Whether one of the symbols stands here."""
        return self.token.kind == SYMBOL and self.token.text in symbols

    def accept(self, symbol: str) -> bool:
        """Take a symbol if it stands here."""
        if self.is_symbol(symbol):
            self.advance()
            return True
        return False

    def expect(self, symbol: str) -> None:
        """Take a symbol. Raises ValidationException."""
        if not self.accept(symbol):
            raise not_well_formed("Unexpected term" if self.token.kind == END else LEFTOVER)

    def accept_word(self, *words: str) -> str:
        """Take one of the words if it stands here: the word, or nothing."""
        word = self.token.keyword
        if word in words:
            self.advance()
            return word
        return ""

    def expect_word(self, *words: str) -> str:
        """Take one of the words. Raises ValidationException."""
        word = self.accept_word(*words)
        if word == "":
            raise not_well_formed(f"Expected {' or '.join(words)}")
        return word

    # -- values ----------------------------------------------------------------------------------------------------------

    def value(self, path: str = "root") -> Term:
        """A literal or a parameter. `path` is where it stands in its value, for errors about numbers."""
        token = self.token
        if token.kind == STRING:
            return {"S": self.advance().text}
        if token.kind == NUMBER or (self.is_symbol("-", "+") and self.peek().kind == NUMBER):
            return {"N": self._number(path)}
        if self.accept("?"):
            self._parameters += 1
            return self._parameters - 1
        if self.accept("{"):
            return self._struct(path)
        if self.accept("["):
            return self._list(path)
        if self.accept("<<"):
            return self._bag(path)
        if word := self.accept_word("TRUE", "FALSE", "NULL"):
            return {"NULL": True} if word == "NULL" else {"BOOL": word == "TRUE"}
        if token.kind == NAME and self.peek().text == "(":
            raise ValidationException(f"Unsupported data type: {token.text.lower()} under key root at {token.place}")
        raise self.unexpected()

    def unexpected(self) -> ValidationException:
        """The error of a token that stands where a term should begin."""
        word = self.token.keyword
        if word in _OPERATOR_WORDS:
            return not_well_formed("Unexpected operator")
        return not_well_formed("Unexpected keyword" if word in KEYWORDS and word != "NOT" else "Unexpected term")

    def ends_here(self) -> bool:
        """Whether there is nothing more."""
        return self.token.kind == END or self.is_symbol(";")

    def _right_hand(self) -> None:
        """Refuse an infix operator that nothing follows."""
        if self.ends_here():
            raise not_well_formed("Missing right-hand side expression of infix operator")

    def _number(self, path: str) -> str:
        sign = self.advance().text if self.token.kind == SYMBOL else ""
        text = self.advance().text
        mantissa, _, exponent = text.lower().partition("e")
        scale = len(mantissa.partition(".")[2]) - int(exponent or 0)
        if not (-(2**31) <= int(exponent or 0) < 2**31 and -(2**31) <= scale < 2**31):
            raise not_well_formed("")
        try:
            return canonical_number(sign + text)
        except RequestError as error:
            raise ValidationException(f"{error.message} under {path}") from None

    def _struct(self, path: str) -> Term:
        members: dict[str, Term] = {}
        while not self.accept("}"):
            if members:
                self.expect(",")
            if self.token.kind not in (STRING, QUOTED):
                raise not_well_formed("Unexpected term")
            name = self.advance().text
            self.expect(":")
            members[name] = self.value(f"{path}.{name}")
        if all(isinstance(member, Mapping) for member in members.values()):
            return {"M": members}
        return Struct(members)

    def _list(self, path: str) -> Term:
        members: list[Term] = []
        while not self.accept("]"):
            if members:
                self.expect(",")
            members.append(self.value(f"{path}[{len(members)}]"))
        if all(isinstance(member, Mapping) for member in members):
            return {"L": members}
        return Struct(tuple(members))

    def _bag(self, path: str) -> Term:
        members: list[Term] = []
        while not self.accept(">>"):
            if members:
                self.expect(",")
            members.append(self.value(path))
        if not members:
            raise ValidationException("Empty bags are not supported")
        kinds = {next(iter(member)) if isinstance(member, Mapping) else "?" for member in members}
        if len(kinds) > 1 or not kinds <= {"S", "N"}:
            raise ValidationException("Bags must hold values of one type, strings or numbers")
        kind = kinds.pop()
        whole: AttributeValue = {f"{kind}S": [member[kind] for member in members if isinstance(member, Mapping)]}
        try:
            return checked_value(whole)
        except RequestError as error:
            raise ValidationException(error.older) from None

    def hold(self, term: Term) -> Value:
        """The name under which the statement's trees have a value."""
        if isinstance(term, int):
            return Value(f":p{term}")
        name = f":l{len(self._literals)}"
        self._literals[name] = term
        return Value(name)

    # -- paths -----------------------------------------------------------------------------------------------------------

    def path(self) -> Path:
        """A document path."""
        if self.token.kind not in (NAME, QUOTED) or (self.token.kind == NAME and self.token.keyword in KEYWORDS):
            raise not_well_formed("Unexpected term")
        elements: list[str | int] = [self._substitute(self.advance().text)]
        while True:
            if self.accept("."):
                if self.token.kind not in (NAME, QUOTED) or self.token.keyword in KEYWORDS:
                    raise not_well_formed("Invalid path dot component")
                elements.append(self._substitute(self.advance().text))
            elif self.is_symbol("[") and self.peek().kind == NUMBER and self.peek(2).text == "]":
                self.advance()
                elements.append(self._index())
                self.advance()
            else:
                return Path(tuple(elements))

    def _index(self) -> int:
        token = self.advance()
        if not token.text.isdecimal():
            raise not_well_formed("Unexpected term")
        if len(token.text) > len(str(LARGEST_INDEX)) or int(token.text) > LARGEST_INDEX:
            raise ValidationException(
                f"List index is not within the allowable range; index: [{token.text}] at {token.place}"
            )
        return int(token.text)

    def _substitute(self, name: str) -> str:
        for substitute, known in self._names.items():
            if known == name:
                return substitute
        substitute = f"#{len(self._names)}"
        self._names[substitute] = name
        return substitute

    # -- conditions ------------------------------------------------------------------------------------------------------

    def condition(self) -> ConditionNode:
        """A WHERE clause's condition."""
        return self._whole(self._disjunction())

    def _disjunction(self) -> ConditionNode | Operand:
        node = self._conjunction()
        while self.accept_word("OR"):
            self._right_hand()
            node = Or(self._whole(node), self._whole(self._conjunction()))
        return node

    def _conjunction(self) -> ConditionNode | Operand:
        node = self._negation()
        while self.accept_word("AND"):
            self._right_hand()
            node = And(self._whole(node), self._whole(self._negation()))
        return node

    def _negation(self) -> ConditionNode | Operand:
        if self.accept_word("NOT"):
            return Not(self._whole(self._negation()))
        return self._comparison()

    def _comparison(self) -> ConditionNode | Operand:
        left = self._operand()
        if self.token.kind == SYMBOL and self.token.text in _COMPARATORS:
            operator = _COMPARATORS[self.advance().text]
            self._right_hand()
            right = self._operand()
            return self._compared(operator, left, right)
        negated = self.token.keyword == "NOT" and self.peek().keyword in ("IN", "BETWEEN")
        if negated:
            self.advance()
        if self.accept_word("BETWEEN"):
            low = self._operand()
            self.expect_word("AND")
            between = Between(_operand(left), _operand(low), _operand(self._operand()))
            return Not(between) if negated else between
        if self.accept_word("IN"):
            within = In(_operand(left), self._choices())
            return Not(within) if negated else within
        if self.accept_word("IS"):
            return self._type_test(_operand(left))
        return left

    def _compared(
        self, operator: str, left: ConditionNode | Operand, right: ConditionNode | Operand
    ) -> ConditionNode | Operand:
        """A comparison; one of a condition with `true` or `false` is the condition or its opposite."""
        for condition, other in ((left, right), (right, left)):
            literal = self._literals.get(other.name) if isinstance(other, Value) else None
            if _is_condition(condition) and isinstance(literal, Mapping) and "BOOL" in literal and operator in "=<>":
                whole = self._whole(condition)
                return whole if literal["BOOL"] is (operator == "=") else Not(whole)
        return Comparison(operator, _operand(left), _operand(right))

    def _choices(self) -> tuple[Operand, ...]:
        closing = "]" if self.accept("[") else ")"
        if closing == ")":
            self.expect("(")
        choices = [_operand(self._operand())]
        while self.accept(","):
            choices.append(_operand(self._operand()))
        self.expect(closing)
        return tuple(choices)

    def _type_test(self, operand: Operand) -> ConditionNode:
        negated = self.accept_word("NOT") != ""
        if self.accept_word("MISSING"):
            return Call("attribute_exists" if negated else "attribute_not_exists", (operand,))
        kind = self.type_name()
        test = Call("attribute_type", (operand, self.hold({"S": kind})))
        return Not(test) if negated else test

    def type_name(self) -> str:
        """The attribute type that a type's name means."""
        kind = _TYPES.get(self.token.keyword)
        if kind is None:
            raise not_well_formed("Expected type name")
        if self.advance().keyword in ("DOUBLE", "CHARACTER"):
            self.accept_word("PRECISION", "VARYING")
        return kind

    def _operand(self) -> ConditionNode | Operand:
        token = self.token
        if self.accept("("):
            node = self._disjunction()
            self.expect(")")
            return node
        if (token.kind in (NAME, QUOTED) and token.keyword not in KEYWORDS) or token.keyword == "EXISTS":
            if self.peek().text == "(" and self.peek().kind == SYMBOL and token.kind == NAME:
                return self._call()
            return self.path()
        return self.hold(self.value())

    def _call(self) -> ConditionNode | Operand:
        token = self.advance()
        name = token.text.lower()
        if name not in CONDITION_FUNCTIONS:
            raise ValidationException(f"Unrecognized function: {name} at {token.place}")
        self.expect("(")
        arguments: list[Operand] = []
        while not self.accept(")"):
            if arguments:
                self.expect(",")
            arguments.append(_operand(self._operand()))
        if len(arguments) != CONDITION_FUNCTIONS[name]:
            raise ValidationException(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {name}, number of operands: {len(arguments)}"
            )
        return Call(name, tuple(arguments))

    def _whole(self, node: ConditionNode | Operand) -> ConditionNode:
        if isinstance(node, Path | Value) or (isinstance(node, Call) and node.function == "size"):
            raise not_well_formed("Unexpected term")
        return node  # type: ignore[return-value]


def _is_condition(node: ConditionNode | Operand) -> bool:
    return isinstance(node, And | Or | Not | Comparison | Between | In) or (
        isinstance(node, Call) and node.function != "size"
    )


def _operand(node: ConditionNode | Operand) -> Operand:
    if _is_condition(node):
        raise not_well_formed("Unexpected term")
    return node  # type: ignore[return-value]
