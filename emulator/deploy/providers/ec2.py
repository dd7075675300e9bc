"""Amazon EC2's networks, kept so that templates deploy as they are: nothing here is routed or filtered.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from emulator.deploy.properties import BOOL, JSON, STR, TAGS, Shape
from emulator.deploy.providers.ec2_security_groups import TYPES as SECURITY_GROUP_TYPES
from emulator.deploy.resource_type import EVERY_PROPERTY, Made, Request, ResourceType, finished, pick
from emulator.effects import Call, Process

__all__ = ["TYPES", "tag_specifications"]


def tag_specifications(request: Request, kind: str) -> dict[str, Any]:
    """The tags as EC2's create operations take them."""
    tags = list(request.get("Tags", []))
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def _deleting(operation: str, parameter: str) -> Callable[[Request], Process]:
    """A deletion by the physical id."""

    def delete(request: Request) -> Process:
        yield Call("ec2", operation, {parameter: request.physical_id})

    return delete


# -- VPC and Subnet --------------------------------------------------------------------------------------------------------------


def _create_vpc(request: Request) -> Process:
    params = {**pick(request.properties, "CidrBlock", "InstanceTenancy"), **tag_specifications(request, "vpc")}
    vpc = (yield Call("ec2", "CreateVpc", params))["Vpc"]
    vpc_id = vpc["VpcId"]
    default_group, default_acl = yield from finished(Made(vpc_id), _vpc_details(request, vpc_id))
    attributes = {
        "CidrBlock": vpc["CidrBlock"],
        "DefaultNetworkAcl": default_acl,
        "DefaultSecurityGroup": default_group,
        "VpcId": vpc_id,
    }
    return Made(vpc_id, attributes)


def _vpc_details(request: Request, vpc_id: str) -> Process:
    yield from _vpc_switches(request, vpc_id)
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    groups = yield Call("ec2", "DescribeSecurityGroups", {"Filters": filters})
    lists = yield Call("ec2", "DescribeNetworkAcls", {"Filters": filters})
    acls = [acl["NetworkAclId"] for acl in lists["NetworkAcls"] if acl["IsDefault"]]
    default_groups = [group["GroupId"] for group in groups["SecurityGroups"] if group["GroupName"] == "default"]
    return next(iter(default_groups), ""), next(iter(acls), "")


def _vpc_switches(request: Request, vpc_id: str) -> Process:
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        if name in request.properties and request.get(name) != request.previous.get(name):
            yield Call("ec2", "ModifyVpcAttribute", {"VpcId": vpc_id, name: {"Value": request[name]}})


def _update_vpc(request: Request) -> Process:
    yield from _vpc_switches(request, request.physical_id)
    return Made(request.physical_id, request.attributes)


def _subnet_switches(request: Request, subnet_id: str) -> Process:
    if "MapPublicIpOnLaunch" in request.properties:
        value = {"Value": request["MapPublicIpOnLaunch"]}
        yield Call("ec2", "ModifySubnetAttribute", {"SubnetId": subnet_id, "MapPublicIpOnLaunch": value})


def _create_subnet(request: Request) -> Process:
    params = {
        **pick(request.properties, "AvailabilityZone", "CidrBlock", "VpcId"),
        **tag_specifications(request, "subnet"),
    }
    subnet = (yield Call("ec2", "CreateSubnet", params))["Subnet"]
    yield from finished(Made(subnet["SubnetId"]), _subnet_switches(request, subnet["SubnetId"]))
    attributes = {
        "AvailabilityZone": subnet["AvailabilityZone"],
        "CidrBlock": subnet["CidrBlock"],
        "SubnetId": subnet["SubnetId"],
        "VpcId": subnet["VpcId"],
    }
    return Made(subnet["SubnetId"], attributes)


# -- routes ----------------------------------------------------------------------------------------------------------------------


def _create_route_table(request: Request) -> Process:
    params = {"VpcId": request["VpcId"], **tag_specifications(request, "route-table")}
    table_id = (yield Call("ec2", "CreateRouteTable", params))["RouteTable"]["RouteTableId"]
    return Made(table_id, {"RouteTableId": table_id})


ROUTE = {
    "DestinationCidrBlock": STR,
    "DestinationIpv6CidrBlock": STR,
    "GatewayId": STR,
    "NatGatewayId": STR,
    "RouteTableId": STR,
    "VpcEndpointId": STR,
}


def _create_route(request: Request) -> Process:
    yield Call("ec2", "CreateRoute", pick(request.properties, *ROUTE))
    destination = request.get("DestinationCidrBlock") or request["DestinationIpv6CidrBlock"]
    return Made(f"{request['RouteTableId']}|{destination}", {"CidrBlock": destination})


def _delete_route(request: Request) -> Process:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "RouteTableId")
    yield Call("ec2", "DeleteRoute", pick(request.properties, *names))


def _associate(request: Request) -> Process:
    answer = yield Call("ec2", "AssociateRouteTable", pick(request.properties, "RouteTableId", "SubnetId"))
    return Made(answer["AssociationId"], {"Id": answer["AssociationId"]})


# -- gateways --------------------------------------------------------------------------------------------------------------------


def _create_internet_gateway(request: Request) -> Process:
    answer = yield Call("ec2", "CreateInternetGateway", tag_specifications(request, "internet-gateway"))
    gateway_id = answer["InternetGateway"]["InternetGatewayId"]
    return Made(gateway_id, {"InternetGatewayId": gateway_id})


def _attach_gateway(request: Request) -> Process:
    yield Call("ec2", "AttachInternetGateway", pick(request.properties, "InternetGatewayId", "VpcId"))
    return Made(f"IGW|{request['VpcId']}", {"AttachmentType": "IGW"})


