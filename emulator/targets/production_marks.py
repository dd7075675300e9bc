"""What marks an account or a stack as production, where nothing is ever sent to.

Marks are looked for in the stack's tags and name, the account's alias, and the account's tags in AWS Organizations. The last two can
seldom be read with the rights of a tester; what could not be read is told, and the list of allowed accounts stands in any case.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["ProductionMarks", "look_for_marks", "marks_of_name", "marks_of_tags"]

KEYS = ("environment", "env", "stage", "tier", "account-type", "accounttype", "deployment", "lifecycle")
VALUES = ("production", "prod", "prd", "live")
NOT_YET = ("non", "not", "pre")
FLAGS = ("production", "windtunnel:production", "is-production", "isproduction")
NOT_READABLE = ("AccessDenied", "AccessDeniedException", "AWSOrganizationsNotInUseException")


@dataclass(frozen=True, slots=True)
class ProductionMarks:
    """What was found, and what could not be looked at and why."""

    found: tuple[str, ...]
    unreadable: tuple[str, ...]


def marks_of_tags(tags: Mapping[str, str], patterns: Iterable[str] = ()) -> list[str]:
    """The tags that say production: `environment=prod`, `production=true`, or one of `patterns` (`key=value` with `*`)."""
    found = []
    for key, value in tags.items():
        name, said = key.strip().lower(), value.strip().lower()
        is_mark = name in KEYS and _says_production(said)
        is_mark = is_mark or (name in FLAGS and said not in ("false", "no", "0"))
        is_mark = is_mark or any(fnmatchcase(f"{name}={said}", pattern.lower()) for pattern in patterns)
        if is_mark:
            found.append(f"tag {key}={value}")
    return found


def marks_of_name(kind: str, name: str) -> list[str]:
    """A name with production as one of its words: `audit-prod`, `live_ledger`; not `product-api`, nor `non-prod`."""
    return [f"{kind} {name}"] if _says_production(name.lower()) else []


def _says_production(text: str) -> bool:
    words = re.split(r"[^a-z0-9]+", text)
    return any(word in VALUES and before not in NOT_YET for before, word in zip(("", *words), words, strict=False))


def look_for_marks(
    clients: Any, account: str, stack: Mapping[str, Any], patterns: Iterable[str] = ()
) -> ProductionMarks:
    """Every mark of an account and of a stack, as DescribeStacks tells of it; `clients(service)` is a boto3 client."""
    patterns = tuple(patterns)
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
    found = [f"stack's {mark}" for mark in marks_of_tags(tags, patterns)]
    found += marks_of_name("stack", stack["StackName"])
    unreadable = []
    for what, read in (("iam:ListAccountAliases", _aliases), ("organizations:ListTagsForResource", _account_tags)):
        marks, why_not = read(clients, account, patterns)
        found += marks
        if why_not is not None:
            unreadable.append(f"{what}: {why_not}")
    return ProductionMarks(tuple(found), tuple(unreadable))


def _aliases(clients: Any, account: str, patterns: tuple[str, ...]) -> tuple[list[str], str | None]:
    from botocore.exceptions import ClientError

    try:
        names = clients("iam").list_account_aliases()["AccountAliases"]
    except ClientError as error:
        return [], _why_not(error)
    return [mark for name in names for mark in marks_of_name("account alias", name)], None


def _account_tags(clients: Any, account: str, patterns: tuple[str, ...]) -> tuple[list[str], str | None]:
    from botocore.exceptions import ClientError

    try:
        rows = clients("organizations").list_tags_for_resource(ResourceId=account)["Tags"]
    except ClientError as error:
        return [], _why_not(error)
    tags = {row["Key"]: row["Value"] for row in rows}
    return [f"account's {mark}" for mark in marks_of_tags(tags, patterns)], None


def _why_not(error: Any) -> str:
    """The code of an answer that says that one may not look; any other error goes on."""
    code = error.response["Error"]["Code"]
    if code not in NOT_READABLE:
        raise error
    return str(code)
