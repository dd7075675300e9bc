"""Who may do what. https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html"""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.services.s3.tests.wire_driver import WireDriver, code_of, text_of

ARN = "arn:aws:s3:::bucket"
ROOT = "arn:aws:iam::000000000000:root"


@pytest.fixture
def s3() -> WireDriver:
    driver = WireDriver()
    driver.open_bucket()
    driver.call("PutObject", Bucket="bucket", Key="k", Body=b"body")
    return driver


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str = "s3:GetObject", resource: str = f"{ARN}/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def put_policy(s3: WireDriver, *statements: dict[str, Any]) -> None:
    s3.call("PutBucketPolicy", Bucket="bucket", Policy=policy(*statements))


def test_nobody_unsigned_gets_in_by_default(s3: WireDriver) -> None:
    for method, target in (
        ("GET", "/bucket/k"),
        ("PUT", "/bucket/new"),
        ("GET", "/bucket"),
        ("GET", "/"),
        ("DELETE", "/bucket/k"),
    ):
        answer = s3.request(method, target, signed=False)
        assert (answer.status, code_of(answer)) == (403, "AccessDenied")
    assert s3.request("GET", "/none/k", signed=False).status == 404


def test_a_policy_opens_what_it_names(s3: WireDriver) -> None:
    put_policy(s3, allow())
    assert text_of(s3.request("GET", "/bucket/k", signed=False)) == "body"
    assert s3.request("PUT", "/bucket/k", signed=False).status == 403
    assert s3.request("GET", "/bucket", signed=False).status == 403
    # Who may not list is not told whether a key is there.
    assert s3.request("GET", "/bucket/none", signed=False).status == 403
    put_policy(s3, allow(), allow("s3:ListBucket", ARN))
    assert s3.request("GET", "/bucket/none", signed=False).status == 404


def test_a_denial_wins_over_every_permission(s3: WireDriver) -> None:
    put_policy(s3, allow(), allow(Effect="Deny", Resource=f"{ARN}/secret*"))
    s3.call("PutObject", Bucket="bucket", Key="secret", Body=b"")
    assert s3.request("GET", "/bucket/secret", signed=False).status == 403
    denied = s3.request("GET", "/bucket/secret")
    assert (denied.status, code_of(denied)) == (403, "AccessDenied")
    assert "with an explicit deny in a resource-based policy" in text_of(denied)
    assert s3.request("GET", "/bucket/k").status == 200


def test_the_accounts_root_can_always_mend_a_policy(s3: WireDriver) -> None:
    put_policy(s3, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]})
    assert s3.request("GET", "/bucket/k").status == 403
    assert s3.request("DELETE", "/bucket?policy").status == 204
    assert s3.request("GET", "/bucket/k").status == 200


