"""Tags of state machines and activities. https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html"""

from __future__ import annotations

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.stepfunctions.activities import Activities
from emulator.services.stepfunctions.errors import ResourceNotFound, TooManyTags
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas
from emulator.services.stepfunctions.state import StateMachine

__all__ = ["TagOperations", "merged_tags"]


def merged_tags(
    tags: dict[str, str], new: list[dict[str, str]], arn: str, quotas: StepFunctionsQuotas
) -> dict[str, str]:
    """Tags with others added or replaced. Raises TooManyTags."""
    merged = tags | {tag["key"]: tag.get("value", "") for tag in new}
    if len(merged) > quotas.maximum_tags:
        raise TooManyTags(f"Too many tags: '{arn}'", fields={"resourceName": arn})
    return merged


class TagOperations:
    """Tags: add, remove, list."""

    quotas: StepFunctionsQuotas
    state_machines: dict[str, StateMachine]
    activities: Activities

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add or replace tags."""
        tags = self._tags_of(params["resourceArn"])
        tags.update(merged_tags(tags, params["tags"], params["resourceArn"], self.quotas))
        return Reply({})

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Remove tags."""
        tags = self._tags_of(params["resourceArn"])
        for key in params["tagKeys"]:
            tags.pop(key, None)
        return Reply({})

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        """All tags of a resource."""
        tags = self._tags_of(params["resourceArn"])
        return Reply({"tags": [{"key": key, "value": value} for key, value in tags.items()]})

    def _tags_of(self, arn: str) -> dict[str, str]:
        tagged = self.state_machines.get(arn) or self.activities.get(arn)
        if tagged is None:
            raise ResourceNotFound(f"Resource not found: '{arn}'", fields={"resourceName": arn})
        return tagged.tags