def _detach_gateway(request: Request) -> Process:
    yield Call("ec2", "DetachInternetGateway", pick(request.properties, "InternetGatewayId", "VpcId"))


def _allocate_address(request: Request) -> Process:
    params = {**pick(request.properties, "Domain"), **tag_specifications(request, "elastic-ip")}
    answer = yield Call("ec2", "AllocateAddress", params)
    return Made(answer["PublicIp"], {"AllocationId": answer["AllocationId"], "PublicIp": answer["PublicIp"]})


def _release_address(request: Request) -> Process:
    yield Call("ec2", "ReleaseAddress", {"AllocationId": request.attributes["AllocationId"]})


def _create_nat_gateway(request: Request) -> Process:
    params = {
        **pick(request.properties, "AllocationId", "ConnectivityType", "SubnetId"),
        **tag_specifications(request, "natgateway"),
    }
    gateway_id = (yield Call("ec2", "CreateNatGateway", params))["NatGateway"]["NatGatewayId"]
    return Made(gateway_id, {"NatGatewayId": gateway_id})


ENDPOINT = {
    "PolicyDocument": JSON,
    "PrivateDnsEnabled": BOOL,
    "RouteTableIds": STR,
    "SecurityGroupIds": STR,
    "ServiceName": STR,
    "SubnetIds": STR,
    "VpcEndpointType": STR,
    "VpcId": STR,
}


def _create_endpoint(request: Request) -> Process:
    params = {**pick(request.properties, *ENDPOINT), **tag_specifications(request, "vpc-endpoint")}
    if "PolicyDocument" in params:
        params["PolicyDocument"] = json.dumps(params["PolicyDocument"])
    endpoint_id = (yield Call("ec2", "CreateVpcEndpoint", params))["VpcEndpoint"]["VpcEndpointId"]
    return Made(endpoint_id, {"Id": endpoint_id})


def _delete_endpoint(request: Request) -> Process:
    yield Call("ec2", "DeleteVpcEndpoints", {"VpcEndpointIds": [request.physical_id]})


def _replaced(
    name: str,
    properties: dict[str, Shape],
    create: Callable[[Request], Process],
    delete: Callable[[Request], Process],
    *attributes: str,
    required: tuple[str, ...] = (),
) -> ResourceType:
    """A type that is made anew whatever changes."""
    return ResourceType(
        name, properties, create, delete, attributes=attributes, replacing=EVERY_PROPERTY, required=required
    )


TYPES = (
    ResourceType(
        "AWS::EC2::VPC",
        {
            "CidrBlock": STR,
            "EnableDnsHostnames": BOOL,
            "EnableDnsSupport": BOOL,
            "InstanceTenancy": STR,
            "Tags": TAGS,
        },
        _create_vpc,
        _deleting("DeleteVpc", "VpcId"),
        attributes=("CidrBlock", "DefaultNetworkAcl", "DefaultSecurityGroup", "VpcId"),
        update=_update_vpc,
        updatable=frozenset({"EnableDnsHostnames", "EnableDnsSupport"}),
        replacing=frozenset({"CidrBlock", "InstanceTenancy"}),
        required=("CidrBlock",),
    ),
    _replaced(
        "AWS::EC2::Subnet",
        {"AvailabilityZone": STR, "CidrBlock": STR, "MapPublicIpOnLaunch": BOOL, "Tags": TAGS, "VpcId": STR},
        _create_subnet,
        _deleting("DeleteSubnet", "SubnetId"),
        "AvailabilityZone",
        "CidrBlock",
        "SubnetId",
        "VpcId",
        required=("CidrBlock", "VpcId"),
    ),
    _replaced(
        "AWS::EC2::RouteTable",
        {"Tags": TAGS, "VpcId": STR},
        _create_route_table,
        _deleting("DeleteRouteTable", "RouteTableId"),
        "RouteTableId",
        required=("VpcId",),
    ),
    _replaced("AWS::EC2::Route", {**ROUTE}, _create_route, _delete_route, "CidrBlock", required=("RouteTableId",)),
    _replaced(
        "AWS::EC2::SubnetRouteTableAssociation",
        {"RouteTableId": STR, "SubnetId": STR},
        _associate,
        _deleting("DisassociateRouteTable", "AssociationId"),
        "Id",
        required=("RouteTableId", "SubnetId"),
    ),
    _replaced(
        "AWS::EC2::InternetGateway",
        {"Tags": TAGS},
        _create_internet_gateway,
        _deleting("DeleteInternetGateway", "InternetGatewayId"),
        "InternetGatewayId",
    ),
    _replaced(
        "AWS::EC2::VPCGatewayAttachment",
        {"InternetGatewayId": STR, "VpcId": STR},
        _attach_gateway,
        _detach_gateway,
        "AttachmentType",
        required=("InternetGatewayId", "VpcId"),
    ),
    _replaced(
        "AWS::EC2::EIP",
        {"Domain": STR, "Tags": TAGS},
        _allocate_address,
        _release_address,
        "AllocationId",
        "PublicIp",
    ),
    _replaced(
        "AWS::EC2::NatGateway",
        {"AllocationId": STR, "ConnectivityType": STR, "SubnetId": STR, "Tags": TAGS},
        _create_nat_gateway,
        _deleting("DeleteNatGateway", "NatGatewayId"),
        "NatGatewayId",
        required=("SubnetId",),
    ),
    _replaced(
        "AWS::EC2::VPCEndpoint",
        {**ENDPOINT, "Tags": TAGS},
        _create_endpoint,
        _delete_endpoint,
        "Id",
        required=("ServiceName", "VpcId"),
    ),
    *SECURITY_GROUP_TYPES,
)
