"""Joins what the branches of the workflow did into the final state, and records it in the message's item.

The branches report; this function looks where a report may be wrong. A branch that failed can have written before it
failed, so S3 is asked about it. DynamoDB is always asked, by an update that needs the item to be there.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit_message.archive import Archive
from audit_message.aws_client import LOOK, TASK, aws_client
from audit_message.internal_message import archive_key_of, primary_key_of
from audit_message.meta_data_table import MetaDataTable
from audit_message.storage_context import storage_context

# A cause may hold a whole stack trace; the dead-letter queue has it in full.
MAX_REASON_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class FinalState:
    """Takes the internal message with the outcome of its branches and returns the final storage context."""

    archive: Archive
    table: MetaDataTable

    def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        branches = message["branches"]
        archived = branches["archive"]["persisted"] or self.archive.proves(archive_key_of(message))
        recorded = storage_context(message, self.archive.bucket, self.table.name, archived=archived, recorded=True)
        unrecorded = storage_context(message, self.archive.bucket, self.table.name, archived=archived, recorded=False)
        reasons = {} if archived else {"S3": _reason(branches["archive"])}
        if reasons:
            recorded["persistence"]["reason"] = reasons
        if self.table.set_storage_context(primary_key_of(message), recorded):
            return recorded
        unrecorded["persistence"]["reason"] = {**reasons, "metaData": _reason(branches["metadata"])}
        return unrecorded


def _reason(branch: Mapping[str, Any]) -> str:
    if branch["persisted"]:
        return "It was stored, but is not there any more."
    failure = branch["failure"]
    return f"{failure['Error']}: {failure.get('Cause', '')}"[:MAX_REASON_CHARACTERS]


_final_state = FinalState(
    archive=Archive(aws_client("s3", LOOK), os.environ["ARCHIVE_BUCKET"]),
    table=MetaDataTable(aws_client("dynamodb", TASK), os.environ["META_DATA_TABLE"]),
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"storageContext": _final_state(event)}
