"""Archives. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.events.archives import Archive
from emulator.services.events.errors import (
    InternalException,
    InvalidEventPatternException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from emulator.services.events.patterns import EventPattern, PatternError
from emulator.services.events.store import EventsStore

__all__ = ["ArchiveOperations"]


class ArchiveOperations(EventsStore):
    """CreateArchive and what belongs to it."""

    @operation("CreateArchive", unsupported=("KmsKeyIdentifier",))
    def create_archive(self, params: Params, context: CallContext) -> Reply:
        """Keep a bus's events from now on.

        Raises InvalidEventPatternException, LimitExceededException, ResourceAlreadyExistsException, ResourceNotFoundException.
        """
        name = params["ArchiveName"]
        if name in self.archives:
            raise ResourceAlreadyExistsException(f"Archive {name} already exists.")
        bus = self.bus(params["EventSourceArn"])
        pattern = _pattern(params)
        if len(self.archives) >= self.quotas.archives:
            raise LimitExceededException("The requested resource exceeds the maximum number allowed.")
        archive = self.archives[name] = Archive(
            self.account.arn("events", f"archive/{name}"),
            name,
            bus.arn,
            context.now,
            pattern,
            params.get("Description"),
            params.get("RetentionDays", 0),
        )
        return Reply(_brief(archive))

    @operation("UpdateArchive", unsupported=("KmsKeyIdentifier",))
    def update_archive(self, params: Params, context: CallContext) -> Reply:
        """Change what is kept, and for how long. Raises InvalidEventPatternException, and InternalException where there is none."""
        archive = self.archives.get(params["ArchiveName"])
        if archive is None:  # this operation alone does not answer ResourceNotFoundException
            raise InternalException("Service encountered unexpected problem. Please try again.")
        if "EventPattern" in params:
            archive.pattern = _pattern(params)
        archive.description = params.get("Description", archive.description)
        archive.retention_days = params.get("RetentionDays", archive.retention_days)
        return Reply(_brief(archive))

    @operation("DescribeArchive")
    def describe_archive(self, params: Params, context: CallContext) -> Reply:
        """An archive. Raises ResourceNotFoundException."""
        archive = self._archive(params["ArchiveName"])
        archive.forget(context.now)
        shown = {
            **_listed(archive),
            "ArchiveArn": archive.arn,
            "Description": archive.description,
            "EventPattern": None if archive.pattern is None else archive.pattern.text,
        }
        return Reply({name: value for name, value in shown.items() if value is not None})

    @operation("ListArchives")
    def list_archives(self, params: Params, context: CallContext) -> Reply:
        """Archives, by name; all of them, or those that one filter takes. Raises ResourceNotFoundException."""
        prefix, state, source = params.get("NamePrefix", ""), params.get("State"), params.get("EventSourceArn")
        if source is not None:
            source = self.bus(source).arn
        shown: list[dict[str, Any]] = []
        for name in sorted(self.archives):
            archive = self.archives[name]
            archive.forget(context.now)
            if name.startswith(prefix) and state in (None, "ENABLED") and source in (None, archive.source_arn):
                shown.append(_listed(archive))
        return Reply(self.page("Archives", shown, params))

    @operation("DeleteArchive")
    def delete_archive(self, params: Params, context: CallContext) -> Reply:
        """Delete an archive with its events. Raises ResourceNotFoundException."""
        del self.archives[self._archive(params["ArchiveName"]).name]
        return Reply()

    def _archive(self, name: str) -> Archive:
        archive = self.archives.get(name)
        if archive is None:
            raise ResourceNotFoundException(f"Archive {name} does not exist.")
        return archive


def _pattern(params: Params) -> EventPattern | None:
    text = params.get("EventPattern")
    if text is None or text == "":
        return None
    try:
        return EventPattern.parse(text)
    except PatternError as error:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}") from error


def _brief(archive: Archive) -> dict[str, Any]:
    return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created}


def _listed(archive: Archive) -> dict[str, Any]:
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": archive.source_arn,
        "State": "ENABLED",
        "RetentionDays": archive.retention_days,
        "SizeBytes": archive.size_bytes,
        "EventCount": len(archive.events),
        "CreationTime": archive.created,
    }
