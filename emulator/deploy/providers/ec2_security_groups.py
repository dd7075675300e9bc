"""Amazon EC2's security groups and their rules.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.deploy.properties import INT, STR, TAGS
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

EVERYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""The egress rule that every new group in a VPC has; a template that names its own takes it away."""
RULE = {
    "CidrIp": STR,
    "CidrIpv6": STR,
    "Description": STR,
    "FromPort": INT,
    "IpProtocol": STR,
    "ToPort": INT,
}
INGRESS = {**RULE, "SourcePrefixListId": STR, "SourceSecurityGroupId": STR}
EGRESS = {**RULE, "DestinationPrefixListId": STR, "DestinationSecurityGroupId": STR}


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the API's IpPermission."""
    permission = pick(rule, "FromPort", "IpProtocol", "ToPort")
    described = pick(rule, "Description")
    for names, listed, member in (
        (("CidrIp",), "IpRanges", "CidrIp"),
        (("CidrIpv6",), "Ipv6Ranges", "CidrIpv6"),
        (("SourceSecurityGroupId", "DestinationSecurityGroupId"), "UserIdGroupPairs", "GroupId"),
        (("SourcePrefixListId", "DestinationPrefixListId"), "PrefixListIds", "PrefixListId"),
    ):
        for name in names:
            if name in rule:
                permission[listed] = [{member: rule[name], **described}]
    return permission


def _create_group(request: Request) -> Process:
    tags = list(request.get("Tags", []))
    params = {
        "GroupName": request.get("GroupName") or request.generated_name(255),
        "Description": request["GroupDescription"],
        **pick(request.properties, "VpcId"),
    }
    if tags:
        params["TagSpecifications"] = [{"ResourceType": "security-group", "Tags": tags}]
    group_id = (yield Call("ec2", "CreateSecurityGroup", params))["GroupId"]
    made = Made(group_id, {"GroupId": group_id, "Id": group_id, "VpcId": request.get("VpcId", "")})
    yield from finished(made, _authorize(request, group_id))
    return made


def _authorize(request: Request, group_id: str) -> Process:
    ingress = [_permission(rule) for rule in request.get("SecurityGroupIngress", [])]
    if ingress:
        params = {"GroupId": group_id, "IpPermissions": ingress}
        yield Call("ec2", "AuthorizeSecurityGroupIngress", params)
    egress = [_permission(rule) for rule in request.get("SecurityGroupEgress", [])]
    if egress:
        yield Call("ec2", "RevokeSecurityGroupEgress", {"GroupId": group_id, "IpPermissions": [EVERYWHERE]})
        yield Call("ec2", "AuthorizeSecurityGroupEgress", {"GroupId": group_id, "IpPermissions": egress})


def _delete_group(request: Request) -> Process:
    yield Call("ec2", "DeleteSecurityGroup", {"GroupId": request.physical_id})


def _rule(verb: str, request: Request) -> Process:
    direction = "Egress" if request.type.endswith("Egress") else "Ingress"
    params = {"GroupId": request["GroupId"], "IpPermissions": [_permission(request.properties)]}
    answer = yield Call("ec2", f"{verb}SecurityGroup{direction}", params)
    return answer


def _create_rule(request: Request) -> Process:
    answer = yield from _rule("Authorize", request)
    rules = answer.get("SecurityGroupRules", [])
    physical_id = rules[0]["SecurityGroupRuleId"] if rules else request.generated_name(64)
    return Made(physical_id, {"Id": physical_id})


def _delete_rule(request: Request) -> Process:
    yield from _rule("Revoke", request)


TYPES = (
    ResourceType(
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": STR,
            "GroupName": STR,
            "SecurityGroupEgress": EGRESS,
            "SecurityGroupIngress": INGRESS,
            "Tags": TAGS,
            "VpcId": STR,
        },
        _create_group,
        _delete_group,
        attributes=("GroupId", "Id", "VpcId"),
        replacing=EVERY_PROPERTY,
        required=("GroupDescription",),
    ),
    *(
        ResourceType(
            f"AWS::EC2::SecurityGroup{direction}",
            {**shape, "GroupId": STR},
            _create_rule,
            _delete_rule,
            attributes=("Id",),
            replacing=EVERY_PROPERTY,
            required=("GroupId", "IpProtocol"),
        )
        for direction, shape in (("Ingress", INGRESS), ("Egress", EGRESS))
    ),
)
