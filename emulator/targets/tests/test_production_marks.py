"""What marks production, and what only sounds like it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.targets.production_marks import look_for_marks, marks_of_name, marks_of_tags


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Environment", "production"),
        ("env", "PROD"),
        ("stage", "prod-eu"),
        ("Tier", "live"),
        ("production", "true"),
        ("windtunnel:production", ""),
        ("owner", "ledger-core"),
    ],
)
def test_tag_that_marks(key: str, value: str) -> None:
    assert marks_of_tags({key: value}, ["owner=ledger-*"]) == [f"tag {key}={value}"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Environment", "staging"),
        ("env", "non-production"),
        ("env", "pre-prod"),
        ("env", "productivity"),
        ("production", "false"),
        ("team", "production"),
        ("owner", "payments"),
    ],
)
def test_tag_that_does_not(key: str, value: str) -> None:
    assert marks_of_tags({key: value}, ["owner=ledger-*"]) == []


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("audit-prod", True),
        ("live_ledger", True),
        ("PRODUCTION", True),
        ("product-api", False),
        ("audit-non-prod", False),
        ("liver", False),
    ],
)
def test_name_with_production_as_a_word(name: str, marks: bool) -> None:
    assert bool(marks_of_name("stack", name)) is marks


def test_what_cannot_be_read_is_told_and_other_errors_are_errors() -> None:
    def clients(code: str) -> Any:
        class Refusing:
            def refuse(self, **_: Any) -> Any:
                raise ClientError({"Error": {"Code": code}}, "Operation")

            list_account_aliases = list_tags_for_resource = refuse

        return lambda service: Refusing()

    found = look_for_marks(clients("AccessDenied"), "111122223333", {"StackName": "staging"})
    assert found.found == ()
    assert found.unreadable == (
        "iam:ListAccountAliases: AccessDenied",
        "organizations:ListTagsForResource: AccessDenied",
    )
    with pytest.raises(ClientError):
        look_for_marks(clients("Throttling"), "111122223333", {"StackName": "staging"})
