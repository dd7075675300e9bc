"""The functions of a soak run, and how each of them must answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["KINDS", "Kind", "deploy", "payload"]

_SOURCE = """
import json, os, time

print("importing", os.environ["AWS_LAMBDA_FUNCTION_NAME"])

def handler(event, context):
    do = event.get("do") or event.get("rawPath", "/").strip("/")
    if do == "print":
        for number in range(50):
            print("line", number)
    if do == "raise":
        raise ValueError("as asked")
    if do == "sleep":
        time.sleep(60)
    if do == "exit":
        os._exit(1)
    if do == "tmp":
        with open(f"/tmp/{time.time_ns() % 50}", "wb") as file:
            file.write(bytes(100_000))
    if do == "large":
        return {"length": len(event["data"]), "data": event["data"]}
    return {"did": do}
"""
_EXTENSION = """#!/bin/bash
base="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -s -D - -o /dev/null -X POST -H "Lambda-Extension-Name: ${0##*/}" -d '{"events":["INVOKE","SHUTDOWN"]}' "$base/register" |
     tr -d '\\r' | awk 'tolower($1) == "lambda-extension-identifier:" {print $2}')
while true; do
  event=$(curl -s -H "Lambda-Extension-Identifier: $id" "$base/event/next")
  case $event in *SHUTDOWN*) exit 0 ;; esac
done
"""
_ROLE: Final = "arn:aws:iam::000000000000:role/soak"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: what it sends, what must come of it (a piece of the answer), and its share of the load."""

    name: str
    function: str
    event: Mapping[str, Any]
    expects: str
    weight: int
    way: str = "invoke"
    """`invoke`, `event` (asynchronous), `stream`, or `url`."""


KINDS: Final = (
    Kind("sync", "plain", {"do": "nothing"}, '"did": "nothing"', 30),
    Kind("print", "plain", {"do": "print"}, '"did": "print"', 10),
    Kind("tmp", "plain", {"do": "tmp"}, '"did": "tmp"', 6),
    Kind("other", "other", {"do": "nothing"}, '"did": "nothing"', 10),
    Kind("async", "plain", {"do": "print"}, "", 10, "event"),
    Kind("async failing", "failing", {"do": "raise"}, "", 1, "event"),
    Kind("raise", "failing", {"do": "raise"}, '"errorType": "ValueError"', 6),
    Kind("exit", "failing", {"do": "exit"}, "Runtime.ExitError", 3),
    Kind("timeout", "slow", {"do": "sleep"}, "Sandbox.Timedout", 2),
    Kind("large", "large", {"do": "large", "data": "x" * 2_500_000}, '"length": 2500000', 4),
    Kind("extension", "extended", {"do": "nothing"}, '"did": "nothing"', 8),
    Kind("stream", "other", {"do": "print"}, '"did": "print"', 4, "stream"),
    Kind("url", "url", {"do": "nothing"}, '"did": "nothing"', 6, "url"),
)


def deploy(client: Any, folder: Path, runtime: str) -> str:
    """Create the functions; the URL of the one that has one."""
    code, layer = folder / "code", folder / "layer" / "extensions"
    code.mkdir()
    layer.mkdir(parents=True)
    (code / "app.py").write_text(_SOURCE)
    (layer / "watcher").write_text(_EXTENSION)
    (layer / "watcher").chmod(0o755)
    content = {"S3Bucket": "hot-reload", "S3Key": str(folder / "layer")}
    arn = client.publish_layer_version(LayerName="watcher", Content=content)["LayerVersionArn"]
    for name in sorted({kind.function for kind in KINDS}):
        client.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=_ROLE,
            Handler="app.handler",
            Code={"S3Bucket": "hot-reload", "S3Key": str(code)},
            Timeout=1 if name == "slow" else 20,
            Layers=[arn] if name == "extended" else [],
        )
        client.get_waiter("function_active_v2").wait(FunctionName=name)
    permission = {"FunctionName": "url", "Principal": "*"}
    client.add_permission(**permission, StatementId="u", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    client.add_permission(**permission, StatementId="f", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True)
    url: str = client.create_function_url_config(FunctionName="url", AuthType="NONE")["FunctionUrl"]
    return url


def payload(kind: Kind) -> bytes:
    """What a call of that kind sends."""
    return json.dumps(kind.event).encode()
