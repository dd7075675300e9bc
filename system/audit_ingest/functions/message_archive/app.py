"""Archives a payload, from Redis to S3. A task of the workflow: it raises, and the workflow retries."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit_message.archive import Archive
from audit_message.aws_client import LOOK, TASK, aws_client
from audit_message.internal_message import archive_key_of, primary_key_of
from audit_message.meta_data_table import MetaDataTable
from audit_message.payload import PayloadCorrupt, PayloadMissing, decode_payload
from audit_message.payload_store import PayloadStore
from audit_message.storage_context import storage_context


@dataclass(frozen=True, slots=True)
class MessageArchive:
    """Archives the payload of one internal message and returns the message's storage context, true at that moment."""

    payloads: PayloadStore
    archive: Archive
    table: MetaDataTable

    def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        received = self.payloads.get(message["storageContext"]["redisReference"]["key"])
        if received is None:
            raise PayloadMissing(f"the payload of {message['messageID']} is not in Redis any more")
        payload = message["messageSecurityContext"]["payload"]
        if hashlib.sha256(received).hexdigest() != payload["sha256"]:
            raise PayloadCorrupt(f"the payload of {message['messageID']} in Redis is not the one that was received")
        body, content_type = decode_payload(received, payload["type"])
        self.archive.write(archive_key_of(message), body, content_type)
        recorded = self.table.proves(primary_key_of(message))
        return storage_context(message, self.archive.bucket, self.table.name, archived=True, recorded=recorded)


_archive = MessageArchive(
    payloads=PayloadStore.from_env(os.environ),
    archive=Archive(aws_client("s3", TASK), os.environ["ARCHIVE_BUCKET"]),
    table=MetaDataTable(aws_client("dynamodb", LOOK), os.environ["META_DATA_TABLE"]),
)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"storageContext": _archive(event)}
