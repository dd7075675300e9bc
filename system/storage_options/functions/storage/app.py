"""Reads, writes and changes files and objects as the event asks, and says what became of it."""

import errno
import fcntl
import os
from pathlib import Path

import boto3

FOLDERS = {"tmp": "/tmp", "layer": "/opt", "efs": "/mnt/shared"}
s3 = boto3.client("s3")


def handler(event, context):
    """`{"option": "tmp|layer|efs|s3", "do": ..., "name": ..., "text": ...}`; a refusal comes back as the name of its errno."""
    if event["option"] == "s3":
        return {"get": get, "put": put}[event["do"]](event)
    path = os.path.join(FOLDERS[event["option"]], event["name"])
    try:
        return OPERATIONS[event["do"]](path, event)
    except OSError as error:
        return {"refused": errno.errorcode[error.errno]}


def get(event):
    try:
        answer = s3.get_object(Bucket=os.environ["BUCKET"], Key=event["name"])
    except s3.exceptions.NoSuchKey:
        return {"refused": "NoSuchKey"}
    return {"text": answer["Body"].read().decode(), "metadata": answer["Metadata"]}


def put(event):
    answer = s3.put_object(
        Bucket=os.environ["BUCKET"],
        Key=event["name"],
        Body=event["text"].encode(),
        Metadata=event.get("metadata", {}),
        Tagging=event.get("tagging", ""),
    )
    return {"version": answer["VersionId"]}


def read(path, event):
    with open(path) as file:
        return {"text": file.read()}


def write(path, event):
    with open(path, event.get("mode", "w")) as file:
        file.write(event["text"])
    return {}


def fill(path, event):
    """Write zeros until `megabytes` are there or the space ends; how many were written."""
    written = 0
    block = bytes(1_048_576)
    try:
        with open(path, "wb", buffering=0) as file:
            while written < event["megabytes"]:
                if file.write(block) < len(block):
                    break
                written += 1
    except OSError as error:
        return {"refused": errno.errorcode[error.errno], "megabytes": written}
    finally:
        Path(path).unlink(missing_ok=True)
    return {"megabytes": written}


def rename(path, event):
    Path(path).rename(Path(path).with_name(event["text"]))
    return {}


def lock(path, event):
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return {}


OPERATIONS = {"read": read, "write": write, "fill": fill, "rename": rename, "lock": lock}
