"""AWS Identity and Access Management. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.deploy.properties import INT, JSON, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

HOLDERS = (
    ("Roles", "Role", "RoleName"),
    ("Users", "User", "UserName"),
    ("Groups", "Group", "GroupName"),
)
"""Who can hold a policy: the property that lists them, the word in the operation's name, the parameter."""


def _document(value: Any) -> str:
    """A policy as text. One without a version, as SAM writes them for events, is an old one on AWS; here every version means the same."""
    if isinstance(value, str):
        return value
    return json.dumps({"Version": "2012-10-17", **value} if isinstance(value, dict) else value)


# -- Role ------------------------------------------------------------------------------------------------------------------------


def _create_role(request: Request) -> Process:
    name = request.get("RoleName") or request.generated_name(64)
    params = {
        "RoleName": name,
        "AssumeRolePolicyDocument": _document(request["AssumeRolePolicyDocument"]),
        **pick(request.properties, "Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"),
    }
    answer = yield Call("iam", "CreateRole", params)
    made = Made(name, {"Arn": answer["Role"]["Arn"], "RoleId": answer["Role"]["RoleId"]})
    yield from finished(made, _fill_role(name, {}, request.properties))
    return made


def _inline(properties: Mapping[str, Any]) -> dict[str, str]:
    return {policy["PolicyName"]: _document(policy["PolicyDocument"]) for policy in properties.get("Policies", [])}


def _fill_role(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Process:
    """Bring a role's policies from one state to another."""
    old, new = _inline(before), _inline(after)
    for policy, document in new.items():
        if old.get(policy) != document:
            yield Call("iam", "PutRolePolicy", {"RoleName": name, "PolicyName": policy, "PolicyDocument": document})
    for policy in old:
        if policy not in new:
            yield Call("iam", "DeleteRolePolicy", {"RoleName": name, "PolicyName": policy})
    attached, wanted = before.get("ManagedPolicyArns", []), after.get("ManagedPolicyArns", [])
    for arn in wanted:
        if arn not in attached:
            yield Call("iam", "AttachRolePolicy", {"RoleName": name, "PolicyArn": arn})
    for arn in attached:
        if arn not in wanted:
            yield Call("iam", "DetachRolePolicy", {"RoleName": name, "PolicyArn": arn})


def _update_role(request: Request) -> Process:
    name = request.physical_id
    if request.get("AssumeRolePolicyDocument") != request.previous.get("AssumeRolePolicyDocument"):
        document = _document(request["AssumeRolePolicyDocument"])
        yield Call("iam", "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": document})
    plain = ("Description", "MaxSessionDuration")
    if any(request.get(member) != request.previous.get(member) for member in plain):
        yield Call("iam", "UpdateRole", {"RoleName": name, **pick(request.properties, *plain)})
    yield from _fill_role(name, request.previous, request.properties)
    return Made(name, request.attributes)


def _delete_role(request: Request) -> Process:
    """Take away what the role really holds: it may be half made, and other resources may have given it policies."""
    where = {"RoleName": request.physical_id}
    inline = yield Call("iam", "ListRolePolicies", where)
    for policy in inline["PolicyNames"]:
        yield Call("iam", "DeleteRolePolicy", {**where, "PolicyName": policy})
    attached = yield Call("iam", "ListAttachedRolePolicies", where)
    for policy in attached["AttachedPolicies"]:
        yield Call("iam", "DetachRolePolicy", {**where, "PolicyArn": policy["PolicyArn"]})
    yield Call("iam", "DeleteRole", where)


# -- Policy and ManagedPolicy ----------------------------------------------------------------------------------------------------


def _holders(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for listed, word, parameter in HOLDERS:
        for name in properties.get(listed, []):
            yield word, parameter, name


def _put_policy(request: Request) -> Process:
    name, document = request["PolicyName"], _document(request["PolicyDocument"])
    before, after = set(_holders(request.previous)), list(_holders(request.properties))
    for word, parameter, holder in after:
        params = {parameter: holder, "PolicyName": name, "PolicyDocument": document}
        yield Call("iam", f"Put{word}Policy", params)
    for word, parameter, holder in sorted(before.difference(after)):
        yield Call("iam", f"Delete{word}Policy", {parameter: holder, "PolicyName": name})
    physical_id = request.physical_id or request.generated_name(128)
    return Made(physical_id, {"Id": physical_id})


def _delete_policy(request: Request) -> Process:
    for word, parameter, holder in _holders(request.properties):
        yield Call("iam", f"Delete{word}Policy", {parameter: holder, "PolicyName": request["PolicyName"]})


def _create_managed_policy(request: Request) -> Process:
    params = {
        "PolicyName": request.get("ManagedPolicyName") or request.generated_name(128),
        "PolicyDocument": _document(request["PolicyDocument"]),
        **pick(request.properties, "Description", "Path"),
    }
    answer = yield Call("iam", "CreatePolicy", params)
    arn = answer["Policy"]["Arn"]
    made = Made(arn, {"PolicyArn": arn, "PolicyId": answer["Policy"]["PolicyId"]})
    yield from finished(made, _attach(request, arn))
    return made


def _attach(request: Request, arn: str) -> Process:
    for word, parameter, holder in _holders(request.properties):
        yield Call("iam", f"Attach{word}Policy", {parameter: holder, "PolicyArn": arn})


def _delete_managed_policy(request: Request) -> Process:
    where = {"PolicyArn": request.physical_id}
    holders = yield Call("iam", "ListEntitiesForPolicy", where)
    for _, word, parameter in HOLDERS:
        for holder in holders[f"Policy{word}s"]:
            yield Call("iam", f"Detach{word}Policy", {parameter: holder[parameter], **where})
    yield Call("iam", "DeletePolicy", {"PolicyArn": request.physical_id})


_HOLDER_PROPERTIES = {"Groups": STR, "Roles": STR, "Users": STR}

TYPES = (
    ResourceType(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": JSON,
            "Description": STR,
            "ManagedPolicyArns": STR,
            "MaxSessionDuration": INT,
            "Path": STR,
            "PermissionsBoundary": STR,
            "Policies": {"PolicyDocument": JSON, "PolicyName": STR},
            "RoleName": STR,
            "Tags": TAGS,
        },
        _create_role,
        _delete_role,
        attributes=("Arn", "RoleId"),
        update=_update_role,
        updatable=frozenset(
            {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Policies"}
        ),
        replacing=frozenset({"Path", "RoleName"}),
        required=("AssumeRolePolicyDocument",),
    ),
    ResourceType(
        "AWS::IAM::Policy",
        {"PolicyDocument": JSON, "PolicyName": STR, **_HOLDER_PROPERTIES},
        _put_policy,
        _delete_policy,
        attributes=("Id",),
        update=_put_policy,
        updatable=frozenset({"Groups", "PolicyDocument", "Roles", "Users"}),
        replacing=frozenset({"PolicyName"}),
        required=("PolicyDocument", "PolicyName"),
    ),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        {"Description": STR, "ManagedPolicyName": STR, "Path": STR, "PolicyDocument": JSON, **_HOLDER_PROPERTIES},
        _create_managed_policy,
        _delete_managed_policy,
        attributes=("PolicyArn", "PolicyId"),
        replacing=frozenset({"Description", "ManagedPolicyName", "Path"}),
        required=("PolicyDocument",),
    ),
)
