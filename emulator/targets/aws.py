"""The aws target: a stack that is deployed for real, reached through boto3 with the credentials of the environment.

There is no control API on AWS, so nothing here moves time, injects faults or reads a journal; scenarios that need
these ask `Target.require` and are told so. Caps on rate, bytes, time and cost are not built yet: a load run against
AWS refuses to start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from emulator.errors import EmulatorError
from emulator.targets.api_key import with_api_key
from emulator.targets.api_url import find_api_url
from emulator.targets.target import Target

__all__ = ["aws_target"]

ALLOWED_ACCOUNTS = "WINDTUNNEL_ALLOWED_ACCOUNTS"


def aws_target(
    stack_name: str, *, region: str | None = None, environ: Mapping[str, str] | None = None, session: Any = None
) -> Target:
    """The target of a deployed stack. Raises EmulatorError unless its account is in `WINDTUNNEL_ALLOWED_ACCOUNTS`.

    The list (account ids, separated by commas) is checked against what STS says before anything else is asked.
    """
    allowed = {one.strip() for one in (os.environ if environ is None else environ).get(ALLOWED_ACCOUNTS, "").split(",")}
    allowed.discard("")
    if not allowed:
        raise EmulatorError(
            f"the aws target works only in accounts that you name: set {ALLOWED_ACCOUNTS} to their ids, separated by commas"
        )
    session = _session(region) if session is None else session
    account = session.client("sts").get_caller_identity()["Account"]
    if account not in allowed:
        raise EmulatorError(f"these credentials are of account {account}, which is not in {ALLOWED_ACCOUNTS}")
    credentials = session.get_credentials().get_frozen_credentials()
    outputs = _outputs(session, stack_name)
    target = Target(
        name="aws",
        endpoint_url=None,
        region=session.region_name,
        access_key_id=credentials.access_key,
        secret_access_key=credentials.secret_key,
        session_token=credentials.token,
        stack_name=stack_name,
        outputs=outputs,
        api_url=find_api_url(outputs, None),
    )
    return with_api_key(target)


def _session(region: str | None) -> Any:
    import boto3

    session = boto3.session.Session(region_name=region)
    if session.get_credentials() is None:
        raise EmulatorError("there are no AWS credentials: configure a profile, or set AWS_PROFILE")
    if session.region_name is None:
        raise EmulatorError("no region is set: pass one, or set AWS_REGION")
    return session


def _outputs(session: Any, stack_name: str) -> dict[str, str]:
    (stack,) = session.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    return {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", ())}
