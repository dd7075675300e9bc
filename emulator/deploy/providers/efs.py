"""Amazon EFS, as far as functions mount it. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EFS.html

A function's file system is a folder of this machine, one for each access point: who owns it and how fast it is have no effect.
"""

from __future__ import annotations

from emulator.deploy.properties import BOOL, FLOAT, INT, STR, TAGS
from emulator.deploy.resource_type import Made, Request, ResourceType, pick
from emulator.effects import Call, Process

__all__ = ["TYPES"]

_ONLY_STORED = "the file system is a folder of this machine"


def _create_file_system(request: Request) -> Process:
    params = {
        "CreationToken": request.generated_name(64),
        **pick(
            request.properties,
            "AvailabilityZoneName",
            "Encrypted",
            "KmsKeyId",
            "PerformanceMode",
            "ProvisionedThroughputInMibps",
            "ThroughputMode",
            FileSystemTags="Tags",
        ),
    }
    answer = yield Call("efs", "CreateFileSystem", params)
    name = answer["FileSystemId"]
    return Made(name, {"Arn": answer["FileSystemArn"], "FileSystemId": name})


def _delete_file_system(request: Request) -> Process:
    yield Call("efs", "DeleteFileSystem", {"FileSystemId": request.physical_id})


def _create_mount_target(request: Request) -> Process:
    params = pick(request.properties, "FileSystemId", "IpAddress", "SecurityGroups", "SubnetId")
    answer = yield Call("efs", "CreateMountTarget", params)
    name = answer["MountTargetId"]
    return Made(name, {"Id": name, "IpAddress": answer.get("IpAddress", "")})


def _update_mount_target(request: Request) -> Process:
    params = {"MountTargetId": request.physical_id, "SecurityGroups": request["SecurityGroups"]}
    yield Call("efs", "ModifyMountTargetSecurityGroups", params)
    return Made(request.physical_id, request.attributes)


def _delete_mount_target(request: Request) -> Process:
    yield Call("efs", "DeleteMountTarget", {"MountTargetId": request.physical_id})


def _create_access_point(request: Request) -> Process:
    params = {
        "ClientToken": request.get("ClientToken") or request.generated_name(64),
        **pick(request.properties, "FileSystemId", "PosixUser", "RootDirectory", AccessPointTags="Tags"),
    }
    answer = yield Call("efs", "CreateAccessPoint", params)
    name = answer["AccessPointId"]
    return Made(name, {"AccessPointId": name, "Arn": answer["AccessPointArn"]})


def _delete_access_point(request: Request) -> Process:
    yield Call("efs", "DeleteAccessPoint", {"AccessPointId": request.physical_id})


TYPES = (
    ResourceType(
        "AWS::EFS::FileSystem",
        {
            "AvailabilityZoneName": STR,
            "Encrypted": BOOL,
            "FileSystemTags": TAGS,
            "KmsKeyId": STR,
            "PerformanceMode": STR,
            "ProvisionedThroughputInMibps": FLOAT,
            "ThroughputMode": STR,
        },
        _create_file_system,
        _delete_file_system,
        attributes=("Arn", "FileSystemId"),
        replacing=frozenset({"AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"}),
        accepted={
            "BackupPolicy": "nothing is backed up",
            "FileSystemPolicy": _ONLY_STORED,
            "FileSystemProtection": "nothing is replicated",
            "LifecyclePolicies": "there is one storage class",
        },
    ),
    ResourceType(
        "AWS::EFS::MountTarget",
        {"FileSystemId": STR, "IpAddress": STR, "SecurityGroups": STR, "SubnetId": STR},
        _create_mount_target,
        _delete_mount_target,
        attributes=("Id", "IpAddress"),
        update=_update_mount_target,
        updatable=frozenset({"SecurityGroups"}),
        replacing=frozenset({"FileSystemId", "IpAddress", "SubnetId"}),
        required=("FileSystemId", "SecurityGroups", "SubnetId"),
    ),
    ResourceType(
        "AWS::EFS::AccessPoint",
        {
            "AccessPointTags": TAGS,
            "ClientToken": STR,
            "FileSystemId": STR,
            "PosixUser": {"Gid": INT, "SecondaryGids": INT, "Uid": INT},
            "RootDirectory": {"CreationInfo": {"OwnerGid": INT, "OwnerUid": INT, "Permissions": STR}, "Path": STR},
        },
        _create_access_point,
        _delete_access_point,
        attributes=("AccessPointId", "Arn"),
        replacing=frozenset({"ClientToken", "FileSystemId", "PosixUser", "RootDirectory"}),
        required=("FileSystemId",),
    ),
)
