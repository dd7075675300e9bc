"""Tags and resource policies: what is held under a table's ARN.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from typing import Any

from emulator.errors import AwsError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.dynamodb.errors import (
    PolicyNotFoundException,
    ResourceNotFoundException,
    ValidationException,
)
from emulator.services.dynamodb.store import DynamodbStore
from emulator.services.dynamodb.table import Table

__all__ = ["TagOperations"]

TAGS_PAGE = 50


class TagOperations(DynamodbStore):
    """Operations on a table's ARN. Policies are kept and shown; this emulator does not evaluate them."""

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add tags."""
        table = self._table_at(params["ResourceArn"], context.now)
        if not params["Tags"]:
            raise ValidationException("Atleast one Tag needs to be provided as Input.")
        table.tags = self.checked_tags(params["Tags"], table.tags)
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags; no error for those that are not there."""
        table = self._table_at(params["ResourceArn"], context.now)
        if not params["TagKeys"]:
            raise ValidationException("Atleast one Tag Key needs to be provided as Input.")
        table.tags = {key: value for key, value in table.tags.items() if key not in params["TagKeys"]}
        return Reply()

    @operation("ListTagsOfResource")
    def list_tags_of_resource(self, params: Params, context: CallContext) -> Reply:
        """The tags, by pages; a token is the number of the first tag of the next page."""
        table = self._table_at(params["ResourceArn"], context.now)
        token = params.get("NextToken", "0")
        if not token.isdecimal():
            raise ValidationException("Invalid NextToken")
        start = int(token)
        rows = [{"Key": key, "Value": value} for key, value in table.tags.items()]
        result: dict[str, Any] = {"Tags": rows[start : start + TAGS_PAGE]}
        if start + TAGS_PAGE < len(rows):
            result["NextToken"] = str(start + TAGS_PAGE)
        return Reply(result)

    @operation("PutResourcePolicy", unsupported=("ConfirmRemoveSelfResourceAccess",))
    def put_resource_policy(self, params: Params, context: CallContext) -> Reply:
        """Keep a policy, if that of now is the one that the caller expects."""
        table = self._table_at(params["ResourceArn"], context.now)
        expected = params.get("ExpectedRevisionId")
        held = "NO_POLICY" if table.policy is None else table.policy[1]
        if expected is not None and expected != held:
            raise PolicyNotFoundException(
                f"Resource-based policy not found for the provided ResourceArn: Requested policy revision: {expected}"
            )
        revision = str(int(context.now * 1000) if held == "NO_POLICY" else max(int(context.now * 1000), int(held) + 1))
        table.policy = (params["Policy"], revision)
        return Reply({"RevisionId": revision})

    @operation("GetResourcePolicy")
    def get_resource_policy(self, params: Params, context: CallContext) -> Reply:
        """The policy and its revision."""
        table = self._table_at(params["ResourceArn"], context.now)
        if table.policy is None:
            raise PolicyNotFoundException(
                f"Resource-based policy not found for the provided ResourceArn: {params['ResourceArn']}"
            )
        return Reply({"Policy": table.policy[0], "RevisionId": table.policy[1]})

    @operation("DeleteResourcePolicy")
    def delete_resource_policy(self, params: Params, context: CallContext) -> Reply:
        """Forget the policy; no error where there is none."""
        table = self._table_at(params["ResourceArn"], context.now)
        expected = params.get("ExpectedRevisionId")
        if table.policy is None:
            if expected is not None:
                raise PolicyNotFoundException(
                    f"Resource-based policy not found for the provided ResourceArn: Requested policy revision: {expected}"
                )
            return Reply()
        if expected is not None and expected != table.policy[1]:
            raise PolicyNotFoundException(
                f"Resource-based policy not found for the provided ResourceArn: Requested policy revision: {expected}"
            )
        revision = table.policy[1]
        table.policy = None
        return Reply({"RevisionId": revision})

    def _table_at(self, arn: str, now: float) -> Table:
        prefix = self.account.arn("dynamodb", "table/")
        if not arn.startswith("arn:") or ":table/" not in arn:
            raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
        self.state.settle(now)
        if not arn.startswith(prefix):
            raise AwsError.named(
                "AccessDeniedException",
                f"User: {self.account.arn('iam', 'root', region='')} is not authorized to perform this operation on resource: {arn}",
            )
        table = self.state.tables.get(arn.removeprefix(prefix))
        if table is None:
            raise ResourceNotFoundException(f"Requested resource not found: ResourcArn: {arn} not found")
        return table