@pytest.mark.parametrize(
    ("condition", "target", "status"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, "/bucket/k", 403),
        ({"Bool": {"aws:SecureTransport": "true"}}, "/bucket/k", 200),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "/bucket/k", 200),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "/bucket/k", 403),
        ({"StringLike": {"aws:UserAgent": "curl*"}}, "/bucket/k", 200),
        ({"StringNotEquals": {"aws:Referer": "x"}}, "/bucket/k", 200),
        ({"StringEquals": {"aws:Referer": "x"}}, "/bucket/k", 403),
        ({"StringEqualsIfExists": {"aws:Referer": "x"}}, "/bucket/k", 200),
        ({"Null": {"aws:Referer": "true"}}, "/bucket/k", 200),
        ({"DateLessThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}}, "/bucket/k", 200),
        ({"NumericGreaterThan": {"aws:EpochTime": "1799999999"}}, "/bucket/k", 403),
        ({"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}, "/bucket/k", 403),
        ({"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}, "/bucket/tagged", 200),
        ({"ForAnyValue:StringEquals": {"aws:UserAgent": ["curl/8", "wget"]}}, "/bucket/k", 200),
    ],
)
def test_conditions_are_judged_by_the_request(s3: WireDriver, condition: Any, target: str, status: int) -> None:
    s3.call("PutObject", Bucket="bucket", Key="tagged", Body=b"", Tagging="public=yes")
    put_policy(s3, allow(Condition=condition))
    assert s3.request("GET", target, headers={"User-Agent": "curl/8"}, signed=False).status == status


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("nonsense", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        (policy({"Effect": "Allow"}), "Missing required field Principal"),
        (policy(allow(Effect="Maybe")), "Invalid effect : Maybe"),
        (policy(allow("sqs:SendMessage")), "Policy has invalid action"),
        (policy(allow(resource="arn:aws:s3:::other/*")), "Policy has invalid resource"),
        (policy(allow(Principal={"AWS": "nobody"})), "Invalid principal in policy"),
        (policy(allow(Condition={"Sounds": {"aws:SourceIp": "x"}})), "Invalid Condition type : Sounds"),
    ],
)
def test_a_policy_that_cannot_be_understood_is_refused(s3: WireDriver, text: str, message: str) -> None:
    error = s3.refused("PutBucketPolicy", Bucket="bucket", Policy=text)
    assert (error.code, error.message) == ("MalformedPolicy", message)


def test_a_public_access_block_holds_back_policies_and_lists(s3: WireDriver) -> None:
    put_policy(s3, allow())
    s3.call("PutObjectAcl", Bucket="bucket", Key="k", ACL="public-read")
    s3.call("PutPublicAccessBlock", Bucket="bucket", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert s3.request("GET", "/bucket/k", signed=False).status == 200  # the list still opens it
    block = {
        "RestrictPublicBuckets": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "BlockPublicAcls": True,
    }
    s3.call("PutPublicAccessBlock", Bucket="bucket", PublicAccessBlockConfiguration=block)
    assert s3.request("GET", "/bucket/k", signed=False).status == 403
    assert s3.refused("PutBucketPolicy", Bucket="bucket", Policy=policy(allow())).code == "AccessDenied"
    assert s3.refused("PutObjectAcl", Bucket="bucket", Key="k", ACL="public-read").code == "AccessDenied"
    fixed = allow(Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    s3.call("PutBucketPolicy", Bucket="bucket", Policy=policy(fixed))
    assert s3.call("GetBucketPolicyStatus", Bucket="bucket") == {"PolicyStatus": {"IsPublic": False}}


def test_lists_open_buckets_and_objects(s3: WireDriver) -> None:
    s3.call("PutBucketAcl", Bucket="bucket", ACL="public-read-write")
    assert s3.request("GET", "/bucket", signed=False).status == 200
    assert s3.request("PUT", "/bucket/new", b"x", signed=False).status == 200
    assert s3.request("GET", "/bucket/k", signed=False).status == 403
    s3.call("PutObjectAcl", Bucket="bucket", Key="k", ACL="public-read")
    assert s3.request("GET", "/bucket/k", signed=False).status == 200
    assert s3.request("GET", "/bucket/k?acl", signed=False).status == 403
    s3.call(
        "PutBucketOwnershipControls",
        Bucket="bucket",
        OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    )
    assert s3.request("GET", "/bucket/k", signed=False).status == 200


def test_a_new_bucket_has_no_lists_and_is_blocked() -> None:
    s3 = WireDriver()
    s3.call("CreateBucket", Bucket="new")
    assert s3.call("GetBucketOwnershipControls", Bucket="new")["OwnershipControls"]["Rules"] == [
        {"ObjectOwnership": "BucketOwnerEnforced"}
    ]
    assert all(s3.call("GetPublicAccessBlock", Bucket="new")["PublicAccessBlockConfiguration"].values())
    s3.call("PutObject", Bucket="new", Key="k", Body=b"", ACL="bucket-owner-full-control")
    for acl in ("public-read", "private"):
        error = s3.refused("PutObject", Bucket="new", Key="k", Body=b"", ACL=acl)
        assert (error.code, error.message) == ("AccessControlListNotSupported", "The bucket does not allow ACLs")
    error = s3.refused("CreateBucket", Bucket="open", ACL="public-read")
    assert error.code == "InvalidBucketAclWithObjectOwnership"
    error = s3.refused("CreateBucket", Bucket="odd", ObjectOwnership="Mine")
    assert (error.code, error.message) == ("InvalidArgument", "Invalid x-amz-object-ownership header: Mine")


OWNER = {"ID": WireDriver().service.canonical_user_id}


@pytest.mark.parametrize(
    ("params", "code", "fields"),
    [
        ({}, "MissingSecurityHeader", {"MissingHeaderName": "x-amz-acl"}),
        ({"ACL": "odd"}, "InvalidArgument", {"ArgumentName": "x-amz-acl", "ArgumentValue": "odd"}),
        ({"ACL": "private", "GrantRead": 'uri="x"'}, "InvalidRequest", {}),
        ({"ACL": "private", "AccessControlPolicy": {}}, "UnexpectedContent", {}),
        ({"GrantRead": "odd"}, "InvalidArgument", {"ArgumentName": "x-amz-grant-read", "ArgumentValue": "odd"}),
        ({"GrantRead": 'uri="x"'}, "InvalidArgument", {"ArgumentName": "uri", "ArgumentValue": "x"}),
        ({"GrantWrite": 'id="x"'}, "InvalidArgument", {"ArgumentName": "id", "ArgumentValue": "x"}),
        ({"GrantRead": 'emailAddress="a@b.c"'}, "UnresolvableGrantByEmailAddress", {}),
        ({"AccessControlPolicy": {"Owner": OWNER}}, "MalformedACLError", {}),
        (
            {"AccessControlPolicy": {"Owner": {"ID": "x"}, "Grants": []}},
            "InvalidArgument",
            {"ArgumentName": "CanonicalUser/ID", "ArgumentValue": "x"},
        ),
        (
            {
                "AccessControlPolicy": {
                    "Owner": OWNER,
                    "Grants": [{"Grantee": {"Type": "Group", "URI": "x"}, "Permission": "READ"}],
                }
            },
            "InvalidArgument",
            {"ArgumentName": "Group/URI", "ArgumentValue": "x"},
        ),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused(s3: WireDriver, params: Any, code: str, fields: Any) -> None:
    error = s3.refused("PutBucketAcl", Bucket="bucket", **params)
    assert (error.code, error.fields) == (code, fields)


def test_a_list_is_told_as_it_was_given(s3: WireDriver) -> None:
    group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    s3.call("PutObjectAcl", Bucket="bucket", Key="k", GrantRead=f'uri="{group}"', GrantFullControl=f"id={OWNER['ID']}")
    assert s3.call("GetObjectAcl", Bucket="bucket", Key="k") == {
        "Owner": OWNER,
        "Grants": [
            {"Grantee": {**OWNER, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"},
            {"Grantee": {"URI": group, "Type": "Group"}, "Permission": "READ"},
        ],
    }
    answer = s3.request("GET", "/bucket/k?acl")
    assert f'xsi:type="Group"><URI>{group}</URI>' in text_of(answer)
