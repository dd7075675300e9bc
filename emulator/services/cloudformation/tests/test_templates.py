from __future__ import annotations

import botocore.loaders
import botocore.model
import pytest
import yaml

from emulator.errors import AwsError
from emulator.services.cloudformation import CloudformationService, errors
from emulator.services.cloudformation.tests.cloudformation_client import CloudformationClient, queue

TEMPLATE = {
    "Description": "two queues",
    "Parameters": {"P": {"Type": "String", "Default": "d", "AllowedValues": ["d", "e"], "Description": "what"}},
    "Resources": {"Q": queue(), "R": queue()},
}


@pytest.fixture
def client() -> CloudformationClient:
    return CloudformationClient()


def test_validate_template_tells_what_is_declared(client: CloudformationClient) -> None:
    answer = client.call("ValidateTemplate", TemplateBody=yaml.safe_dump(TEMPLATE))
    assert answer["Description"] == "two queues"
    assert answer["Parameters"] == [{"ParameterKey": "P", "DefaultValue": "d", "NoEcho": False, "Description": "what"}]


def test_get_template_summary_tells_types_and_parameters(client: CloudformationClient) -> None:
    answer = client.call("GetTemplateSummary", TemplateBody=yaml.safe_dump(TEMPLATE))
    assert answer["ResourceTypes"] == ["AWS::SQS::Queue"]
    assert answer["Parameters"][0]["ParameterConstraints"] == {"AllowedValues": ["d", "e"]}


def test_get_template_gives_the_text_as_it_came(client: CloudformationClient) -> None:
    text = "# a comment\n" + yaml.safe_dump(TEMPLATE)
    client.create(text)
    assert client.call("GetTemplate", StackName="demo")["TemplateBody"] == text


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.us-east-1.amazonaws.com/my-bucket/folder/t.yaml",
        "https://my-bucket.s3.amazonaws.com/folder/t.yaml",
        "https://my-bucket.s3.eu-west-1.amazonaws.com/folder/t.yaml",
        "http://localhost:4566/my-bucket/folder/t.yaml",
        "s3://my-bucket/folder/t.yaml",
    ],
)
def test_a_template_is_read_from_any_form_of_s3_address(client: CloudformationClient, url: str) -> None:
    client.aws.answers["s3", "GetObject"] = lambda params: {"Body": yaml.safe_dump(TEMPLATE).encode()}
    client.call("CreateStack", StackName="demo", TemplateURL=url)
    assert client.aws.calls[0] == ("s3", "GetObject", {"Bucket": "my-bucket", "Key": "folder/t.yaml"})


def test_a_template_that_cannot_be_read_is_named(client: CloudformationClient) -> None:
    client.aws.answers["s3", "GetObject"] = lambda params: AwsError.named("NoSuchKey", "not there")
    with pytest.raises(AwsError, match=r"S3 error: not there \(NoSuchKey\)"):
        client.call("CreateStack", StackName="demo", TemplateURL="https://b.s3.amazonaws.com/k")


def model() -> botocore.model.ServiceModel:
    loader = botocore.loaders.Loader()
    return botocore.model.ServiceModel(loader.load_service_model("cloudformation", "service-2"), "cloudformation")


def test_operations_and_errors_carry_the_names_of_the_api() -> None:
    service = model()
    assert set(CloudformationService.operations) <= set(service.operation_names)
    for name in errors.__all__:
        if name == "ValidationError":
            continue
        wire = service.shape_for(name).metadata["error"]
        assert (getattr(errors, name).code, getattr(errors, name).status) == (wire["code"], wire["httpStatusCode"])
