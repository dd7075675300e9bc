"""PartiQL statements. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AwsError
from emulator.services.dynamodb.tests.conftest import DynamodbDriver, av

NOT_WELL_FORMED = "Statement wasn't well formed, can't be processed: "
LEFTOVER = f"{NOT_WELL_FORMED}Unexpected token after expression"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"


@pytest.fixture
def table(dynamodb: DynamodbDriver) -> DynamodbDriver:
    """Three items of one partition in `Tab`, with an index `by_tag` on `tag` that shows the keys alone."""
    dynamodb.table(
        "Tab",
        "pk:S sk:N tag:S",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_tag",
                "KeySchema": [{"AttributeName": "tag", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    for number in (1, 2, 3):
        item = {"pk": "p", "sk": number, "tag": "x", "s": "str", "m": {"sub": "y"}, "ss": {"a", "b"}, "nul": None}
        dynamodb.call("PutItem", TableName="Tab", Item={name: av(value) for name, value in item.items()})
    return dynamodb


def run(driver: DynamodbDriver, statement: str, *parameters: Any, **more: Any) -> list[Any]:
    given = {"Parameters": list(parameters)} if parameters else {}
    items: list[Any] = driver.call("ExecuteStatement", Statement=statement, **given, **more)["Items"]
    return items


def keys(driver: DynamodbDriver, where: str, *parameters: Any) -> list[int]:
    return [int(item["sk"]["N"]) for item in run(driver, f"SELECT sk FROM Tab WHERE {where}", *parameters)]


SELECTIONS: dict[str, list[int]] = {
    "pk = 'p'": [1, 2, 3],
    "'p' = pk AND sk > 1": [2, 3],
    "pk = 'p' AND sk BETWEEN 2 AND 3": [2, 3],
    "pk = 'p' AND sk IN [1, 3]": [1, 3],
    "pk = 'p' AND NOT sk = 2": [1, 3],
    "pk = 'p' AND sk <> 2": [1, 3],
    "pk = 'p' AND sk = 1 OR pk = 'p' AND sk = 3": [1, 3],
    "pk IN ('p', 'q')": [1, 2, 3],
    "pk = 'p' OR pk = 'p' AND NOT sk = 1": [1, 2, 3],
    "pk = 'p' AND NOT sk IN [1, 3] OR pk = 'p' AND sk = 2;": [2],
    "(pk = 'p' AND sk < 2) OR (pk = 'p' AND sk > 2)": [1, 3],
    "pk = 'q' AND sk > 0": [],
    "sk = 2e0": [2],
    "pk = 'p' AND sk = .2e1": [2],
    "pk = 'p' AND attribute_exists(s) AND sk = 1": [1],
    "pk = 'p' AND ATTRIBUTE_NOT_EXISTS(s)": [],
    "pk = 'p' AND attribute_exists(\"s\") = true AND sk = 1": [1],
    "pk = 'p' AND attribute_exists(m.sub) = false": [],
    "pk = 'p' AND size(s) = 3 AND sk = 1": [1],
    "pk = 'p' AND attribute_type(ss, 'SS') AND sk = 1": [1],
    "pk = 'p' AND nul IS NULL AND sk = 1": [1],
    "pk = 'p' AND s IS NULL": [],
    "pk = 'p' AND s IS NOT NULL AND s IS STRING AND sk = 1": [1],
    "pk = 'p' AND nope IS MISSING AND sk = 1": [1],
    "pk = 'p' AND begins_with(s, 'st') AND contains(ss, 'a') AND sk = 3": [3],
    "pk = 'p' -- a note\n AND /* another */ sk = 1": [1],
    "pk = 'p' ORDER BY sk DESC": [3, 2, 1],
}


@pytest.mark.parametrize("where", SELECTIONS)
def test_a_where_clause_selects(table: DynamodbDriver, where: str) -> None:
    assert keys(table, where) == SELECTIONS[where]


def test_parameters_stand_for_values_anywhere(table: DynamodbDriver) -> None:
    assert keys(table, "pk = ? AND ss = ? AND sk < ?", {"S": "p"}, {"SS": ["b", "a"]}, {"N": "2.0"}) == [1]
    run(table, "INSERT INTO Tab VALUE {'pk': ?, 'sk': 9, 'l': [1, ?]}", {"S": "z"}, {"BOOL": True})
    assert run(table, "SELECT l FROM Tab WHERE pk = 'z' AND sk = 9") == [{"l": {"L": [{"N": "1"}, {"BOOL": True}]}}]


def test_a_column_stands_under_its_last_name(table: DynamodbDriver) -> None:
    assert run(table, "SELECT m.sub, sk FROM Tab WHERE pk = 'p' AND sk = 1") == [{"sub": {"S": "y"}, "sk": {"N": "1"}}]


def test_a_selection_goes_on_where_its_token_says(table: DynamodbDriver) -> None:
    statement, seen, token = "SELECT sk FROM Tab WHERE pk IN ['o', 'p']", [], {}
    for _ in range(4):
        page = table.call("ExecuteStatement", Statement=statement, Limit=1, **token)
        seen += [item["sk"]["N"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == ["1", "2", "3"]
    other = {"Statement": "SELECT * FROM Tab", "NextToken": "bm90IG9uZQ=="}
    assert table.error("ExecuteStatement", **other) == ("ValidationException", "Invalid NextToken")


def test_an_index_is_read_by_its_name(table: DynamodbDriver) -> None:
    assert len(run(table, "SELECT * FROM Tab.by_tag WHERE tag = 'x'")) == 3
    for statement, more, message in (
        (
            "SELECT s, m FROM Tab.by_tag WHERE tag = 'x'",
            {},
            "One or more parameter values were invalid: Global secondary index by_tag does not project [s, m]",
        ),
        (
            "SELECT pk FROM Tab.by_tag WHERE tag = 'x' AND s = 'str'",
            {},
            (
                "One or more parameter values were invalid: Secondary index by_tag does not project one or more filter "
                "attributes: [s]"
            ),
        ),
        (
            "SELECT * FROM Tab.by_tag WHERE tag = 'x'",
            {"ConsistentRead": True},
            "Strongly consistent read is not supported on Global Secondary Indexes",
        ),
        ("SELECT * FROM Tab.nope", {}, "The table does not have the specified index"),
        ("SELECT * FROM Tab.by_tag.more", {}, "A path may contain at most 2 components in the FROM clause"),
        ('SELECT * FROM Tab.""', {}, "Path component cannot be an empty string"),
        (
            "SELECT l[2147483648] FROM Tab",
            {},
            "List index is not within the allowable range; index: [2147483648] at 1:10:10",
        ),
        ("SELECT l[1.5] FROM Tab", {}, "Statement wasn't well formed, can't be processed: Unexpected term"),
    ):
        assert table.error("ExecuteStatement", Statement=statement, **more) == ("ValidationException", message)


# -- writes --------------------------------------------------------------------------------------------------------------


def test_an_insert_is_refused_where_the_item_exists(table: DynamodbDriver) -> None:
    assert run(table, "INSERT INTO Tab VALUE {'pk': 'n', 'sk': 1}") == []
    assert table.error("ExecuteStatement", Statement="INSERT INTO Tab VALUE {'pk': 'n', 'sk': 1.0}") == (
        "DuplicateItemException",
        "Duplicate primary key exists in table",
    )


def test_an_update_changes_an_item_that_exists_and_makes_none(table: DynamodbDriver) -> None:
    statement = "UPDATE Tab SET n = 1 SET m.sub = 'z' REMOVE s WHERE pk = 'p' AND sk = 1 RETURNING ALL NEW *"
    [item] = run(table, statement)
    assert (item["n"], item["m"], "s" in item) == ({"N": "1"}, {"M": {"sub": {"S": "z"}}}, False)
    assert run(table, "UPDATE Tab SET n = n + 1 WHERE pk = 'p' AND sk = 1 RETURNING MODIFIED OLD *") == [
        {"n": {"N": "1"}}
    ]
    for where in ("pk = 'p' AND sk = 7", "pk = 'p' AND sk = 1 AND n > 5"):
        code, _ = table.error("ExecuteStatement", Statement=f"UPDATE Tab SET n = 1 WHERE {where}")
        assert code == "ConditionalCheckFailedException"
    assert keys(table, "pk = 'p' AND sk = 7") == []


def test_an_update_may_begin_with_from(table: DynamodbDriver) -> None:
    assert run(table, "from Tab where pk = 'p' and sk = 1 set c = 1 remove s returning modified new *") == [
        {"c": {"N": "1"}}
    ]


def test_set_add_and_set_delete_change_members(table: DynamodbDriver) -> None:
    where = "WHERE pk = 'p' AND sk = 1 RETURNING MODIFIED NEW *"
    assert run(table, f"UPDATE Tab SET ss = SET_ADD(ss, <<'c', 'a'>>) {where}") == [{"ss": {"SS": ["a", "b", "c"]}}]
    assert run(table, f"UPDATE Tab SET ss = set_delete(ss, ?) {where}", {"SS": ["a", "b"]}) == [{"ss": {"SS": ["c"]}}]
    assert run(table, f"UPDATE Tab SET ss = set_delete(ss, <<'c'>>) {where}") == []


def test_a_delete_needs_no_item_but_its_conditions_do(table: DynamodbDriver) -> None:
    assert run(table, "DELETE FROM Tab WHERE pk = 'none' AND sk = 1") == []
    [item] = run(table, "DELETE FROM Tab WHERE pk = 'p' AND sk = 1 AND s = 'str' RETURNING ALL OLD *")
    assert item["sk"] == {"N": "1"}
    code, _ = table.error("ExecuteStatement", Statement="DELETE FROM Tab WHERE pk = 'p' AND sk = 2 AND s = 'other'")
    assert code == "ConditionalCheckFailedException"


REFUSED: dict[str, str] = {
    "SLECT * FROM Tab": f"{NOT_WELL_FORMED}Expected data manipulation",
    "SELECT * FROM Tab WHERE": f"{NOT_WELL_FORMED}Unexpected term",
    "SELECT * FROM Tab WHERE;": f"{NOT_WELL_FORMED}Unexpected term",
    "UPDATE Tab SET a = 1 WHERE": f"{NOT_WELL_FORMED}Unexpected term",
    "SELECT * FROM Tab WHERE NOT": f"{NOT_WELL_FORMED}Unexpected term",
    "SELECT * FROM Tab WHERE (": f"{NOT_WELL_FORMED}Unexpected term",
    "SELECT * FROM": f"{NOT_WELL_FORMED}Unexpected term",
    "DELETE FROM;": f"{NOT_WELL_FORMED}Expected identifier for simple path",
    "DELETE FROM WHERE pk = 'a'": f"{NOT_WELL_FORMED}Expected identifier for simple path",
    "SELECT * FROM Tab WHERE pk = 'p1' AND": f"{NOT_WELL_FORMED}Missing right-hand side expression of infix operator",
    "SELECT * FROM Tab WHERE pk = 'p1' OR": f"{NOT_WELL_FORMED}Missing right-hand side expression of infix operator",
    "SELECT * FROM Tab WHERE ORDER BY pk": f"{NOT_WELL_FORMED}Unexpected keyword",
    "SELECT * FROM Tab WHERE pk = 'a' AND x IS FOO": f"{NOT_WELL_FORMED}Expected type name",
    "SELECT * FROM Tab WHERE IS NULL": f"{NOT_WELL_FORMED}Unexpected operator",
    "SELECT * FROM Tab WHERE pk = LIKE": f"{NOT_WELL_FORMED}Unexpected operator",
    "x IS DOUBLE PRECISION": "Unsupported operation: IsType",
    "FROM Tab SET c = 1": "Where clause does not contain a mandatory equality on all key attributes",
    "FROM Tab SET c = 1 WHERE pk = 'p'": LEFTOVER,
    "SELECT * FROM Tab WHERE pk = 'a' AND x = '1' OR pk = 'a' AND sk = 2": "Overlapping conditions with range keys are "
    "not supported in where clause",
    "SELECT * FROM Tab WHERE pk = 'a' AND sk > 1 OR pk = 'a' AND sk BETWEEN 0 AND 5": "Overlapping conditions with range "
    "keys are not supported in where clause",
    "SELECT * FROM Tab WHERE pk = 1 foo": LEFTOVER,
    "SELECT * FROM Tab WHERE pk = 1 e5": LEFTOVER,
    "SELECT * FROM Tab WHERE pk = 1)": LEFTOVER,
    "SELECT * FROM Tab ORDER BY pk WHERE pk = 1": LEFTOVER,
    "INSERT INTO Tab VALUE {'pk': 1} foo": LEFTOVER,
    "INSERT INTO Tab t VALUE {'pk': 'x'}": LEFTOVER,
    "UPDATE Tab SET a = 9 WHERE pk = 1 foo": LEFTOVER,
    "DELETE FROM Tab WHERE pk = 1 ORDER BY pk": LEFTOVER,
    "SELECT * FROM Tab WHERE pk = 1e2147483648": NOT_WELL_FORMED,
    "SELECT * FROM Tab WHERE pk = 1.5e-2147483647": NOT_WELL_FORMED,
    "SELECT * FROM Tab WHERE pk = 1 # note": NOT_WELL_FORMED,
    "SELECT * FROM Tab WHERE pk = 1 /* note": NOT_WELL_FORMED,
    'SELECT * FROM "Tab': NOT_WELL_FORMED,
    "SELECT * FROM Tab t WHERE pk = 'x'": "Aliasing is not supported",
    "SELECT * FROM Tab AS t": "Aliasing is not supported",
    "UPDATE Tab t SET a = 3 WHERE pk = 'x'": "Aliasing is not supported",
    "SELECT * FROM Tab WHERE sk = 1e126": f"{OVERFLOW} under root",
    "INSERT INTO Tab VALUE {'pk': 'x', 'm': {'x': 1e126}}": f"{OVERFLOW} under root.x",
    "INSERT INTO Tab VALUE {'pk': 'x', 'l': [1, 1e126]}": f"{OVERFLOW} under root[1]",
    "SELECT * FROM Tab WHERE pk = 'p' AND attribute_exists('s')": "Operator or function requires a document path; "
    "operator or function: attribute_exists",
    "SELECT * FROM Tab WHERE pk = 'p' AND attribute_exists()": "Incorrect number of operands for operator or function; "
    "operator or function: attribute_exists, number of operands: 0",
    "SELECT attribute_exists(s) FROM Tab": "Unexpected path component at 1:8:16",
    "SELECT * FROM Tab WHERE EXISTS(ss)": "Unrecognized function: exists at 1:25:6",
    "SELECT * FROM Tab WHERE attribute_exists(m.inner)": f"{NOT_WELL_FORMED}Invalid path dot component",
    "UPDATE Tab SET t = set_add(ss, <<'x'>>) WHERE pk = 'p'": "The first argument to SET_ADD must equal the assignment "
    "value at 1:20:7",
    "UPDATE Tab SET ss = set_add(ss, 'x') WHERE pk = 'p'": "The second argument to SET_ADD must be a value with type SET "
    "at 1:29:2",
    "UPDATE Tab SET ss = set_delete(ss) WHERE pk = 'p'": "SET_DELETE must have exactly two arguments at 1:21:10",
    "UPDATE Tab SET ss = set_add(ss, <<'x', 'x'>>) WHERE pk = 'p'": "One or more parameter values were invalid: "
    "Input collection [x, x] contains duplicates.",
    "UPDATE Tab SET ss = set_add(ss, <<>>) WHERE pk = 'p'": "Empty bags are not supported",
    "UPDATE Tab SET ss = set_add(ss, <<1>>) WHERE pk = 'p' AND sk = 1": "An operand in the update expression has an "
    "incorrect data type",
    "INSERT INTO Tab VALUE {'pk': 'x', 's': set_add(<<'a'>>, <<'b'>>)}": "Unsupported data type: set_add under key root "
    "at 1:40:7",
    "UPDATE Tab SET a = 1 WHERE pk = 'p'": "Where clause does not contain a mandatory equality on all key attributes",
    "DELETE FROM Tab WHERE pk = 'x' RETURNING MODIFIED OLD *": "Invalid returning clause: RETURNING MODIFIED OLD *. "
    "Only RETURNING ALL OLD * is allowed in DELETE statements.",
    "SELECT * FROM Tab WHERE pk = ?": "Number of parameters in request and statement don't match.",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_what_a_statement_cannot_say_is_told_in_awss_words(table: DynamodbDriver, statement: str) -> None:
    assert table.error("ExecuteStatement", Statement=statement) == ("ValidationException", REFUSED[statement])


def test_operand_types_are_checked_before_the_table_is_looked_up(dynamodb: DynamodbDriver) -> None:
    statement = "SELECT * FROM none WHERE pk = ? AND v < ?"
    assert dynamodb.error("ExecuteStatement", Statement=statement, Parameters=[{"S": "x"}, {"BOOL": True}]) == (
        "ValidationException",
        "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    )
    code, _ = dynamodb.error("ExecuteStatement", Statement="SELECT * FROM none")
    assert code == "ResourceNotFoundException"


# -- batches and transactions --------------------------------------------------------------------------------------------


def test_a_batch_runs_each_statement_for_itself(table: DynamodbDriver) -> None:
    statements = [
        "SELECT sk FROM Tab WHERE pk = 'p' AND sk = 1",
        "SLECT",
        "SELECT * FROM Tab WHERE pk = 'p'",
        "SELECT * FROM none WHERE pk = 'p'",
        "SELECT * FROM Tab WHERE pk = 'p' AND sk = 77",
    ]
    answer = table.call(
        "BatchExecuteStatement",
        Statements=[{"Statement": statement} for statement in statements],
        ReturnConsumedCapacity="TOTAL",
    )
    found = answer["Responses"]
    assert found[0] == {"TableName": "Tab", "Item": {"sk": {"N": "1"}}}
    assert [response.get("Error", {}).get("Code") for response in found] == [
        None,
        "ValidationError",
        "ValidationError",
        "ResourceNotFound",
        None,
    ]
    assert found[2]["Error"]["Message"] == (
        "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
    )
    assert found[4] == {"TableName": "Tab"}
    assert [row["CapacityUnits"] for row in answer["ConsumedCapacity"]] == [0.5, 0.5]


def transaction(driver: DynamodbDriver, *statements: str, **more: Any) -> Any:
    rows = [{"Statement": statement} for statement in statements]
    return driver.call("ExecuteTransaction", TransactStatements=rows, **more)


def test_a_transaction_writes_all_or_nothing(table: DynamodbDriver) -> None:
    assert transaction(
        table, "INSERT INTO Tab VALUE {'pk': 'n', 'sk': 1}", "UPDATE Tab SET s = 'new' WHERE pk = 'p' AND sk = 1"
    ) == {"Responses": []}
    with pytest.raises(AwsError) as caught:
        transaction(table, "INSERT INTO Tab VALUE {'pk': 'n', 'sk': 1}", "DELETE FROM Tab WHERE pk = 'p' AND sk = 1")
    assert caught.value.code == "TransactionCanceledException"
    assert caught.value.message.endswith("[DuplicateItem, None]")
    assert keys(table, "pk = 'p' AND s = 'new'") == [1]


def test_exists_is_a_condition_of_the_transaction(table: DynamodbDriver) -> None:
    update = "UPDATE Tab SET t = 1 WHERE pk = 'p' AND sk = 2"
    transaction(table, "EXISTS(SELECT * FROM Tab WHERE pk = 'p' AND sk = 1 AND s = 'str')", update)
    with pytest.raises(AwsError, match="ConditionalCheckFailed, None"):
        transaction(table, "EXISTS(SELECT * FROM Tab WHERE pk = 'p' AND sk = 1 AND s = 'other')", update)


def test_a_transaction_of_reads_answers_in_order(table: DynamodbDriver) -> None:
    statements = [f"SELECT sk FROM Tab WHERE pk = 'p' AND sk = {number}" for number in (2, 9, 1)]
    assert transaction(table, *statements)["Responses"] == [
        {"Item": {"sk": {"N": "2"}}},
        {},
        {"Item": {"sk": {"N": "1"}}},
    ]


def test_a_token_makes_a_transaction_happen_once(table: DynamodbDriver) -> None:
    statement = "UPDATE Tab SET sum = if_not_exists(sum, 0) + 1 WHERE pk = 'p' AND sk = 1"
    first = transaction(table, statement, ClientRequestToken="once", ReturnConsumedCapacity="INDEXES")
    again = transaction(table, statement, ClientRequestToken="once", ReturnConsumedCapacity="INDEXES")
    assert run(table, "SELECT sum FROM Tab WHERE pk = 'p' AND sk = 1") == [{"sum": {"N": "1"}}]
    assert first["ConsumedCapacity"][0]["WriteCapacityUnits"] == 2
    assert again["ConsumedCapacity"][0]["ReadCapacityUnits"] == 2


MEMBERS: dict[str, str] = {
    "UPDATE Tab SET s = 'v' WHERE pk = 'p' AND sk = 1 RETURNING ALL NEW *": "RETURNING clause is not supported in "
    "ExecuteTransaction.",
    "SELECT * FROM Tab.by_tag WHERE tag = 'x'": "Reads on indices are not supported within transactions.",
    "SELECT * FROM Tab WHERE pk = 'p' AND sk = 1 AND attribute_exists(s)": "Select statements within ExecuteTransaction "
    "must specify the primary key in the where clause.",
    "EXISTS(SELECT * FROM Tab WHERE pk = 'p' AND sk = 1)": "EXISTS() must contain a single item read with additional "
    "condition",
}


@pytest.mark.parametrize("statement", MEMBERS)
def test_what_a_transaction_cannot_hold_is_told_with_its_number(table: DynamodbDriver, statement: str) -> None:
    assert table.error("ExecuteTransaction", TransactStatements=[{"Statement": statement}]) == (
        "ValidationException",
        f"Validation failed in TransactStatements[0]: {MEMBERS[statement]}",
    )
