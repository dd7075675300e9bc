"""Tags of buses and rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

from emulator.arn import Arn
from emulator.errors import EmulatorError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.errors import LimitExceededException, ResourceNotFoundException, ValidationException
from emulator.services.events.quotas import EventsQuotas
from emulator.services.events.state import DEFAULT_BUS
from emulator.services.events.store import EventsStore

__all__ = ["TagOperations", "tags_in"]


def tags_in(params: Params, quotas: EventsQuotas) -> dict[str, str]:
    """The tags of a call, as a map. Raises LimitExceededException."""
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
    if len(tags) > quotas.tags:
        raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
    return tags


class TagOperations(EventsStore):
    """TagResource, UntagResource, ListTagsForResource."""

    @operation("TagResource")
    def tag_resource(self, params: Params, context: CallContext) -> Reply:
        """Add tags. Raises ResourceNotFoundException, LimitExceededException."""
        tags = self._tagged(params["ResourceARN"])
        added = {**tags, **tags_in(params, self.quotas)}
        if len(added) > self.quotas.tags:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        tags.update(added)
        return Reply()

    @operation("UntagResource")
    def untag_resource(self, params: Params, context: CallContext) -> Reply:
        """Take tags away; one that is not there is no error. Raises ResourceNotFoundException."""
        tags = self._tagged(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Reply()

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, params: Params, context: CallContext) -> Reply:
        """All tags of a bus or rule. Raises ResourceNotFoundException."""
        tags = self._tagged(params["ResourceARN"])
        return Reply({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def _tagged(self, arn: str) -> dict[str, str]:
        try:
            kind, *names = Arn.parse(arn).resource.split("/")
        except EmulatorError as error:
            raise ValidationException(f"Parameter {arn} is not valid. Reason: {error}") from error
        if kind == "event-bus" and names:
            return self.bus("/".join(names)).tags
        if kind == "rule" and names:
            bus = self.bus("/".join(names[:-1]) or DEFAULT_BUS)
            rule = bus.rules.get(names[-1])
            if rule is None:
                raise ResourceNotFoundException(f"Rule {names[-1]} does not exist on EventBus {bus.name}.")
            return rule.tags
        raise ValidationException(f"Parameter {arn} is not valid. Reason: only rules and event buses have tags.")
