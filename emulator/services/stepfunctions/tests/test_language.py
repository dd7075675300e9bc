"""The pure parts of the language: comparators, intrinsic functions, paths, error matching, definitions. Tables of cases."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.stepfunctions.asl import Document, parse_definition
from emulator.services.stepfunctions.asl.definition import Retrier
from emulator.services.stepfunctions.asl.document import dumps, loads
from emulator.services.stepfunctions.asl.failures import backoff_seconds, matches
from emulator.services.stepfunctions.asl.paths import PathNotFound, parse_path, parse_reference_path, put
from emulator.services.stepfunctions.asl.timestamps import format_timestamp, parse_timestamp
from emulator.services.stepfunctions.tests.machine_room import MachineRoom, machine

DATA: Any = {
    "n": 5,
    "zero": 0,
    "float": 5.0,
    "s": "abc",
    "empty": "",
    "yes": True,
    "no": False,
    "null": None,
    "time": "2026-01-01T00:00:00Z",
    "later": "2026-01-01T01:00:00+00:30",
    "star": "a*b",
    "list": [1, 2, 3],
    "object": {"a b": {"c": 1}},
    "books": [{"price": 5, "kind": "x"}, {"price": 15, "kind": "y"}, {"kind": "x"}],
}

CHOICES: list[tuple[dict[str, Any], bool]] = [
    ({"Variable": "$.n", "NumericEquals": 5}, True),
    ({"Variable": "$.n", "NumericEquals": 5.0}, True),
    ({"Variable": "$.zero", "NumericEquals": 0}, True),
    ({"Variable": "$.no", "NumericEquals": 0}, False),
    ({"Variable": "$.yes", "NumericEquals": 1}, False),
    ({"Variable": "$.s", "NumericEquals": 5}, False),
    ({"Variable": "$.n", "NumericGreaterThan": 4}, True),
    ({"Variable": "$.n", "NumericGreaterThan": 5}, False),
    ({"Variable": "$.n", "NumericGreaterThanEquals": 5}, True),
    ({"Variable": "$.n", "NumericLessThan": 6}, True),
    ({"Variable": "$.n", "NumericLessThanEquals": 4}, False),
    ({"Variable": "$.n", "NumericEqualsPath": "$.float"}, True),
    ({"Variable": "$.n", "NumericLessThanPath": "$.s"}, False),
    ({"Variable": "$.s", "StringEquals": "abc"}, True),
    ({"Variable": "$.empty", "StringEquals": ""}, True),
    ({"Variable": "$.null", "StringEquals": ""}, False),
    ({"Variable": "$.s", "StringLessThan": "abd"}, True),
    ({"Variable": "$.s", "StringGreaterThanEqualsPath": "$.s"}, True),
    ({"Variable": "$.s", "StringMatches": "a*"}, True),
    ({"Variable": "$.s", "StringMatches": "*b"}, False),
    ({"Variable": "$.star", "StringMatches": "a\\*b"}, True),
    ({"Variable": "$.s", "StringMatches": "a\\*c"}, False),
    ({"Variable": "$.yes", "BooleanEquals": True}, True),
    ({"Variable": "$.no", "BooleanEquals": False}, True),
    ({"Variable": "$.zero", "BooleanEquals": False}, False),
    ({"Variable": "$.no", "BooleanEqualsPath": "$.yes"}, False),
    ({"Variable": "$.time", "TimestampEquals": "2026-01-01T01:00:00+01:00"}, True),
    ({"Variable": "$.time", "TimestampLessThanPath": "$.later"}, True),
    ({"Variable": "$.s", "TimestampEquals": "2026-01-01T00:00:00Z"}, False),
    ({"Variable": "$.null", "IsNull": True}, True),
    ({"Variable": "$.zero", "IsNull": True}, False),
    ({"Variable": "$.zero", "IsNull": False}, True),
    ({"Variable": "$.missing", "IsPresent": False}, True),
    ({"Variable": "$.missing", "IsPresent": True}, False),
    ({"Variable": "$.null", "IsPresent": True}, True),
    ({"Variable": "$.n", "IsNumeric": True}, True),
    ({"Variable": "$.yes", "IsNumeric": True}, False),
    ({"Variable": "$.s", "IsString": True}, True),
    ({"Variable": "$.no", "IsBoolean": True}, True),
    ({"Variable": "$.time", "IsTimestamp": True}, True),
    ({"Variable": "$.s", "IsTimestamp": True}, False),
    ({"Not": {"Variable": "$.n", "NumericEquals": 5}}, False),
    ({"And": [{"Variable": "$.n", "IsNumeric": True}, {"Variable": "$.no", "BooleanEquals": True}]}, False),
    ({"Or": [{"Variable": "$.no", "BooleanEquals": True}, {"Variable": "$.n", "IsNumeric": True}]}, True),
    ({"Variable": "$.list[-1]", "NumericEquals": 3}, True),
    ({"Variable": "$['object']['a b'].c", "NumericEquals": 1}, True),
]


@pytest.mark.parametrize(("rule", "holds"), CHOICES, ids=[json.dumps(rule) for rule, _ in CHOICES])
def test_choice_comparators(rule: dict[str, Any], holds: bool) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html"""
    definition = machine(
        Choose={"Type": "Choice", "Choices": [rule | {"Next": "Yes"}], "Default": "No"},
        Yes={"Type": "Pass", "Result": True, "End": True},
        No={"Type": "Pass", "Result": False, "End": True},
    )
    assert json.loads(MachineRoom().execute(definition, DATA)["output"]) is holds


