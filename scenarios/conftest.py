"""What the tests of real clients share: an emulator's account, clients of it, a bucket, a function, the SDK for JavaScript."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from filelock import FileLock

from emulator.targets import Target
from fixtures.function import deployed_function

JAVASCRIPT = Path(__file__).with_name("javascript")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "windtunnel" / "clients"
CODE = """
import json, logging
def handler(event, context):
    print("printed")
    logging.getLogger().warning("logged")
    return {"statusCode": 200, "body": json.dumps(event.get("path"))} if isinstance(event, dict) else event
"""


@pytest.fixture(scope="module")
def target(windtunnel_target: Target) -> Target:
    if "control" not in windtunnel_target.capabilities:
        pytest.skip("it makes resources of its own: for an emulator's account only")
    return windtunnel_target


@pytest.fixture(scope="module")
def client(target: Target) -> Callable[..., Any]:
    """A client without retries, for another region or other settings where a test says so."""

    def make(service: str, *, region: str | None = None, **settings: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=target.endpoint_url,
            region_name=target.region if region is None else region,
            aws_access_key_id=target.access_key_id,
            aws_secret_access_key=target.secret_access_key,
            config=Config(**{"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **settings}),
        )

    return make


@pytest.fixture(scope="module")
def bucket(client: Callable[..., Any]) -> Iterator[str]:
    name = f"clients-{uuid.uuid4().hex[:12]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def function(client: Callable[..., Any]) -> Iterator[str]:
    """The name of a function that logs, and answers a proxy event with its path and all else with itself."""
    with deployed_function(client("lambda"), CODE) as name:
        yield name


@pytest.fixture(scope="session")
def javascript_folder() -> Path:
    """A folder with the SDK for JavaScript and our scripts. The SDK comes from npm, once, into the cache folder."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.fail(
            "node and npm are not on the PATH: the SDK for JavaScript is one of AWS's clients; install Node.js 18 or later"
        )
    wanted = (JAVASCRIPT / "package.json").read_bytes()
    folder = CACHE / f"javascript-{hashlib.md5(wanted).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "installed").exists():
            (folder / "package.json").write_bytes(wanted)
            subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, timeout=170
            )
            (folder / "installed").touch()
        for script in JAVASCRIPT.glob("*.mjs"):
            shutil.copy(script, folder)
    return folder


@pytest.fixture
def javascript(target: Target, javascript_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs one of the scripts with the endpoint and further arguments; what it printed, from JSON."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_REGION": target.region,
    }

    def run(script: str, *arguments: str) -> Any:
        command = ["node", str(javascript_folder / script), str(target.endpoint_url), *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, f"{command} failed:\n{result.stdout}\n{result.stderr}"
        return json.loads(result.stdout)

    return run
