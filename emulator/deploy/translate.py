"""Expands SAM with AWS's own translator. A program of its own, because its import costs a second and 60 MB:

    python -m emulator.deploy.translate   < {"template": ..., "parameters": {...}, "region": "us-east-1", "partition": "aws"}
                                          > {"template": ...}  or  {"errors": ["..."]}

It needs no AWS: managed policies come from the map that the translator carries.
https://github.com/aws/serverless-application-model
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

__all__ = ["translate"]


def translate(request: dict[str, Any]) -> dict[str, Any]:
    """The expanded template, or the translator's complaints. Nothing here may reach for credentials or the network."""
    os.environ["AWS_DEFAULT_REGION"] = request["region"]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

    template, parameters = request["template"], request["parameters"]
    policies = get_bundled_managed_policy_map(request["partition"]) or {}
    to_py27_compatible_template(template, parameters)
    try:
        expanded = Translator(policies, Parser()).translate(
            template, parameters, passthrough_metadata=True, get_managed_policy_map=lambda: policies
        )
    except InvalidDocumentException as error:
        return {"errors": [cause.message for cause in error.causes] or [error.message]}
    return {"template": undo_mark_unicode_str_in_template(expanded)}


if __name__ == "__main__":
    json.dump(translate(json.load(sys.stdin)), sys.stdout)
