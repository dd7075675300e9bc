"""Records a message, as an item in DynamoDB. A task of the workflow: it raises, and the workflow retries."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit_message.archive import Archive
from audit_message.aws_client import LOOK, TASK, aws_client
from audit_message.internal_message import archive_key_of, primary_key_of
from audit_message.meta_data_table import MetaDataTable
from audit_message.storage_context import storage_context


@dataclass(frozen=True, slots=True)
class MessageMetaData:
    """Records one internal message and returns its storage context, true at that moment."""

    archive: Archive
    table: MetaDataTable

    def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        archived = self.archive.proves(archive_key_of(message))
        context = storage_context(message, self.archive.bucket, self.table.name, archived=archived, recorded=True)
        self.table.put(primary_key_of(message), {**message, "storageContext": context})
        return context


_meta_data = MessageMetaData(
    archive=Archive(aws_client("s3", LOOK), os.environ["ARCHIVE_BUCKET"]),
    table=MetaDataTable(aws_client("dynamodb", TASK), os.environ["META_DATA_TABLE"]),
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"storageContext": _meta_data(event)}
