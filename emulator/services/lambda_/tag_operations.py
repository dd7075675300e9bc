"""Tags of functions. https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.function_name import FunctionName
from emulator.services.lambda_.state import Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["TagOperations"]


class TagOperations(FunctionStore):
    """Key-value pairs on a function."""

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Set tags."""
        self._tagged(params).tags.update(params["Tags"])
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags by key."""
        tags = self._tagged(params).tags
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Reply()

    @operation("ListTags")
    def list_tags(self, params: Params, context: CallContext) -> Reply:
        """All tags."""
        return Reply({"Tags": dict(self._tagged(params).tags)})

    def _tagged(self, params: Params) -> Function:
        return self.function(FunctionName.parse(params["Resource"], None, self.account))
