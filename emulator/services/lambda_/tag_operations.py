"""Tags of functions. https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.errors import UnsupportedOperation
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.function_name import FunctionName
from emulator.services.lambda_.state import Function
from emulator.services.lambda_.store import FunctionStore

__all__ = ["TagOperations"]


class TagOperations(FunctionStore):
    """Key-value pairs on a function."""

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Set tags."""
        function = self._tagged(params)
        self.check_tags({**function.tags, **params["Tags"]})
        function.tags.update(params["Tags"])
        self.move_revision(function)
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags by key."""
        function = self._tagged(params)
        for key in params["TagKeys"]:
            function.tags.pop(key, None)
        self.move_revision(function)
        return Reply()

    @operation("ListTags")
    def list_tags(self, params: Params, context: CallContext) -> Reply:
        """All tags."""
        return Reply({"Tags": dict(self._tagged(params).tags)})

    def _tagged(self, params: Params) -> Function:
        arn = params["Resource"]
        kind = arn.split(":")[5:6]
        if kind != ["function"]:
            raise UnsupportedOperation(f"lambda: tags of {arn} are not supported by this emulator; it tags functions")
        name = FunctionName.parse(arn, None, self.account)
        if name.qualifier is not None:
            raise InvalidParameterValueException(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        return self.function(name)

    def check_tags(self, tags: Mapping[str, str]) -> None:
        """Refuse more tags than a resource may have."""
        if len(tags) > self.quotas.tags:
            raise InvalidParameterValueException("Number of tags exceeds resource tag limit.")
