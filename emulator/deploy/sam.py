"""SAM's transform as an effect: the translator runs in a child process, beside the emulator."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from emulator.account import Account
from emulator.deploy.errors import TemplateError
from emulator.effects import Process
from emulator.engine.tools import RunTool, ToolResult

__all__ = ["expand_sam"]


def expand_sam(template: Mapping[str, Any], parameters: Mapping[str, Any], account: Account) -> Process:
    """The template with its `AWS::Serverless::*` resources expanded. Raises TemplateError with all of the translator's complaints."""
    request = {
        "template": template,
        "parameters": dict(parameters),
        "region": account.region,
        "partition": account.partition,
    }
    result: ToolResult = yield RunTool(
        (sys.executable, "-m", "emulator.deploy.translate"),
        json.dumps(request).encode(),
        resource="SAM transform",
    )
    if result.exit_code != 0:
        last_lines = result.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise TemplateError("Transform AWS::Serverless-2016-10-31 failed: " + " / ".join(last_lines))
    answer = json.loads(result.stdout)
    if "errors" in answer:
        raise TemplateError("Transform AWS::Serverless-2016-10-31 failed with: " + " ".join(answer["errors"]))
    expanded: dict[str, Any] = answer["template"]
    expanded.pop("Transform", None)
    return expanded
