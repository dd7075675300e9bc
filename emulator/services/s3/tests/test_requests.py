"""What S3 makes of requests that no SDK would send, and of values that S3 itself refuses, not its XML schema."""

from __future__ import annotations

import json

import pytest

from emulator.services.s3.tests.wire_driver import SIGNED, WireDriver, code_of, header, text_of

QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue"


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.open_bucket()
    driver.call("PutObject", Bucket="bucket", Key="k", Body=b"body")
    return driver


def test_a_post_says_in_its_query_what_it_does(s3: WireDriver) -> None:
    on_object = s3.request("POST", "/bucket/k")
    assert (on_object.status, code_of(on_object)) == (405, "MethodNotAllowed")
    assert "<Method>POST</Method><ResourceType>OBJECT</ResourceType>" in text_of(on_object)
    on_bucket = s3.request("POST", "/bucket", b"no form")
    assert (on_bucket.status, code_of(on_bucket)) == (412, "PreconditionFailed")
    assert "<Condition>Bucket POST must be of the enclosure-type multipart/form-data</Condition>" in text_of(on_bucket)
    assert s3.request("POST", "/bucket/k?uploads").status == 200


@pytest.mark.parametrize("document", ["versioning", "cors", "tagging", "website", "notification"])
def test_a_document_must_be_there(s3: WireDriver, document: str) -> None:
    answer = s3.request("PUT", f"/bucket?{document}")
    assert (answer.status, code_of(answer)) == (400, "MissingRequestBodyError")
    assert "<Message>Request Body is empty</Message>" in text_of(answer)


def test_an_empty_policy_is_a_policy_that_is_no_json(s3: WireDriver) -> None:
    answer = s3.request("PUT", "/bucket?policy")
    assert (answer.status, code_of(answer)) == (400, "MalformedPolicy")


def test_there_are_two_list_types(s3: WireDriver) -> None:
    assert s3.request("GET", "/bucket?list-type=2").status == 200
    answer = s3.request("GET", "/bucket?list-type=3")
    assert (answer.status, code_of(answer)) == (400, "InvalidArgument")
    assert "<ArgumentName>list-type</ArgumentName><ArgumentValue>3</ArgumentValue>" in text_of(answer)


def test_two_checksums_are_one_too_many_whether_they_hold_or_not(s3: WireDriver) -> None:
    both = {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-sha256": "AAAA"}
    answer = s3.request("PUT", "/bucket/new", b"x", both)
    assert (answer.status, code_of(answer)) == (400, "InvalidRequest")
    assert "Multiple checksum Types are not allowed." in text_of(answer)


def test_a_list_of_keys_to_delete_must_have_a_digest(s3: WireDriver) -> None:
    answer = s3.request("POST", "/bucket?delete", b"<Delete><Object><Key>k</Key></Object></Delete>")
    assert (answer.status, code_of(answer)) == (400, "InvalidRequest")
    assert "Content-MD5 OR x-amz-checksum-*" in text_of(answer)


def notification(rule: str, event: str = "s3:ObjectCreated:*") -> bytes:
    return (
        f"<NotificationConfiguration><QueueConfiguration><Queue>{QUEUE}</Queue><Event>{event}</Event><Filter><S3Key>"
        f"<FilterRule><Name>{rule}</Name><Value>x</Value></FilterRule></S3Key></Filter></QueueConfiguration>"
        "</NotificationConfiguration>"
    ).encode()


@pytest.mark.parametrize("name", ["prefix", "Prefix", "PREFIX", "Suffix"])
def test_the_name_of_a_filters_rule_may_be_in_any_case(s3: WireDriver, name: str) -> None:
    assert s3.request("PUT", "/bucket?notification", notification(name)).status == 200
    assert f"<Name>{name.capitalize()}</Name>" in text_of(s3.request("GET", "/bucket?notification"))


def test_other_rules_and_other_events_are_refused_by_s3_not_by_its_schema(s3: WireDriver) -> None:
    rule = s3.request("PUT", "/bucket?notification", notification("infix"))
    assert (rule.status, code_of(rule)) == (400, "InvalidArgument")
    assert "<ArgumentName>FilterRule.Name</ArgumentName><ArgumentValue>infix</ArgumentValue>" in text_of(rule)
    event = s3.request("PUT", "/bucket?notification", notification("prefix", "s3:ObjectRead:*"))
    assert (event.status, code_of(event)) == (400, "InvalidArgument")


def test_a_grant_against_the_schema_is_a_malformed_list(s3: WireDriver) -> None:
    owner = s3.call("GetBucketAcl", Bucket="bucket")["Owner"]["ID"]
    for kind, permission in (("CanonicalUser", "BAD"), ("Robot", "READ")):
        body = (
            f"<AccessControlPolicy><Owner><ID>{owner}</ID></Owner><AccessControlList><Grant>"
            f'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{kind}"><ID>{owner}</ID></Grantee>'
            f"<Permission>{permission}</Permission></Grant></AccessControlList></AccessControlPolicy>"
        )
        answer = s3.request("PUT", "/bucket?acl", body.encode())
        assert (answer.status, code_of(answer)) == (400, "MalformedACLError")


def test_a_website_redirects_by_http_or_https(s3: WireDriver) -> None:
    body = (
        b"<WebsiteConfiguration><RedirectAllRequestsTo><HostName>x</HostName><Protocol>ftp</Protocol>"
        b"</RedirectAllRequestsTo></WebsiteConfiguration>"
    )
    answer = s3.request("PUT", "/bucket?website", body)
    assert (answer.status, code_of(answer)) == (400, "InvalidRequest")
    assert "protocol can be http or https" in text_of(answer)


def test_the_signature_says_which_regions_endpoint_is_meant(s3: WireDriver) -> None:
    west = {"Authorization": SIGNED.replace("us-east-1", "us-west-2")}
    answer = s3.request("PUT", "/western", headers=west, signed=False)
    assert (answer.status, code_of(answer)) == (400, "IllegalLocationConstraintException")
    body = b"<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>"
    assert s3.request("PUT", "/western", body, west, signed=False).status == 200
    assert header(s3.request("HEAD", "/western"), "x-amz-bucket-region") == "us-west-2"
    again = s3.request("PUT", "/western", body, west, signed=False)
    assert (again.status, code_of(again)) == (409, "BucketAlreadyOwnedByYou")


@pytest.mark.parametrize(
    ("action", "resource", "message"),
    [
        ("s3:Bad", "/*", "Policy has invalid action"),
        ("s3:Bad*", "/*", "Policy has invalid action"),
        ("sqs:SendMessage", "/*", "Policy has invalid action"),
        ("s3:ListBucket", "/*", "Action does not apply to any resource(s) in statement"),
        ("s3:GetObject", "", "Action does not apply to any resource(s) in statement"),
        ("s3:ListAllMyBuckets", "", "Action does not apply to any resource(s) in statement"),
    ],
)
def test_the_actions_of_a_policy_are_of_s3_and_of_its_resources(
    s3: WireDriver, action: str, resource: str, message: str
) -> None:
    def document(named: str) -> str:
        return json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Deny", "Principal": "*", "Action": named, "Resource": f"arn:aws:s3:::bucket{resource}"
                },
            }
        )  # fmt: skip

    error = s3.refused("PutBucketPolicy", Bucket="bucket", Policy=document(action))
    assert (error.code, error.message) == ("MalformedPolicy", message)
    for good in ("*", "s3:*", "S3:getobject*" if resource else "s3:list*"):
        s3.call("PutBucketPolicy", Bucket="bucket", Policy=document(good))