def test_a_comparison_of_something_missing_ends_the_execution() -> None:
    rule = {"Variable": "$.missing", "NumericEquals": 1, "Next": "Yes"}
    described = MachineRoom().execute(machine(Choose={"Type": "Choice", "Choices": [rule]}, Yes={"Type": "Succeed"}))
    assert described["error"] == "States.Runtime"
    assert described["cause"] == (
        "An error occurred while executing the state 'Choose' (entered at the event id #2). Invalid path '$.missing': "
        "The choice state's condition path references an invalid value."
    )


def test_no_matching_rule_without_a_default_has_its_own_error() -> None:
    rule = {"Variable": "$", "IsNull": True, "Next": "Yes"}
    described = MachineRoom().execute(machine(Choose={"Type": "Choice", "Choices": [rule]}, Yes={"Type": "Succeed"}))
    assert described["error"] == "States.NoChoiceMatched"


INTRINSICS: list[tuple[str, Any]] = [
    ("States.Format('{} is {}', $.s, $.n)", "abc is 5"),
    ("States.Format('\\{\\} {}', $.empty)", "{} "),
    ("States.Format('it\\'s {}', $.null)", "it's null"),
    ("States.Format('{} {}', $.no, $.float)", "false 5.0"),
    ("States.Array()", []),
    ("States.Array(1, 'a', $.null, false, States.Array(2.5))", [1, "a", None, False, [2.5]]),
    ("States.Array('a\\{b')", ["a{b"]),
    ("States.ArrayPartition($.list, 2)", [[1, 2], [3]]),
    ("States.ArrayContains($.list, 3)", True),
    ("States.ArrayContains(States.Array(1), true)", False),
    ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
    ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
    ("States.ArrayGetItem($.list, 0)", 1),
    ("States.ArrayLength($.list)", 3),
    ("States.ArrayUnique(States.Array(1, 1.0, true, 'a', 'a', $.null, $.null))", [1, 1.0, True, "a", None]),
    ("States.Base64Encode('abc')", "YWJj"),
    ("States.Base64Decode('YWJj')", "abc"),
    ("States.Hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
    ("States.Hash('abc', 'SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("States.JsonMerge($.object, $.object, false)", {"a b": {"c": 1}}),
    ("States.StringToJson('{\"a\": 0}')", {"a": 0}),
    ("States.JsonToString($.object)", '{"a b":{"c":1}}'),
    ("States.MathAdd($.n, -7)", -2),
    ("States.MathAdd(1.5, 1)", 3),
    ("States.MathRandom(3, 4)", 3),
    ("States.StringSplit('1,2;3', ',;')", ["1", "2", "3"]),
    ("States.StringSplit($.s, '-')", ["abc"]),
]


@pytest.mark.parametrize(("call", "result"), INTRINSICS, ids=[call for call, _ in INTRINSICS])
def test_intrinsic_functions(call: str, result: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"""
    definition = machine(Do={"Type": "Pass", "Parameters": {"result.$": call}, "End": True})
    described = MachineRoom().execute(definition, DATA)
    assert json.dumps(json.loads(described["output"])["result"]) == json.dumps(result), described


REFUSED = [
    "States.ArrayGetItem($.list, 3)",
    "States.ArrayRange(1, 2000, 1)",
    "States.ArrayPartition($.list, 0)",
    "States.Base64Decode('???')",
    "States.Format('{} {}', 1)",
    "States.Hash('a', 'SHA-2')",
    "States.JsonMerge($.object, $.object, true)",
    "States.MathAdd('a', 1)",
    "States.MathRandom(2, 2)",
    "States.StringToJson('{')",
]


@pytest.mark.parametrize("call", REFUSED)
def test_intrinsic_functions_refuse_bad_arguments_by_name(call: str) -> None:
    definition = machine(Do={"Type": "Pass", "Parameters": {"result.$": call}, "End": True})
    described = MachineRoom().execute(definition, DATA)
    assert described["error"] == "States.IntrinsicFailure"
    assert call.partition("(")[0] in described["cause"]


def test_uuid_and_random_follow_the_seed() -> None:
    template = {"id.$": "States.UUID()", "number.$": "States.MathRandom(0, 1000000)"}
    definition = machine(Do={"Type": "Pass", "Parameters": template, "End": True})
    first, again, other = (MachineRoom(seed).execute(definition)["output"] for seed in (1, 1, 2))
    assert first == again != other


PATHS: list[tuple[str, Any]] = [
    ("$", DATA),
    ("$.n", 5),
    ("$['object']['a b']", {"c": 1}),
    ('$["object"]["a b"].c', 1),
    ("$.list[0]", 1),
    ("$.list[-1]", 3),
    ("$.list[0,2]", [1, 3]),
    ("$.list[1:]", [2, 3]),
    ("$.list[:-1]", [1, 2]),
    ("$.list[*]", [1, 2, 3]),
    ("$['n','s']", [5, "abc"]),
    ("$.books[*].price", [5, 15]),
    ("$..price", [5, 15]),
    ("$.books[?(@.price < 10)].kind", ["x"]),
    ("$.books[?(@.price > 1 && @.kind == 'y')].price", [15]),
    ("$.books[?(@.price)].price", [5, 15]),
    ("$.books[?(!@.price || @.price == 15)].kind", ["y", "x"]),
    ("$.missing[*]", []),
    ("$.missing..x", []),
]


@pytest.mark.parametrize(("path", "found"), PATHS, ids=[path for path, _ in PATHS])
def test_paths(path: str, found: Any) -> None:
    assert parse_path(path).select(DATA) == found


@pytest.mark.parametrize("path", ["$.missing", "$.missing.x", "$.list[3]", "$.n.x", "$.s[0]", "$.null.x"])
def test_definite_paths_that_lead_nowhere_fail(path: str) -> None:
    with pytest.raises(PathNotFound):
        parse_path(path).select(DATA)


@pytest.mark.parametrize("path", ["", "n", "$.", "$.a[", "$.a[x]", "$.a b", "$[?(@.x ==)]", "$.a.length()"])
def test_malformed_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="character"):
        parse_path(path)


@pytest.mark.parametrize("path", ["$.*", "$..a", "$.a[0:1]", "$$.Execution", "$variable"])
def test_results_cannot_be_written_to_these(path: str) -> None:
    with pytest.raises(ValueError, match="written"):
        parse_reference_path(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_documents_keep_every_value(value: Any) -> None:
    assert json.dumps(loads(dumps(value))) == json.dumps(value)
    assert Document(json.dumps(value)).value == value


@pytest.mark.parametrize("text", ["12345678901234567890123", "1.0", "-0.0", "[1e400]", "18446744073709551616"])
def test_numbers_keep_their_digits(text: str) -> None:
    document = Document(text)
    assert document.text == text
    if "e" not in text:
        assert dumps(document.value) == text


@given(JSON, st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=3))
def test_put_changes_only_its_place_and_never_its_input(value: Any, names: list[str]) -> None:
    data = {"other": [0, "", None]}
    before = json.dumps(data)
    result = put(data, tuple(f"_{name}" for name in names), value)
    assert json.dumps(data) == before
    assert result["other"] is data["other"]
    for name in names:
        result = result[f"_{name}"]
    assert result is value


MATCHES: list[tuple[list[str], str | None, bool]] = [
    (["States.ALL"], "Anything", True),
    (["States.ALL"], None, True),
    (["States.ALL"], "States.Timeout", True),
    (["States.ALL"], "States.Runtime", False),
    (["States.ALL"], "States.DataLimitExceeded", False),
    (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
    (["States.Runtime"], "States.Runtime", False),
    (["States.TaskFailed"], "Anything", True),
    (["States.TaskFailed"], "States.Timeout", False),
    (["States.TaskFailed"], "States.TaskFailed", True),
    (["States.Timeout"], "States.Timeout", True),
    (["States.Timeout"], "States.HeartbeatTimeout", True),
    (["States.HeartbeatTimeout"], "States.Timeout", False),
    (["A", "B"], "B", True),
    (["A"], "AB", False),
    (["a"], "A", False),
    (["A"], None, False),
]


@pytest.mark.parametrize(("error_equals", "error", "matched"), MATCHES)
def test_error_matching(error_equals: list[str], error: str | None, matched: bool) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
    assert matches(error_equals, error) is matched


def test_backoff_never_overflows() -> None:
    room = MachineRoom()
    retrier = Retrier(("States.ALL",), 1.0, 99_999, 10.0)
    assert backoff_seconds(retrier, 5_000, room.account.identifiers.random) == 31_622_400.0


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01T00:00:01.500000000Z", 1.5),
    ],
)
def test_timestamps(text: str, moment: float) -> None:
    assert parse_timestamp(text) == moment
    assert parse_timestamp(format_timestamp(moment)) == moment


PASS = {"Type": "Pass", "End": True}
NO_PATH = "SCHEMA_VALIDATION_FAILED: The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call"
NO_RESOURCE = (
    "SCHEMA_VALIDATION_FAILED: The resource provided nonsense is not recognized. The value is not a valid resource ARN, "
    "or the resource is not available in this region."
)
DEFINITIONS: list[tuple[Any, list[str]]] = [
    ([], ["SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object"]),
    ({}, ["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]),
    (
        {"StartAt": "pass1", "States": {"pass1": {"Type": "Pass", "Next": "pass3"}, "pass2": PASS}},
        [
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next",
            'MISSING_TRANSITION_TARGET: State "pass2" is not reachable. at /States/pass2',
        ],
    ),
    (
        machine(A={"Type": "Pass"}),
        ["SCHEMA_VALIDATION_FAILED: Missing one of the following fields: [Next, End] at /States/A"],
    ),
    (machine(A=PASS | {"Color": 1}), ["SCHEMA_VALIDATION_FAILED: Field is not supported at /States/A/Color"]),
    (
        machine(A=PASS | {"Parameters": {"x.$": "y"}}),
        [
            NO_PATH + " at /States/A/Parameters/x.$",
        ],
    ),
    (
        machine(A={"Type": "Wait", "Seconds": 1, "SecondsPath": "$.a", "End": True}),
        ["SCHEMA_VALIDATION_FAILED: Only one of these fields is allowed: [Seconds, SecondsPath] at /States/A"],
    ),
    (
        machine(A={"Type": "Task", "Resource": "nonsense", "End": True}),
        [
            NO_RESOURCE + " at /States/A/Resource",
        ],
    ),
    (
        machine(P={"Type": "Parallel", "End": True, "Branches": [machine(A=PASS), machine(A=PASS)]}),
        ["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/P/Branches[1]/States/A"],
    ),
]


@pytest.mark.parametrize(("definition", "texts"), DEFINITIONS, ids=[json.dumps(item[0])[:60] for item in DEFINITIONS])
def test_all_problems_of_a_definition_are_reported(definition: Any, texts: list[str]) -> None:
    tree, problems = parse_definition(json.dumps(definition))
    assert [str(problem) for problem in problems] == texts
    assert tree is None


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        (machine(A={"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": True}), "ecs:runTask"),
        (
            machine(A={"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}),
            "glue:startJobRun",
        ),
    ],
)
def test_what_this_emulator_does_not_do_is_named_at_creation(definition: Any, name: str) -> None:
    _, problems = parse_definition(json.dumps(definition))
    assert any(problem.unsupported and name in problem.message for problem in problems)
