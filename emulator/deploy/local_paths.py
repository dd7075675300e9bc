"""Local paths in a template: function code, layers, definitions and nested templates that lie beside it.

`aws cloudformation package` and `sam package` upload these and put S3 addresses in their place. Here the files are used where they
are: function code and layers become the address `s3://hot-reload/<absolute path>` (the convention of other emulators for a live
folder), everything else is read through `file://`. The addresses stand in the template before SAM's transform sees it, so that they
pass through it.
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from emulator.deploy.errors import TemplateError
from emulator.deploy.template import read_document

__all__ = ["HOT_RELOAD", "file_path", "read_file", "with_absolute_paths", "without_placeholders"]

HOT_RELOAD = "hot-reload"
"""The bucket that stands for this machine's file system."""

CODE, DEFINITION, INLINE, TEMPLATE = "code", "definition", "inline", "template"
PATH_PROPERTIES: Mapping[tuple[str, str], str] = {
    ("AWS::Lambda::Function", "Code"): CODE,
    ("AWS::Lambda::LayerVersion", "Content"): CODE,
    ("AWS::Serverless::Function", "CodeUri"): CODE,
    ("AWS::Serverless::LayerVersion", "ContentUri"): CODE,
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"): DEFINITION,
    ("AWS::Serverless::StateMachine", "DefinitionUri"): DEFINITION,
    ("AWS::ApiGateway::RestApi", "BodyS3Location"): INLINE,
    ("AWS::Serverless::Api", "DefinitionUri"): INLINE,
    ("AWS::Serverless::HttpApi", "DefinitionUri"): INLINE,
    ("AWS::CloudFormation::Stack", "TemplateURL"): TEMPLATE,
    ("AWS::Serverless::Application", "Location"): TEMPLATE,
}
"""Where a template may name a local path, and what becomes of it."""
INLINED_AS: Mapping[str, str] = {"BodyS3Location": "Body", "DefinitionUri": "DefinitionBody"}
LAYER_FOLDERS: Mapping[str, str] = {"python": "python", "nodejs": "nodejs", "java": "java", "ruby": "ruby"}
"""Where `sam build` puts a layer's source, by the family of its BuildMethod."""
_ADDRESSES = ("s3://", "https://", "http://", "arn:", "file://")


def file_path(url: str) -> Path | None:
    """The path of a `file://` URL, or None for any other."""
    return Path(unquote(urlsplit(url).path)) if url.startswith("file://") else None


def read_file(path: Path, what: str) -> str:
    """A local file's text. Raises TemplateError that says what it was wanted for."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"cannot read {what} {path}: {error}") from error


def with_absolute_paths(template: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """The template with its local paths as addresses; relative paths count from `folder`. Raises TemplateError for what is not there."""
    result = dict(template)
    result["Resources"] = {
        logical_id: _resource(logical_id, resource, folder) for logical_id, resource in template["Resources"].items()
    }
    code = (template.get("Globals") or {}).get("Function", {}).get("CodeUri")
    if isinstance(code, str) and not code.startswith(_ADDRESSES):
        function = {
            **template["Globals"]["Function"],
            "CodeUri": _code(_absolute("Globals.Function", code, folder), ""),
        }
        result["Globals"] = {**template["Globals"], "Function": function}
    return result


def _resource(logical_id: str, resource: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        return dict(resource)
    changed: dict[str, Any] = {}
    for name, value in properties.items():
        use = PATH_PROPERTIES.get((resource["Type"], name))
        if use is None or not isinstance(value, str) or value.startswith(_ADDRESSES):
            changed[name] = value
            continue
        path = _absolute(f"Resources.{logical_id}.{name}", value, folder)
        if use == INLINE:
            changed[INLINED_AS[name]] = read_document(read_file(path, "the definition"))
        elif use == CODE:
            address = _code(path, _layer_folder(resource))
            changed[name] = address if resource["Type"].startswith("AWS::Serverless::") else _s3_location(address)
        elif use == DEFINITION:
            address = f"s3://{HOT_RELOAD}/{quote(str(path))}"
            changed[name] = address if resource["Type"].startswith("AWS::Serverless::") else _bucket_and_key(address)
        else:
            # The fragment makes a change of the nested file a change of the property.
            digest = sha256(read_file(path, "the nested template").encode()).hexdigest()
            changed[name] = f"{path.as_uri()}#{digest[:16]}"
    return {**resource, "Properties": changed}


def _absolute(where: str, value: str, folder: Path | None) -> Path:
    path = Path(value)
    if not path.is_absolute():
        if folder is None:
            raise TemplateError(
                f"{where}: the relative path {value!r} has no folder to count from: deploy the template by TemplateURL=file:///absolute/path"
            )
        path = folder / path
    path = path.resolve()
    if not path.exists():
        raise TemplateError(f"{where}: there is nothing at {path}")
    return path


def _layer_folder(resource: Mapping[str, Any]) -> str:
    """The folder under /opt that a layer's source belongs to: `sam build` puts it there when the layer names a BuildMethod."""
    method = (resource.get("Metadata") or {}).get("BuildMethod")
    if not isinstance(method, str) or "Layer" not in resource["Type"]:
        return ""
    return next((folder for family, folder in LAYER_FOLDERS.items() if method.startswith(family)), "")


def _code(path: Path, layer_folder: str) -> str:
    address = f"s3://{HOT_RELOAD}/{quote(str(path))}"
    # The digest makes a change of the layer's files a change of the layer: a version is a copy, not a live folder.
    return f"{address}?versionId={layer_folder}.{_digest(path)}" if layer_folder else address


def _digest(folder: Path) -> str:
    """A short digest of all files below a folder."""
    content = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            content.update(path.read_bytes())
    return content.hexdigest()[:16]


def _s3_location(address: str) -> dict[str, str]:
    plain, _, folder = address.partition("?versionId=")
    location = {"S3Bucket": HOT_RELOAD, "S3Key": plain.removeprefix(f"s3://{HOT_RELOAD}/")}
    return {**location, "S3ObjectVersion": folder} if folder else location


def _bucket_and_key(address: str) -> dict[str, str]:
    return {"Bucket": HOT_RELOAD, "Key": address.removeprefix(f"s3://{HOT_RELOAD}/")}


def without_placeholders(template: Mapping[str, Any]) -> dict[str, Any]:
    """What became of the addresses: code keeps its address, with the path restored (SAM drops the leading slash and keeps the quoting);
    a state machine's definition takes the place of its address, so that a change of the file is a change of the property."""

    def restore(value: Any) -> Any:
        if isinstance(value, list):
            return [restore(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("S3Bucket") == HOT_RELOAD and isinstance(value.get("S3Key"), str):
            return {**value, "S3Key": _restored(value["S3Key"])}
        members = {name: restore(member) for name, member in value.items()}
        location = members.get("DefinitionS3Location")
        if isinstance(location, dict) and location.get("Bucket") == HOT_RELOAD:
            del members["DefinitionS3Location"]
            members["DefinitionString"] = _definition(Path(_restored(location["Key"])))
        return members

    restored: dict[str, Any] = restore(dict(template))
    return restored


def _restored(key: str) -> str:
    return "/" + unquote(key).lstrip("/")


def _definition(path: Path) -> str:
    """A state machine's definition as JSON text; YAML becomes JSON, as in `sam package`."""
    text = read_file(path, "the definition")
    return text if path.suffix == ".json" else json.dumps(read_document(text))
