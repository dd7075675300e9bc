"""S3 as its real clients use it: boto3's transfers, presigned URLs and forms, the AWS CLI, s3fs, and the SDK for JavaScript.

s3fs wants a botocore of its own: it is installed once, into the cache folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from filelock import FileLock

from emulator.targets import Target

CLI = Path(sys.executable).with_name("aws")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "windtunnel" / "clients"
S3FS = "s3fs>=2025.2"
BYTES = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def s3(client: Callable[..., Any]) -> Any:
    return client("s3")


@pytest.fixture
def own_bucket(s3: Any) -> Iterator[str]:
    """A bucket for one test."""
    name = f"s3-clients-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


def environment(target: Target, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ENDPOINT_URL": str(target.endpoint_url),
        "AWS_ACCESS_KEY_ID": target.access_key_id,
        "AWS_SECRET_ACCESS_KEY": target.secret_access_key,
        "AWS_DEFAULT_REGION": target.region,
        "AWS_REGION": target.region,
        "AWS_PAGER": "",
    }


def output_of(command: list[str], env: Mapping[str, str], cwd: Path, seconds: float = 120) -> str:
    result = subprocess.run(
        command, cwd=cwd, env=dict(env), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}\n{result.stderr}"
    return result.stdout


# -- boto3 ------------------------------------------------------------


def test_boto3_transfers_files_in_parts_side_by_side(s3: Any, own_bucket: str, tmp_path: Path) -> None:
    whole = BYTES * 20 + b"end"
    (tmp_path / "up").write_bytes(whole)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    s3.upload_file(str(tmp_path / "up"), own_bucket, "dir/file", ExtraArgs={"Metadata": {"a": "b"}}, Config=parts)
    head = s3.head_object(Bucket=own_bucket, Key="dir/file")
    assert (head["ContentLength"], head["ETag"][-3:], head["Metadata"]) == (len(whole), '-5"', {"a": "b"})
    s3.download_file(own_bucket, "dir/file", str(tmp_path / "down"), Config=parts)
    assert (tmp_path / "down").read_bytes() == whole


def test_boto3_puts_and_ranges_what_does_not_fit_into_memory_comfortably(s3: Any, own_bucket: str) -> None:
    whole = BYTES * 24
    put = s3.put_object(Bucket=own_bucket, Key="large", Body=whole)
    assert put["ETag"] == f'"{hashlib.md5(whole).hexdigest()}"'
    for start, stop in ((0, 10), (9_000_000, 9_300_000), (len(whole) - 5, len(whole))):
        part = s3.get_object(Bucket=own_bucket, Key="large", Range=f"bytes={start}-{stop - 1}")
        assert part["Body"].read() == whole[start:stop]
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_presigned_urls_work_for_anyone_until_they_run_out(
    client: Callable[..., Any], own_bucket: str, signature: str
) -> None:
    s3 = client("s3", signature_version=signature)
    params = {"Bucket": own_bucket, "Key": "a b+ü"}
    with urlopen(Request(s3.generate_presigned_url("put_object", params), b"body", method="PUT")) as answer:
        assert answer.status == 200
    with urlopen(s3.generate_presigned_url("get_object", params, ExpiresIn=60)) as answer:
        assert answer.read() == b"body"
    url = s3.generate_presigned_url("get_object", params, ExpiresIn=60)
    past = re.sub(r"X-Amz-Date=\d{8}", "X-Amz-Date=20200101", re.sub(r"(?<=&)Expires=\d+", "Expires=1577836800", url))
    with pytest.raises(HTTPError) as refused, urlopen(past):
        pass
    assert refused.value.code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in refused.value.read().decode()


def posted(post: Mapping[str, Any], file: bytes) -> tuple[int, str, Mapping[str, str]]:
    boundary = "frontier"
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post["fields"].items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n'
    body = "".join([*lines, head]).encode() + file + f"\r\n--{boundary}--\r\n".encode()
    request = Request(post["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_a_form_uploads_what_its_policy_allows(s3: Any, own_bucket: str) -> None:
    fields = {"success_action_status": "201", "Content-Type": "text/plain"}
    conditions = [
        {"success_action_status": "201"},
        {"Content-Type": "text/plain"},
        ["content-length-range", 1, 300_000],
    ]
    post = s3.generate_presigned_post(own_bucket, "up/${filename}", Fields=fields, Conditions=conditions)
    status, text, headers = posted(post, b"x" * 300_000)
    assert (status, headers["Location"].endswith("/up/f.txt")) == (201, True)
    assert f"<Bucket>{own_bucket}</Bucket><Key>up/f.txt</Key>" in text
    stored = s3.get_object(Bucket=own_bucket, Key="up/f.txt")
    assert (stored["ContentType"], stored["Body"].read()) == ("text/plain", b"x" * 300_000)
    status, text, _ = posted(post, b"x" * 300_001)
    assert (status, "EntityTooLarge" in text) == (400, True)
    post["fields"]["Content-Type"] = "image/png"
    status, text, _ = posted(post, b"x")
    assert status == 403
    assert "Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$Content-Type&quot;" in text


def test_virtual_hosted_requests_find_their_bucket(target: Target, s3: Any, own_bucket: str) -> None:
    s3.put_object(Bucket=own_bucket, Key="k", Body=b"v")
    url = s3.generate_presigned_url("get_object", {"Bucket": own_bucket, "Key": "k"})
    query = url.partition("?")[2]
    for host in (f"{own_bucket}.s3.amazonaws.com", f"{own_bucket}.s3.{target.region}.amazonaws.com"):
        with urlopen(Request(f"{target.endpoint_url}/k?{query}", headers={"Host": host})) as answer:
            assert answer.read() == b"v"


def test_an_error_is_modelled(s3: Any, own_bucket: str) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey) as missing:
        s3.get_object(Bucket=own_bucket, Key="none")
    assert missing.value.response["Error"] == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "none",
    }
    with pytest.raises(ClientError) as headless:
        s3.head_object(Bucket=own_bucket, Key="none")
    assert headless.value.response["Error"]["Code"] == "404"


# -- the AWS CLI ------------------------------------------------------------


@pytest.mark.skipif(not CLI.exists(), reason="the AWS CLI is not installed beside this Python: pip install awscli")
def test_the_cli_syncs_folders_and_copies_large_files(target: Target, s3: Any, own_bucket: str, tmp_path: Path) -> None:
    env = environment(target, tmp_path)
    source = tmp_path / "source"
    for name in ("a.txt", "dir/b c.txt", "dir/ü+%.txt", "skip.log"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
        os.utime(source / name, (1_600_000_000, 1_600_000_000))  # older than any object: S3's times are whole seconds
    aws = [str(CLI), "s3"]
    output_of([*aws, "sync", "source", f"s3://{own_bucket}/p", "--exclude", "*.log"], env, tmp_path)
    again = output_of([*aws, "sync", "source", f"s3://{own_bucket}/p", "--exclude", "*.log"], env, tmp_path)
    assert "upload:" not in again
    output_of([*aws, "sync", f"s3://{own_bucket}/p", "target"], env, tmp_path)
    fetched = {path.relative_to(tmp_path / "target").as_posix() for path in (tmp_path / "target").rglob("*.*")}
    assert fetched == {"a.txt", "dir/b c.txt", "dir/ü+%.txt"}
    (tmp_path / "large").write_bytes(BYTES * 40)
    output_of([*aws, "cp", "large", f"s3://{own_bucket}/large", "--no-progress"], env, tmp_path)
    output_of([*aws, "cp", f"s3://{own_bucket}/large", "again", "--no-progress"], env, tmp_path)
    assert (tmp_path / "again").read_bytes() == BYTES * 40
    listed = output_of([*aws, "ls", f"s3://{own_bucket}", "--recursive"], env, tmp_path)
    assert [line.split(maxsplit=3)[3] for line in listed.splitlines()] == [
        "large",
        "p/a.txt",
        "p/dir/b c.txt",
        "p/dir/ü+%.txt",
    ]
    output_of([*aws, "rm", f"s3://{own_bucket}", "--recursive"], env, tmp_path)
    assert "Contents" not in s3.list_objects_v2(Bucket=own_bucket)


# -- s3fs ------------------------------------------------------------

S3FS_SCRIPT = """
import sys, s3fs
bucket = sys.argv[1]
fs = s3fs.S3FileSystem()
with fs.open(f"{bucket}/dir/large", "wb", block_size=5 << 20) as file:
    for _ in range(13):
        file.write(bytes(range(256)) * 4096)
