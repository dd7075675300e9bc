from __future__ import annotations

from typing import Any

import pytest

from emulator.deploy.errors import TemplateError
from emulator.deploy.parameters import parameter_values, read_parameters
from emulator.deploy.tests.fake_aws import FakeAws
from emulator.errors import AwsError


def values(definition: dict[str, Any], given: dict[str, str], aws: FakeAws | None = None) -> Any:
    parameters = read_parameters({"Parameters": {"P": definition}})
    return (FakeAws() if aws is None else aws).run(parameter_values(parameters, given))["P"]


ACCEPTED: list[tuple[dict[str, Any], dict[str, str], Any]] = [
    ({"Type": "String", "Default": "x"}, {}, "x"),
    ({"Type": "String", "Default": True}, {}, "true"),
    ({"Type": "Number", "Default": 2}, {"P": "3"}, "3"),
    ({"Type": "CommaDelimitedList"}, {"P": "a, b"}, ["a", "b"]),
    ({"Type": "List<Number>"}, {"P": "1,2"}, ["1", "2"]),
    ({"Type": "AWS::EC2::VPC::Id"}, {"P": "vpc-1"}, "vpc-1"),
    ({"Type": "List<AWS::EC2::Subnet::Id>"}, {"P": "a,b"}, ["a", "b"]),
    ({"Type": "String", "AllowedValues": [True, "b"]}, {"P": "true"}, "true"),
    ({"Type": "Number", "MinValue": 1, "MaxValue": 6}, {"P": "6"}, "6"),
]


@pytest.mark.parametrize(("definition", "given", "expected"), ACCEPTED)
def test_parameter_gives_its_value(definition: dict[str, Any], given: dict[str, str], expected: Any) -> None:
    assert values(definition, given) == expected


REFUSED: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({"Type": "String"}, {}, r"Parameters: \[P\] must have values"),
    ({"Type": "String", "Default": ""}, {"Q": "1"}, r"Parameters: \[Q\] do not exist in the template"),
    ({"Type": "Number"}, {"P": "x"}, "must be a number"),
    ({"Type": "Number", "MaxValue": 6}, {"P": "7"}, "not greater than 6"),
    ({"Type": "String", "MinLength": 2}, {"P": "a"}, "at least 2 characters"),
    ({"Type": "String", "AllowedPattern": "[a-z]+"}, {"P": "A"}, "must match pattern"),
    ({"Type": "String", "AllowedValues": ["a"], "ConstraintDescription": "only a"}, {"P": "b"}, "only a"),
    ({"Type": "Strange"}, {"P": "b"}, "Unrecognized parameter type: Strange"),
]


@pytest.mark.parametrize(("definition", "given", "message"), REFUSED)
def test_parameter_is_refused(definition: dict[str, Any], given: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        values(definition, given)


def test_ssm_parameter_type_reads_the_parameter_store() -> None:
    aws = FakeAws("ssm")
    aws.answers["ssm", "GetParameter"] = lambda params: {"Parameter": {"Value": f"value of {params['Name']}"}}
    assert values({"Type": "AWS::SSM::Parameter::Value<String>"}, {"P": "/a"}, aws) == "value of /a"


def test_ssm_parameter_that_is_not_there_is_named() -> None:
    aws = FakeAws("ssm")
    aws.answers["ssm", "GetParameter"] = lambda params: AwsError.named("ParameterNotFound", "")
    with pytest.raises(TemplateError, match=r"Unable to fetch parameters \[/a\]"):
        values({"Type": "AWS::SSM::Parameter::Value<String>"}, {"P": "/a"}, aws)
