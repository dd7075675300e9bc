"""Published versions. https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html"""

from __future__ import annotations

from dataclasses import replace

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.configuration import describe
from emulator.services.lambda_.errors import InvalidParameterValueException
from emulator.services.lambda_.function_name import LATEST, function_arn
from emulator.services.lambda_.invoke_operations import InvokeOperations
from emulator.services.lambda_.state import Configuration, Function

__all__ = ["Versions"]


class Versions(InvokeOperations):
    """Snapshots of `$LATEST`."""

    def publish(self, function: Function, now: float, description: str | None) -> Configuration:
        """Freeze `$LATEST` under the next number; the newest version where nothing has changed since it."""
        newest = function.versions.get(str(function.next_version - 1))
        description = function.latest.description if description is None else description
        if newest is not None:
            same = replace(
                function.latest,
                version=newest.version,
                revision_id=newest.revision_id,
                last_modified=newest.last_modified,
            )
            if replace(same, description=newest.description) == newest:
                return newest
        version = str(function.next_version)
        function.next_version += 1
        published = replace(
            function.latest, version=version, revision_id=self.account.identifiers.uuid(), description=description
        )
        function.versions[version] = published
        return published

    @operation("PublishVersion", unsupported=("PublishTo",))
    def publish_version(self, params: Params, context: CallContext) -> Reply:
        """Freeze `$LATEST` under the next number."""
        function = self.function(self.named(params))
        self.check_revision(params, function.latest.revision_id)
        if params.get("CodeSha256", function.latest.code.code_sha256) != function.latest.code.code_sha256:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({params['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
                f"({function.latest.code.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
            )
        return Reply(describe(self.publish(function, context.now, params.get("Description")), self.account))

    @operation("ListVersionsByFunction")
    def list_versions_by_function(self, params: Params, context: CallContext) -> Reply:
        """`$LATEST`, then the published ones, oldest first."""
        function = self.function(self.named(params))
        latest = {
            **describe(function.latest, self.account),
            "FunctionArn": function_arn(self.account, function.name, LATEST),
        }
        shown = [latest, *(describe(version, self.account) for version in function.versions.values())]
        return Reply(self.page(params, "Versions", shown))
