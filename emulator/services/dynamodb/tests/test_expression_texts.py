"""What AWS says of expressions that are wrong, as data. The three single writes put it into an envelope, the reads do not."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.services.dynamodb.errors import ValidationException
from emulator.services.dynamodb.expressions import check_parameters, read_expressions

VALUES: dict[str, Any] = {
    ":s": {"S": "x"},
    ":n": {"N": "1"},
    ":m": {"N": "2"},
    ":b": {"BOOL": True},
    ":l": {"L": []},
    ":set": {"SS": ["a"]},
}


def used(text: str, names: dict[str, str] | None = None) -> dict[str, Any]:
    """The substitutes that a text uses, so that none is left over."""
    values = {name: value for name, value in VALUES.items() if name in text.replace(",", " ").replace(")", " ").split()}
    params: dict[str, Any] = {}
    if values:
        params["ExpressionAttributeValues"] = values
    if names:
        params["ExpressionAttributeNames"] = names
    return params


def message_of(operation: str, **params: Any) -> str:
    with pytest.raises(ValidationException) as caught:
        check_parameters(operation, params)
        read_expressions(operation, params)
    assert type(caught.value) is ValidationException
    return caught.value.message


CONDITIONS = {
    "": "The expression can not be empty;",
    "   ": "The expression can not be empty;",
    "a = ": 'Syntax error; token: "<EOF>", near: "="',
    "a = :s :s": 'Syntax error; token: ":s", near: ":s :s"',
    "a == :s": 'Syntax error; token: "=", near: "== :s"',
    "a-b = :s": 'Syntax error; token: "-", near: "a-b"',
    "_a = :s": 'Syntax error; token: "_", near: "_a"',
    "a = !": 'Syntax error; token: "!", near: "= !"',
    "a AND b": 'Syntax error; token: "b", near: "AND b"',
    "a[:n] = :s": 'Syntax error; token: ":n", near: "[:n]"',
    "a IN :s": 'Syntax error; token: ":s", near: "IN :s"',
    "((a = :s))": "The expression has redundant parentheses;",
    "NOT ((a = :s))": "The expression has redundant parentheses;",
    "status = :s": "Attribute name is a reserved keyword; reserved keyword: status",
    "a.Status = :s": "Attribute name is a reserved keyword; reserved keyword: Status",
    "#x = :s": "An expression attribute name used in the document path is not defined; attribute name: #x",
    "a = :zz": "An expression attribute value used in expression is not defined; attribute value: :zz",
    "f(a)": "Invalid function name; function: f",
    "if_not_exists(a, b) = :s": "The function is not allowed in a condition expression; function: if_not_exists",
    "size(a)": "The function is not allowed to be used this way in an expression; function: size",
    "size(a) AND a = :s": "The function is not allowed to be used this way in an expression; function: size",
    "attribute_exists(a) = :s": "The function is not allowed to be used this way in an expression; "
    "function: attribute_exists",
    "attribute_exists(a, b)": "Incorrect number of operands for operator or function; "
    "operator or function: attribute_exists, number of operands: 2",
    "attribute_exists( :s )": "Operator or function requires a document path; operator or function: attribute_exists",
    "begins_with(a, :n )": "Incorrect operand type for operator or function; "
    "operator or function: begins_with, operand type: N",
    "a < :b": "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    "a BETWEEN :l AND :l": "Incorrect operand type for operator or function; "
    "operator or function: BETWEEN, operand type: L",
    "size( :n ) = :n": "Incorrect operand type for operator or function; operator or function: size, operand type: N",
    "attribute_type(a, :n )": "Incorrect operand type for operator or function; "
    "operator or function: attribute_type, operand type: N",
    "attribute_type(a, :s )": "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    "a = a": "The first operand must be distinct from the remaining operands for this operator or function; "
    "operator: =, first operand: [a]",
    "contains(a.b[1], a.b[1])": "The first operand must be distinct from the remaining operands for this operator or "
    "function; operator: contains, first operand: [a, b, [1]]",
    "a BETWEEN :m AND :n": "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
    "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
    "a BETWEEN :n AND :s": "The BETWEEN operator requires same data type for lower and upper bounds; "
    "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}",
    "a" + ".b" * 32 + " = :s": "The document path has too many nesting levels; nesting levels: 33",
    " OR ".join(["a = :s"] * 151): "The expression contains too many operators; operator count: 301",
    "a IN (" + ", ".join([":s"] * 101) + " )": "The IN operator is provided with too many operands; "
    "number of operands: 101",
    "a[2147483648] = :s": "List index is not within the allowable range; index: [2147483648]",
    "a[00000000000] = :s": "List index is not within the allowable range; index: [00000000000]",
    "a" * 4092 + " = :s": "Expression size has exceeded the maximum allowed size;",
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_wrong_condition_is_told_in_awss_words(text: str) -> None:
    expected = f"Invalid ConditionExpression: {CONDITIONS[text]}"
    assert message_of("PutItem", ConditionExpression=text, **used(text)) == f"1 validation error detected: {expected}"


def test_the_same_is_told_without_envelope_where_a_filter_is_wrong() -> None:
    assert message_of("Scan", FilterExpression="a < :b", **used("a < :b")) == (
        "Invalid FilterExpression: Incorrect operand type for operator or function; "
        "operator or function: <, operand type: BOOL"
    )


UPDATES = {
    "INVALID SYNTAX HERE": 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"',
    "SET": 'Syntax error; token: "<EOF>", near: "SET"',
    "SET a": 'Syntax error; token: "<EOF>", near: "a"',
    "SET a = :s, ": 'Syntax error; token: "<EOF>", near: ","',
    "SET a = if_not_exists(a, :n + :n )": 'Syntax error; token: "+", near: ":n + :n"',
    "SET a = _f(b)": 'Syntax error; token: "_", near: "= _f"',
    "SET a = :s SET b = :s": 'The "SET" section can only be used once in an update expression;',
    "SET a = size(b)": "The function is not allowed in an update expression; function: size",
    "SET a = f(b)": "Invalid function name; function: f",
    "SET a = list_append(b)": "Incorrect number of operands for operator or function; "
    "operator or function: list_append, number of operands: 1",
    "SET a = if_not_exists( :s , :s )": "Operator or function requires a document path; "
    "operator or function: if_not_exists",
    "SET a = :s + :n": "Incorrect operand type for operator or function; operator or function: +, operand type: S",
    "SET a = list_append(b, :s )": "Incorrect operand type for operator or function; "
    "operator or function: list_append, operand type: S",
    "ADD a :s": "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
    "typeSet: ALLOWED_FOR_ADD_OPERAND",
    "ADD a :l": "Incorrect operand type for operator or function; operator: ADD, operand type: LIST, "
    "typeSet: ALLOWED_FOR_ADD_OPERAND",
    "DELETE a :n": "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, "
    "typeSet: ALLOWED_FOR_DELETE_OPERAND",
    "SET a = :s, a.b = :s": "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a, b]",
    "SET a = :s REMOVE a": "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a]",
    "SET a.b = :s, a[1] = :s": "Two document paths conflict with each other; must remove or rewrite one of these paths; "
    "path one: [a, b], path two: [a, [1]]",
}


@pytest.mark.parametrize("text", UPDATES)
def test_a_wrong_update_is_told_in_awss_words(text: str) -> None:
    expected = f"1 validation error detected: Invalid UpdateExpression: {UPDATES[text]}"
    assert message_of("UpdateItem", UpdateExpression=text, **used(text)) == expected


KEY_CONDITIONS = {
    "pk = :s OR sk = :n": "Invalid operator used in KeyConditionExpression: OR",
    "NOT pk = :s": "Invalid operator used in KeyConditionExpression: NOT",
    "pk IN ( :s , :n )": "Invalid operator used in KeyConditionExpression: IN",
    "pk <> :s": "Invalid operator used in KeyConditionExpression: <>",
    "attribute_exists(pk)": "Invalid operator used in KeyConditionExpression: attribute_exists",
    "size(pk) = :n": "KeyConditionExpressions cannot contain nested operations",
    "pk = sk": "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
    ":s = :n": "Invalid condition in KeyConditionExpression: No key attribute specified",
    "pk = :s AND begins_with( :s , sk)": "Invalid condition in KeyConditionExpression: "
    "begins_with operator must have the key attribute as its first operand",
    "pk = :s AND sk > :n AND sk < :m": "KeyConditionExpressions must only contain one condition per key",
    "pk = :s AND sk.a = :n": "KeyConditionExpressions cannot have conditions on nested attributes",
    "((pk = :s))": "The expression has redundant parentheses;",
    "pk = :s AND begins_with(sk, :n )": "Incorrect operand type for operator or function; "
    "operator or function: begins_with, operand type: N",
}


@pytest.mark.parametrize("text", KEY_CONDITIONS)
def test_a_wrong_key_condition_is_told_in_awss_words(text: str) -> None:
    expected = f"Invalid KeyConditionExpression: {KEY_CONDITIONS[text]}"
    assert message_of("Query", KeyConditionExpression=text, **used(text)) == expected


RESOLUTIONS = {
    "sk = :n": "Query condition missed key schema element: pk",
    "a = :n": "Query condition missed key schema element: pk",
    "pk = :s AND a = :n": "Query condition missed key schema element: sk",
    "pk > :s": "Query key condition not supported",
    "pk = :n": "One or more parameter values were invalid: Condition parameter type does not match schema type",
    "pk = :s AND sk = :b": "One or more parameter values were invalid: Condition parameter type does not match schema type",
    "pk = :s AND sk > :n AND a = :n": "The number of query conditions (3) exceeds the number of key attributes "
    "defined in the schema (2)",
}


@pytest.mark.parametrize("text", RESOLUTIONS)
def test_a_key_condition_must_fit_the_key_schema(text: str) -> None:
    condition = read_expressions("Query", {"KeyConditionExpression": text, **used(text)}).key_condition
    assert condition is not None
    with pytest.raises(ValidationException) as caught:
        condition.resolve(["pk"], ["sk"], {"pk": "S", "sk": "N"})
    assert caught.value.message == RESOLUTIONS[text]


def test_an_operand_on_the_left_turns_the_comparison_round() -> None:
    condition = read_expressions(
        "Query", {"KeyConditionExpression": ":n <= sk AND :s = pk", **used(":n :s")}
    ).key_condition
    assert condition is not None
    found = condition.resolve(["pk"], ["sk"], {"pk": "S", "sk": "N"})
    assert (found.partition, found.sort[0].operator, found.sort[0].operands) == (({"S": "x"},), ">=", ({"N": "1"},))


PROJECTIONS = {
    "a, a.b": "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a, b]",
    "a, a": "Two document paths overlap with each other; must remove or rewrite one of these paths; "
    "path one: [a], path two: [a]",
    "a.b, a[1]": "Two document paths conflict with each other; must remove or rewrite one of these paths; "
    "path one: [a, b], path two: [a, [1]]",
    "a,, b": 'Syntax error; token: ",", near: ",, b"',
    "#x": "An expression attribute name used in the document path is not defined; attribute name: #x",
    "name": "Attribute name is a reserved keyword; reserved keyword: name",
}


@pytest.mark.parametrize("text", PROJECTIONS)
def test_a_wrong_projection_is_told_in_awss_words(text: str) -> None:
    assert message_of("GetItem", ProjectionExpression=text) == f"Invalid ProjectionExpression: {PROJECTIONS[text]}"


PARAMETERS: list[tuple[str, dict[str, Any], str]] = [
    (
        "PutItem",
        {"Expected": {"a": {"Exists": False}}, "ConditionExpression": "a = :s", **used(":s")},
        (
            "1 validation error detected: Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
        ),
    ),
    (
        "Query",
        {"QueryFilter": {}, "KeyConditionExpression": "a = :s", **used(":s")},
        (
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {QueryFilter} Expression parameters: {KeyConditionExpression}"
        ),
    ),
    (
        "GetItem",
        {"ExpressionAttributeNames": {"#a": "b"}},
        "ExpressionAttributeNames can only be specified when using expressions",
    ),
    (
        "UpdateItem",
        {"ExpressionAttributeValues": {":s": {"S": ""}}},
        ("1 validation error detected: ExpressionAttributeValues can only be specified when using expressions"),
    ),
    (
        "Scan",
        {"FilterExpression": "a = :s", "ExpressionAttributeValues": {}},
        "ExpressionAttributeValues must not be empty",
    ),
    (
        "Scan",
        {"FilterExpression": "a = :s", "ExpressionAttributeValues": {"s": {"S": ""}}},
        'ExpressionAttributeValues contains invalid key: Syntax error; key: "s"',
    ),
    (
        "Scan",
        {"FilterExpression": "a = :s", "ExpressionAttributeValues": {":s": {"N": "x"}}},
        (
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x "
            "for key :s"
        ),
    ),
    (
        "Query",
        {"KeyConditionExpression": "a = :s", "ExpressionAttributeValues": {":s": {"N": "x"}}},
        "The parameter cannot be converted to a numeric value: x",
    ),
    (
        "UpdateItem",
        {
            "UpdateExpression": "SET a = :s",
            "ExpressionAttributeValues": {":s": {"S": ""}, ":t": {"S": ""}, ":u": {"S": ""}},
        },
        "1 validation error detected: Value provided in ExpressionAttributeValues unused in expressions: keys: {:t, :u}",
    ),
    (
        "Query",
        {"KeyConditionExpression": "a = :s", "ExpressionAttributeNames": {"#a": "b"}, **used(":s")},
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}",
    ),
]


@pytest.mark.parametrize(("operation", "params", "message"), PARAMETERS)
def test_parameters_that_do_not_go_together_are_told_in_awss_words(
    operation: str, params: dict[str, Any], message: str
) -> None:
    assert message_of(operation, **params) == message


def test_the_size_of_a_string_is_counted_in_utf_16_units() -> None:
    condition = read_expressions(
        "PutItem", {"ConditionExpression": "size(a) = :n", "ExpressionAttributeValues": {":n": {"N": "3"}}}
    ).condition
    assert condition is not None
    assert condition.holds({"a": {"S": "\N{LATIN SMALL LETTER E WITH ACUTE}\N{GRINNING FACE}"}})