fs.pipe(f"{bucket}/dir/small", b"small")
fs.touch(f"{bucket}/dir/empty")
with fs.open(f"{bucket}/dir/large", "rb") as file:
    file.seek(9_000_001)
    assert file.read(5) == (bytes(range(256)) * 4096 * 13)[9_000_001:9_000_006]
assert fs.cat(f"{bucket}/dir/small") == b"small"
fs.copy(f"{bucket}/dir/small", f"{bucket}/dir/copy")
fs.mv(f"{bucket}/dir/copy", f"{bucket}/moved")
assert fs.info(f"{bucket}/dir/large")["size"] == 13 << 20
assert fs.isdir(f"{bucket}/dir") and fs.isfile(f"{bucket}/moved")
names = sorted(fs.find(bucket))
assert names == [f"{bucket}/{name}" for name in ("dir/empty", "dir/large", "dir/small", "moved")], names
assert sorted(fs.ls(f"{bucket}/dir", detail=False)) == names[:3]
fs.rm(f"{bucket}/dir", recursive=True)
print(fs.find(bucket))
"""


@pytest.fixture(scope="module")
def s3fs_python() -> Path:
    folder = (
        CACHE / f"s3fs-{sys.version_info.major}.{sys.version_info.minor}-{hashlib.md5(S3FS.encode()).hexdigest()[:8]}"
    )
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", S3FS], check=True)
            (folder / "installed").touch()
    return folder / "bin" / "python"


def test_s3fs_reads_and_writes_files(target: Target, own_bucket: str, s3fs_python: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(S3FS_SCRIPT)
    left = output_of([str(s3fs_python), "script.py", own_bucket], environment(target, tmp_path), tmp_path)
    assert left.strip() == f"['{own_bucket}/moved']"


# -- the SDK for JavaScript ------------------------------------------------------------


def test_the_sdk_for_javascript(javascript: Callable[..., Any]) -> None:
    found = javascript("s3.mjs", f"s3-javascript-{uuid.uuid4().hex[:12]}")
    text = "grüße, 世界"
    assert found == {
        "etag": f'"{hashlib.md5(text.encode()).hexdigest()}"',
        "metadata": {"one": "1"},
        "text": text,
        "parts": True,
        "largeIsSame": True,
        "wholeIsSame": True,
        "presigned": text,
        "presignedPut": 200,
        "post": 204,
        "formText": "by form",
        "keys": ["a b/c+ü", "copy", "form/f.txt", "large", "presigned", "whole"],
        "missing": ["NoSuchKey", 404],
    }
