"""Access control lists: canned ones, grants from headers, and documents, all made one form.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emulator.operation import Params
from emulator.services.s3.configuration_errors import (
    MalformedACLError,
    MissingSecurityHeader,
    UnexpectedContent,
    UnresolvableGrantByEmailAddress,
)
from emulator.services.s3.errors import InvalidArgument, InvalidRequest

__all__ = ["ALL_USERS", "AUTHENTICATED_USERS", "Acl", "default_acl", "gives_public", "permits", "requested_acl"]

Acl = dict[str, Any]
"""`Owner` and `Grants`, as GetBucketAcl and GetObjectAcl answer them."""

_GROUPS = "http://acs.amazonaws.com/groups/"
ALL_USERS = f"{_GROUPS}global/AllUsers"
AUTHENTICATED_USERS = f"{_GROUPS}global/AuthenticatedUsers"
LOG_DELIVERY = f"{_GROUPS}s3/LogDelivery"
_GROUP_URIS = frozenset({ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY})
_EC2_BUNDLES = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c"
_PERMISSIONS = frozenset({"FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"})
_USER_ID = re.compile(r"[0-9a-f]{64}")
_GRANTEE = re.compile(r'\s*(\w+)\s*=\s*"?([^"]*)"?\s*')

_CANNED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "private": (),
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "aws-exec-read": ((_EC2_BUNDLES, "READ"),),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
    "log-delivery-write": ((LOG_DELIVERY, "READ_ACP"), (LOG_DELIVERY, "WRITE")),
}
"""What each adds to the owner's full control. The bucket's owner and the object's are one here."""

_HEADERS: Mapping[str, tuple[str, str]] = {
    "GrantFullControl": ("x-amz-grant-full-control", "FULL_CONTROL"),
    "GrantRead": ("x-amz-grant-read", "READ"),
    "GrantReadACP": ("x-amz-grant-read-acp", "READ_ACP"),
    "GrantWrite": ("x-amz-grant-write", "WRITE"),
    "GrantWriteACP": ("x-amz-grant-write-acp", "WRITE_ACP"),
}


def default_acl(owner: Mapping[str, str]) -> Acl:
    """Full control for the owner alone."""
    grant = {"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    return {"Owner": dict(owner), "Grants": [grant]}


def requested_acl(params: Params, owner: Mapping[str, str], *, required: bool) -> Acl | None:
    """The list that a call gives in one of three ways; None where it gives none and none is required.

    Raises InvalidRequest, InvalidArgument, UnexpectedContent, MissingSecurityHeader, MalformedACLError.
    """
    canned = params.get("ACL")
    headers = {name: params[name] for name in _HEADERS if params.get(name) is not None}
    document = params.get("AccessControlPolicy")
    if canned is not None and headers:
        raise InvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
    if document is not None and (canned is not None or headers):
        raise UnexpectedContent
    if canned is not None:
        return _canned(canned, owner)
    if headers:
        return {"Owner": dict(owner), "Grants": [grant for name in _HEADERS for grant in _header(name, headers)]}
    if document is not None:
        return _document(document, owner)
    if required:
        raise MissingSecurityHeader(fields={"MissingHeaderName": "x-amz-acl"})
    return None


def _canned(name: str, owner: Mapping[str, str]) -> Acl:
    rows = _CANNED.get(name)
    if rows is None:
        raise InvalidArgument(fields={"ArgumentName": "x-amz-acl", "ArgumentValue": name})
    acl = default_acl(owner)
    for grantee, permission in rows:
        given = (
            {"URI": grantee, "Type": "Group"} if grantee in _GROUP_URIS else {"ID": grantee, "Type": "CanonicalUser"}
        )
        acl["Grants"].append({"Grantee": given, "Permission": permission})
    return acl


def _header(name: str, headers: Mapping[str, str]) -> list[dict[str, Any]]:
    header, permission = _HEADERS[name]
    grants = []
    for item in headers[name].split(",") if name in headers else ():
        match = _GRANTEE.fullmatch(item)
        kind = "" if match is None else match[1].lower()
        if match is None or kind not in ("id", "uri", "emailaddress"):
            raise InvalidArgument.of("Argument format not recognized", header, headers[name])
        value = match[2]
        if kind == "emailaddress":
            raise UnresolvableGrantByEmailAddress
        if kind == "id" and _USER_ID.fullmatch(value) is None:
            raise InvalidArgument.of("Invalid id", "id", value)
        if kind == "uri" and value not in _GROUP_URIS:
            raise InvalidArgument.of("Invalid group uri", "uri", value)
        grantee = {"ID": value, "Type": "CanonicalUser"} if kind == "id" else {"URI": value, "Type": "Group"}
        grants.append({"Grantee": grantee, "Permission": permission})
    return grants


def _document(document: Mapping[str, Any], owner: Mapping[str, str]) -> Acl:
    given_owner = document.get("Owner")
    grants = document.get("Grants")
    if given_owner is None or grants is None:
        raise MalformedACLError
    _check_user("CanonicalUser/ID", given_owner.get("ID"))
    if given_owner["ID"] != owner["ID"]:
        raise InvalidArgument.of("Invalid id", "CanonicalUser/ID", given_owner["ID"])
    kept = []
    for grant in grants:
        grantee = grant.get("Grantee")
        if grantee is None or grant.get("Permission") not in _PERMISSIONS:
            raise MalformedACLError
        kept.append({"Grantee": _grantee(grantee), "Permission": grant["Permission"]})
    return {"Owner": dict(owner), "Grants": kept}


def _grantee(grantee: Mapping[str, Any]) -> dict[str, Any]:
    kind = grantee.get("Type")
    if kind == "Group":
        uri = grantee.get("URI")
        if uri is None:
            raise MalformedACLError
        if uri not in _GROUP_URIS:
            raise InvalidArgument.of("Invalid group uri", "Group/URI", uri)
        return {"URI": uri, "Type": kind}
    if kind == "CanonicalUser":
        _check_user("CanonicalUser/ID", grantee.get("ID"))
        return {"ID": grantee["ID"], "Type": kind}
    if kind == "AmazonCustomerByEmail":
        raise UnresolvableGrantByEmailAddress
    raise MalformedACLError


def _check_user(argument: str, value: str | None) -> None:
    if value is None:
        raise MalformedACLError
    if _USER_ID.fullmatch(value) is None:
        raise InvalidArgument.of("Invalid id", argument, value)


def gives_public(acl: Acl) -> bool:
    """Whether the list lets everyone, or every AWS user, do something."""
    return any(grant["Grantee"].get("URI") in (ALL_USERS, AUTHENTICATED_USERS) for grant in acl["Grants"])


def permits(acl: Acl, permission: str) -> bool:
    """Whether the list lets everyone do what needs `permission`."""
    return any(
        grant["Grantee"].get("URI") == ALL_USERS and grant["Permission"] in (permission, "FULL_CONTROL")
        for grant in acl["Grants"]
    )
