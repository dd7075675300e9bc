"""Manifests are checked against the shape of each operator's resource, and what an operator starts against what it means.

https://github.com/AbdelrhmanHamouda/locust-k8s-operator (api/v2) and https://github.com/locustio/k8s-operator (charts/crds)
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from loadtests.cli import main
from loadtests.cluster import entry
from loadtests.cluster.manifests import OPERATORS, Settings, render
from loadtests.failures import UsageError

IMAGE = "registry.example/windtunnel-load:1"
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
RESOURCES: dict[str, Any] = {
    "type": "object",
    "properties": {"requests": {"type": "object", "minProperties": 1}, "limits": {"type": "object"}},
    "required": ["requests"],
    "additionalProperties": False,
}


def closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def resource(version: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = closed({"name": TEXT, "namespace": TEXT}, "name", "namespace")
    kind = {"apiVersion": {"const": version}, "kind": {"const": "LocustTest"}, "metadata": metadata, "spec": spec}
    return closed(kind, *kind)


VARIABLE = closed({"name": TEXT, "value": {"type": "string"}, "valueFrom": {"type": "object"}}, "name")
SCHEMAS = {
    "mature": resource(
        "locust.io/v2",
        closed(
            {
                "image": TEXT,
                "imagePullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
                "master": closed(
                    {
                        "command": TEXT,
                        "autostart": {"type": "boolean"},
                        "autoquit": closed({"enabled": {"type": "boolean"}}, "enabled"),
                        "resources": RESOURCES,
                    },
                    "command",
                ),
                "worker": closed(
                    {
                        "command": TEXT,
                        "replicas": {"type": "integer", "minimum": 1, "maximum": 500},
                        "resources": RESOURCES,
                    },
                    "command",
                    "replicas",
                ),
                "env": closed({"variables": {"type": "array", "items": VARIABLE}}, "variables"),
                "volumes": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                "volumeMounts": {
                    "type": "array",
                    "items": closed(
                        {"name": TEXT, "mountPath": TEXT, "target": {"enum": ["master", "worker", "both"]}},
                        "name",
                        "mountPath",
                    ),
                },
            },
            "image",
            "master",
            "worker",
        ),
    ),
    "official": resource(
        "locust.cloud/v1",
        closed(
            {
                "image": TEXT,
                "imagePullPolicy": {"enum": ["IfNotPresent", "Always", "Never"]},
                "workers": {"type": "integer", "minimum": 1},
                "args": {"type": "string"},
                "env": {"type": "array", "items": closed({"name": TEXT, "value": {"type": "string"}}, "name")},
                "master": closed({"resources": RESOURCES}),
                "worker": closed({"resources": RESOURCES}),
            },
            "workers",
        ),
    ),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_manifest_has_the_shape_that_the_operator_reads(operator: str) -> None:
    options = '--duration 600 --slo "ingest p95 < 300 ms"'
    manifest = yaml.safe_load(render(operator, Settings(IMAGE, workers=7, options=options)))
    jsonschema.validate(manifest, SCHEMAS[operator])
    spec = manifest["spec"]
    assert spec["image"] == IMAGE
    assert (spec["worker"]["replicas"] if operator == "mature" else spec["workers"]) == 7
    variables = spec["env"]["variables"] if operator == "mature" else spec["env"]
    values = {variable["name"]: variable.get("value") for variable in variables}
    assert values["WINDTUNNEL_LOAD_OPTIONS"].startswith(options)
    assert values["WINDTUNNEL_LOAD_WORKERS"] == "7"


def test_manifest_is_printed_as_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["load", "kubernetes", "--image", IMAGE, "--json"])
    with pytest.raises(SystemExit):
        main()
    items = json.loads(capsys.readouterr().out)["items"]
    assert items == [item for item in yaml.safe_load_all(render("mature", Settings(IMAGE))) if item is not None]


def test_secrets_are_referred_to_and_never_written() -> None:
    manifest = yaml.safe_load(render("mature", Settings(IMAGE, secret="my-target")))
    secrets = [v for v in manifest["spec"]["env"]["variables"] if "valueFrom" in v]
    assert {v["name"] for v in secrets} == {
        "WINDTUNNEL_TARGET",
        "WINDTUNNEL_LOAD_URL",
        "WINDTUNNEL_LOAD_API_KEY",
    }
    for variable in secrets:
        assert variable["valueFrom"]["secretKeyRef"] == {"name": "my-target", "key": variable["name"]}


MATURE = ["--headless", "--master", "--master-port=5557", "--expect-workers=7", "--autostart", "--enable-rebalancing"]
OFFICIAL = ["--master", "--headless"]


@pytest.mark.parametrize("arguments", [MATURE, OFFICIAL])
def test_master_becomes_a_run_that_waits_for_its_workers(arguments: list[str]) -> None:
    environment = {"WINDTUNNEL_LOAD_WORKERS": "7", "WINDTUNNEL_LOAD_OPTIONS": "--duration 5 --slo 'lost == 0'"}
    command = entry.command_of(arguments, environment)
    assert command[command.index("--workers") + 1] == "7"
    assert command[command.index("--listen") + 1] == "0.0.0.0:5557"
    assert command[-4:] == ["--duration", "5", "--slo", "lost == 0"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--headless", "--worker", "--master-port=5557", "--master-host=load-master"],
        ["--worker", "--master-host", "load-master", "--headless"],
    ],
)
def test_worker_joins_the_master_that_the_operator_names(arguments: list[str]) -> None:
    assert entry.command_of(arguments, {}) == ["worker", "--master", "load-master:5557"]


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(SystemExit):
        entry.command_of(["--headless"], {})
    with pytest.raises(UsageError, match="no name"):
        Settings(IMAGE, name="Not A Name")
    with pytest.raises(UsageError, match="no operator"):
        render("third", Settings(IMAGE))


def test_image_has_what_a_run_needs_and_runs_as_nobody_special() -> None:
    lines = (Path(entry.__file__).with_name("Dockerfile")).read_text().splitlines()
    root = Path(entry.__file__).parents[2]
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY")]
    assert all((root / name).exists() for names in copied for name in names)
    assert 'ENTRYPOINT ["python", "-m", "loadtests.cluster.entry"]' in lines
    assert "USER 1000" in lines
    assert any("MALLOC_MMAP_THRESHOLD_" in line for line in lines)
