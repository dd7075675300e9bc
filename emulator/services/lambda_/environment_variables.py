"""The variables that Lambda sets for a function. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html

The sandbox adds those that name places (LAMBDA_TASK_ROOT, PATH, ...). Two variables are ours: AWS_ENDPOINT_URL, which makes every AWS SDK
in the function talk to this emulator, and AWS_DISABLE_HOST_PREFIX_INJECTION, without which boto3 puts `sync-` before its host.
"""

from __future__ import annotations

from emulator.account import Account
from emulator.services.lambda_.state import Configuration, Function

__all__ = ["environment_variables"]


def environment_variables(
    function: Function, configuration: Configuration, log_stream: str, account: Account, *, provisioned: bool = False
) -> tuple[tuple[str, str], ...]:
    """Lambda's variables and the function's own; the function's cover the unreserved ones only (reserved names were refused)."""
    credentials = function.credentials
    variables = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "AWS_ENDPOINT_URL": account.endpoint_url,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        **({} if configuration.variables is None else configuration.variables),
        "_HANDLER": configuration.handler,
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        **_execution_environment(configuration.runtime),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency" if provisioned else "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.shown_log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY": credentials.access_key_id,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }
    if configuration.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        variables["AWS_LAMBDA_LOG_LEVEL"] = configuration.application_log_level or "INFO"
    return tuple(variables.items())


def _execution_environment(runtime: str) -> dict[str, str]:
    """Not for custom runtimes."""
    return {} if runtime.startswith("provided") else {"AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}"}
