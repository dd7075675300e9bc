"""Gives salvaged messages to the ingest function again, as if they had just arrived.

    python -m system.audit_ingest.redrive --bucket BUCKET --function FUNCTION (--key KEY | --all | --queue-url URL)

A message that is accepted leaves the bucket. One that fails again stays: ingest salvages it under the same key. Its
id is the one that it was salvaged under, so re-driving a message whose workflow had started after all starts no
second one. Credentials, region and `AWS_ENDPOINT_URL` are boto3's own.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one salvaged message."""

    key: str
    accepted: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Redrive:
    """Re-drives objects of one bucket through one ingest function. Methods raise botocore's errors."""

    s3: Any
    lambda_: Any
    sqs: Any
    bucket: str
    function_name: str
    # Long polling asks every server of the queue; a short poll may miss messages.
    wait_seconds: int = 1

    def one(self, key: str) -> Outcome:
        """Ingest one salvaged message; delete its object if, and only if, it is accepted."""
        record = json.loads(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        event = {**record["event"], "redrive": {"messageID": record["failureID"]}}
        answer = self.lambda_.invoke(
            FunctionName=self.function_name,
            Payload=json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(),
        )
        result = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            return Outcome(key, False, f"the ingest function failed: {result}")
        response = json.loads(result)
        if response["statusCode"] != 200:
            return Outcome(key, False, f"{response['statusCode']} {response['body']}")
        self.s3.delete_object(Bucket=self.bucket, Key=key)
        return Outcome(key, True, json.loads(response["body"])["messageID"])

    def all(self) -> Iterator[Outcome]:
        """Re-drive every object of the bucket."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for item in page.get("Contents", []):
                yield self.one(item["Key"])

    def queue(self, queue_url: str) -> Iterator[Outcome]:
        """Re-drive what the pointers in the dead-letter queue name, and delete the pointers of what is accepted.

        A pointer is visible again after the queue's visibility timeout if its message is not accepted. A pointer to
        an object that is gone is settled: the message was re-driven before.
        """
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=self.wait_seconds
            )
            if not answer.get("Messages"):
                return
            for message in answer["Messages"]:
                key = json.loads(message["Body"])["key"]
                try:
                    outcome = self.one(key)
                except self.s3.exceptions.NoSuchKey:
                    outcome = Outcome(key, True, "was re-driven before")
                if outcome.accepted:
                    self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield outcome


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 1 when a message was not accepted, so that a script can see it."""
    parser = argparse.ArgumentParser(prog="python -m system.audit_ingest.redrive", description=__doc__.split("\n")[0])
    parser.add_argument("--bucket", required=True, help="the stack's output FailedMessagesBucketName")
    parser.add_argument("--function", required=True, help="the stack's output IngestFunctionName")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--key", help="one salvaged message: <failureID>.json")
    which.add_argument("--all", action="store_true", help="every message in the bucket")
    which.add_argument("--queue-url", help="what the pointers in IngestDeadLetterQueueUrl name; settles them too")
    options = parser.parse_args(arguments)
    redrive = Redrive(
        s3=boto3.client("s3"),
        lambda_=boto3.client("lambda"),
        sqs=boto3.client("sqs"),
        bucket=options.bucket,
        function_name=options.function,
    )
    if options.key is not None:
        outcomes: Iterator[Outcome] = iter([redrive.one(options.key)])
    elif options.queue_url is not None:
        outcomes = redrive.queue(options.queue_url)
    else:
        outcomes = redrive.all()
    refused = 0
    for outcome in outcomes:
        refused += not outcome.accepted
        print(f"{'accepted' if outcome.accepted else 'refused '}  {outcome.key}  {outcome.detail}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
