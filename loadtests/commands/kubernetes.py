"""`windtunnel load kubernetes`: the manifest of a distributed load."""

from __future__ import annotations

from typing import Annotated

import typer
import yaml

from loadtests.cluster.manifests import Settings, render
from loadtests.commands.options import print_json

__all__ = ["kubernetes"]


def kubernetes(
    image: Annotated[str, typer.Option(help="Image made from loadtests/cluster/Dockerfile.")],
    operator: Annotated[
        str, typer.Option(help="mature (AbdelrhmanHamouda/locust-k8s-operator) or official (locustio/k8s-operator).")
    ] = "mature",
    workers: Annotated[int, typer.Option(min=1, max=500, help="Pods that send.")] = 4,
    name: Annotated[str, typer.Option(help="Name of the test.")] = "windtunnel-load",
    namespace: Annotated[str, typer.Option(help="Its namespace.")] = "windtunnel",
    secret: Annotated[str, typer.Option(help="Secret with the target, the URL and the key.")] = "windtunnel-target",
    claim: Annotated[str, typer.Option(help="Volume claim for the reports (mature operator).")] = "windtunnel-reports",
    options: Annotated[str, typer.Option(help="Options of `windtunnel load`, e.g. '--duration 600 --rate 100'.")] = "",
    cpu: Annotated[str, typer.Option(help="CPU of a pod.")] = "1",
    memory: Annotated[str, typer.Option(help="Memory of a pod.")] = "1Gi",
    json_output: Annotated[bool, typer.Option("--json", help="Print it as JSON, which kubectl takes too.")] = False,
) -> None:
    """Print the manifest of a distributed load for one of the two Locust operators: pipe it to `kubectl apply -f -`.

    Example: windtunnel load kubernetes --image registry.example.com/windtunnel --workers 8 | kubectl apply -f -
    """
    settings = Settings(image, workers, name, namespace, secret, claim, options, cpu, memory)
    text = render(operator, settings)
    if json_output:
        items = [document for document in yaml.safe_load_all(text) if document is not None]
        print_json({"apiVersion": "v1", "kind": "List", "items": items})
    else:
        typer.echo(text, nl=False)
