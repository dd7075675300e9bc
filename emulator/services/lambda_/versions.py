"""Published versions. https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html"""

from __future__ import annotations

from dataclasses import replace

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.configuration import describe, listed
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.invoke_operations import InvokeOperations
from emulator.services.lambda_.state import Configuration, Function, Transition
from emulator.services.lambda_.transitions import check_settled

__all__ = ["Versions"]


class Versions(InvokeOperations):
    """Snapshots of `$LATEST`."""

    def publish(self, function: Function, now: float, description: str | None) -> Configuration:
        """Freeze `$LATEST` under the next number; the newest version where nothing has changed since it.

        A version that is published while `$LATEST` is on its way is Pending until it has arrived.
        """
        newest = function.versions.get(str(function.next_version - 1))
        if newest is not None and _content(function.latest, newest) == newest:
            return newest
        identifiers = self.account.identifiers
        version = str(function.next_version)
        function.next_version += 1
        under_way = function.latest.under_way(now)
        if under_way is None and function.latest.transition is not None and function.latest.transition.until == now:
            under_way = function.latest.transition  # published by the call that made it, where that takes no time
        published = replace(
            function.latest,
            version=version,
            revision_id=identifiers.uuid(),
            public_revision_id=identifiers.uuid(),
            description=function.latest.description if description is None else description,
            transition=None if under_way is None else Transition(True, under_way.until, identifiers.uuid()),
        )
        function.versions[version] = published
        self.move_revision(function)
        return published

    @operation("PublishVersion", unsupported=("PublishTo",))
    def publish_version(self, params: Params, context: CallContext) -> Reply:
        """Freeze `$LATEST` under the next number."""
        function = self.function(self.named(params))
        self.check_revision(params, function.latest.shown_revision_id(context.now))
        check_settled(function.latest, function.latest.arn(self.account), context.now)
        if params.get("CodeSha256") not in (None, "", function.latest.code.code_sha256):
            raise InvalidParameterValueException(
                f"CodeSHA256 ({params['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
                f"({function.latest.code.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
            )
        published = self.publish(function, context.now, params.get("Description"))
        return Reply(describe(published, self.account, context.now))

    @operation("ListVersionsByFunction")
    def list_versions_by_function(self, params: Params, context: CallContext) -> Reply:
        """`$LATEST`, then the published ones, oldest first."""
        function = self.function(self.named(params))
        shown = [
            listed(version, self.account, context.now, qualified=True)
            for version in (function.latest, *function.versions.values())
        ]
        return Reply(self.page(params, "Versions", shown))


def _content(latest: Configuration, like: Configuration) -> Configuration:
    """`$LATEST` with all that a version has of its own, so that equal ones are equal."""
    return replace(
        latest,
        version=like.version,
        revision_id=like.revision_id,
        public_revision_id=like.public_revision_id,
        last_modified=like.last_modified,
        description=like.description,
        transition=like.transition,
    )
