"""Checks what is installed, away from the checkout: the command line starts, and a Node function (whose runtime is no Python) runs.

tox -e wheel
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

TEMPLATE = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "nodejs20.x" if shutil.which("node") else "python3.12",
                "Handler": "index.handler",
                "InlineCode": "exports.handler = async (event) => ({ echo: event.text });"
                if shutil.which("node")
                else "def handler(event, context):\n    return {'echo': event['text']}",
                "Timeout": 30,
            },
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Function"}}},
}


def main() -> int:
    """Exit code 0 where all is well; the reason otherwise."""
    command = Path(sys.executable).with_name("windtunnel")
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        subprocess.run([command, "doctor"], cwd=where, check=False)
        (where / "template.json").write_text(json.dumps(TEMPLATE))
        ready = where / "ready.json"
        server = subprocess.Popen(
            [command, "up", "--template", "template.json", "--port", "0", "--ready-file", str(ready)], cwd=where
        )
        try:
            while not (ready.is_file() and ready.read_text()):
                try:
                    return server.wait(0.2) or 1
                except subprocess.TimeoutExpired:
                    continue
            info = json.loads(ready.read_text())
            (stack,) = info["stacks"].values()
            url = f"{info['endpoint_url']}/2015-03-31/functions/{stack['outputs']['Name']}/invocations"
            with urllib.request.urlopen(urllib.request.Request(url, b'{"text": "hello"}'), timeout=60.0) as answer:  # noqa: S310  # the server that was just started
                body = answer.read()
            if json.loads(body) != {"echo": "hello"}:
                print(f"the function answered {body!r}")
                return 1
        finally:
            server.terminate()
            server.wait(30.0)
    print(f"{TEMPLATE['Resources']['Function']['Properties']['Runtime']} runs from the installed package")
    return 0


if __name__ == "__main__":
    sys.exit(main())
