"""Manifests for the Locust operators: the mature one (`locust.io/v2`) and the official one (`locust.cloud/v1`)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from loadtests.failures import UsageError

__all__ = ["OPERATORS", "Settings", "render"]

OPERATORS = ("mature", "official")
_SECRETS = ("WINDTUNNEL_TARGET", "WINDTUNNEL_LOAD_URL", "WINDTUNNEL_LOAD_API_KEY")
# A DNS label: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from one cluster and one load to the next. `options` are those of `windtunnel load`."""

    image: str
    workers: int = 4
    name: str = "windtunnel-load"
    namespace: str = "windtunnel"
    secret: str = "windtunnel-target"
    claim: str = "windtunnel-reports"
    options: str = ""
    cpu: str = "1"
    memory: str = "1Gi"

    def __post_init__(self) -> None:
        for text in (self.name, self.namespace, self.secret, self.claim):
            if _NAME.fullmatch(text) is None:
                raise UsageError(f"{text!r} is no name in Kubernetes: lower-case letters, digits and -")
        if not 1 <= self.workers <= 500:
            raise UsageError(f"{self.workers} workers: 1 to 500")


def render(operator: str, settings: Settings) -> str:
    """Return the manifest for an operator as YAML. Raises `UsageError` for another one."""
    if operator not in OPERATORS:
        raise UsageError(f"there is no operator {operator!r}: {' or '.join(OPERATORS)}")
    environment = Environment(
        loader=PackageLoader("loadtests.cluster", "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, not HTML
        keep_trailing_newline=True,
    )
    # Both operators want a command, but the image needs none: its entry point ignores what is not its own.
    values = {**asdict(settings), "operator": operator, "secrets": _SECRETS, "ignored": "--headless"}
    return environment.get_template("locust.yaml.j2").render(values)
