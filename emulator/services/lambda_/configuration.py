"""Checks a function's configuration and shows it: CreateFunction's and UpdateFunctionConfiguration's members to a frozen value and back.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from emulator.account import Account
from emulator.errors import UnsupportedOperation
from emulator.operation import Params
from emulator.services.lambda_.errors import InvalidParameterValueException, RequestTooLargeException
from emulator.services.lambda_.function_name import LATEST, function_arn
from emulator.services.lambda_.quotas import LambdaQuotas
from emulator.services.lambda_.runtimes import checked_runtime, runtime_version_arn
from emulator.services.lambda_.state import Configuration, LayerVersion
from emulator.services.lambda_.transitions import shown_state

__all__ = [
    "UNSUPPORTED",
    "UNSUPPORTED_AT_CREATION",
    "changes",
    "check_code_size",
    "check_upload",
    "describe",
    "listed",
    "runtime_of",
]

UNSUPPORTED = (
    "ImageConfig",
    "CapacityProviderConfig",
    "DurableConfig",
    "RuntimeConfig",
    "AcceleratorConfig",
)
UNSUPPORTED_AT_CREATION = (*UNSUPPORTED, "CodeSigningConfigArn", "PublishTo", "TenancyConfig")
_MOUNT_PATH = re.compile(r"/mnt/[a-zA-Z0-9-_.]+")
_RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "AWS_LAMBDA_MAX_CONCURRENCY",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
_WITHOUT_SNAP_START = frozenset({*(f"python3.{minor}" for minor in range(6, 12)), "provided.al2", "provided.al2023"})
"""https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes"""


def runtime_of(params: Params) -> str:
    """The runtime of a new function. Raises UnsupportedOperation for one that this emulator does not run."""
    if params.get("PackageType", "Zip") != "Zip":
        raise UnsupportedOperation(
            "lambda:CreateFunction: PackageType Image is not supported by this emulator; use a zip or a folder"
        )
    runtime = params.get("Runtime")
    if runtime is None:
        raise InvalidParameterValueException("Runtime is mandatory for functions created with deployment packages.")
    if "Handler" not in params:
        raise InvalidParameterValueException("Handler is mandatory for functions created with deployment packages.")
    return checked_runtime(str(runtime))


def changes(
    params: Params,
    layers: Mapping[str, LayerVersion],
    quotas: LambdaQuotas,
    region: str,
    latest: Configuration | None = None,
) -> dict[str, Any]:
    """The members of a Configuration that `params` sets, checked.

    `layers` holds the versions that exist, by ARN; `latest` is what is changed, None for a new function.
    """
    runtime = params.get("Runtime", "" if latest is None else latest.runtime)
    set_: dict[str, Any] = {}
    for member, name in (
        ("Role", "role"),
        ("Handler", "handler"),
        ("Description", "description"),
        ("KMSKeyArn", "kms_key_arn"),
    ):
        if member in params:
            set_[name] = params[member]
    if "Runtime" in params:
        set_["runtime"] = checked_runtime(params["Runtime"])
    if "Timeout" in params:
        set_["timeout_seconds"] = _bounded("timeout", params["Timeout"], 1, quotas.maximum_timeout_seconds)
    if "MemorySize" in params:
        set_["memory_mb"] = _bounded("memorySize", params["MemorySize"], 128, quotas.maximum_memory_mb)
    if "EphemeralStorage" in params:
        size = params["EphemeralStorage"]["Size"]
        set_["ephemeral_storage_mb"] = _bounded("ephemeralStorage.size", size, 512, quotas.maximum_ephemeral_storage_mb)
    if "Environment" in params:
        set_["variables"] = _variables(params["Environment"].get("Variables"), quotas)
    if "Layers" in params:
        set_["layers"] = _layers(params["Layers"], layers, quotas, region)
    if "Architectures" in params:
        set_["architectures"] = tuple(params["Architectures"])
    if "DeadLetterConfig" in params:
        set_["dead_letter_arn"] = _dead_letter(params["DeadLetterConfig"].get("TargetArn", ""))
    if "TracingConfig" in params:
        set_["tracing_mode"] = params["TracingConfig"].get("Mode", "PassThrough")
    if "FileSystemConfigs" in params:
        set_["file_systems"] = _file_systems(params["FileSystemConfigs"])
    if "VpcConfig" in params:
        set_["vpc"] = dict(params["VpcConfig"])
    if params.get("SnapStart", {}).get("ApplyOn", "None") != "None":
        if runtime in _WITHOUT_SNAP_START:
            raise InvalidParameterValueException(f"{runtime} is not supported for SnapStart enabled functions.")
        raise UnsupportedOperation("lambda: SnapStart is not supported by this emulator")
    if "LoggingConfig" in params:
        set_ |= _logging(params["LoggingConfig"], latest)
    return set_


def _bounded(member: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have value {bound}"
        )
    return value


def _variables(variables: Mapping[str, str] | None, quotas: LambdaQuotas) -> Mapping[str, str] | None:
    if variables is None:
        return None
    failed = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    reserved = sorted(_RESERVED_VARIABLES.intersection(variables))
    if reserved:
        raise InvalidParameterValueException(
            f"{failed} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = orjson.dumps(variables)
    if len(measured) > quotas.environment_variables_bytes:
        limit = quotas.environment_variables_bytes // 1024
        raise InvalidParameterValueException(
            f"{failed} exceeded the {limit}KB limit. String measured: {measured.decode()}"
        )
    return dict(variables)


def _layers(
    arns: list[str], layers: Mapping[str, LayerVersion], quotas: LambdaQuotas, region: str
) -> tuple[LayerVersion, ...]:
    if len(arns) > quotas.layers:
        raise InvalidParameterValueException(f"Cannot reference more than {quotas.layers} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        parts = arn.split(":")
        if len(parts) > 3 and parts[3] != region:
            raise InvalidParameterValueException(
                f"Layers are not in the same region as the function. Layers are expected to be in region {region}."
            )
        if arn not in layers:
            raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
        name = layers[arn].name
        if name in seen:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[name]} and {arn} are versions of the same layer."
            )
        seen[name] = arn
    return tuple(layers[arn] for arn in arns)


def _file_systems(configs: list[Mapping[str, str]]) -> tuple[Mapping[str, str], ...]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html"""
    for config in configs:
        if _MOUNT_PATH.fullmatch(config["LocalMountPath"]) is None:
            raise InvalidParameterValueException(
                f"{config['LocalMountPath']} is no mount path: it must begin with /mnt/"
            )
        if ":elasticfilesystem:" not in config["Arn"] or ":access-point/" not in config["Arn"]:
            raise UnsupportedOperation(f"lambda: FileSystemConfigs: {config['Arn']} is not an EFS access point")
    return tuple(dict(config) for config in configs)


def _dead_letter(arn: str) -> str:
    if arn and (arn.split(":")[2:3] not in (["sqs"], ["sns"]) or arn.endswith(".fifo")):
        raise InvalidParameterValueException(f"The provided target ARN {arn} is not a standard SQS queue or SNS topic.")
    return arn


def _logging(logging: Mapping[str, Any], latest: Configuration | None) -> dict[str, Any]:
    """What is given changes what was; levels belong to JSON, where they are INFO unless somebody says otherwise.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
    """
    before = ("Text", "", "", "") if latest is None else (
        latest.log_format,
        latest.log_group,
        latest.application_log_level,
        latest.system_log_level,
    )  # fmt: skip
    log_format = logging.get("LogFormat", before[0])
    settings = {
        "log_format": log_format,
        "log_group": logging.get("LogGroup", before[1]),
        "application_log_level": "",
        "system_log_level": "",
    }
    levels = {"ApplicationLogLevel": "application_log_level", "SystemLogLevel": "system_log_level"}
    if log_format == "JSON":
        for (member, name), old in zip(levels.items(), before[2:], strict=True):
            settings[name] = logging.get(member, old or "INFO")
    elif any(logging.get(member) for member in levels):
        raise InvalidParameterValueException(
            "ApplicationLogLevel and SystemLogLevel can be set only where LogFormat is JSON."
        )
    return settings


def check_code_size(configuration: Configuration, quotas: LambdaQuotas) -> Configuration:
    """Refuse code and layers that are too large together, unzipped."""
    limit = quotas.unzipped_code_bytes
    if configuration.code.unzipped_size > limit:
        raise InvalidParameterValueException(f"Unzipped size must be smaller than {limit} bytes")
    together = configuration.code.unzipped_size + sum(layer.code.unzipped_size for layer in configuration.layers)
    if together > limit:
        raise InvalidParameterValueException(f"Layers consume more than the available size of {limit} bytes")
    return configuration


def check_upload(archive: bytes, operation: str, quotas: LambdaQuotas) -> bytes:
    """Refuse an archive that is too large to come with the request; the request's own limit counts base64 and some room."""
    encoded = quotas.zip_upload_bytes * 4 // 3 + _REQUEST_OVERHEAD_BYTES
    if len(archive) * 4 // 3 > encoded:
        raise RequestTooLargeException(f"Request must be smaller than {encoded} bytes for the {operation} operation")
    if len(archive) > quotas.zip_upload_bytes:
        raise RequestTooLargeException(f"Zipped size must be smaller than {quotas.zip_upload_bytes} bytes")
    return archive


_REQUEST_OVERHEAD_BYTES = 262_144 + 1


def listed(configuration: Configuration, account: Account, now: float, *, qualified: bool) -> dict[str, Any]:
    """The FunctionConfiguration shape as lists have it: without states; `qualified` puts `$LATEST` into its ARN."""
    shown = describe(configuration, account, now, LATEST if qualified and configuration.version == LATEST else None)
    return {name: value for name, value in shown.items() if name not in _NOT_LISTED}


_NOT_LISTED = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RuntimeVersionConfig",
    }
)


def describe(
    configuration: Configuration, account: Account, now: float, qualifier: str | None = None
) -> dict[str, Any]:
    """The FunctionConfiguration shape at `now`; `qualifier` is what the caller named (an alias, `$LATEST`), for its ARN."""
    group = configuration.shown_log_group
    logging = {"LogFormat": configuration.log_format, "LogGroup": group}
    if configuration.application_log_level:
        logging["ApplicationLogLevel"] = configuration.application_log_level
    if configuration.system_log_level:
        logging["SystemLogLevel"] = configuration.system_log_level
    shown: dict[str, Any] = {
        "FunctionName": configuration.function_name,
        "FunctionArn": (
            configuration.arn(account)
            if qualifier is None
            else function_arn(account, configuration.function_name, qualifier)
        ),
        "Runtime": configuration.runtime,
        "Role": configuration.role,
        "Handler": configuration.handler,
        "CodeSize": configuration.code.code_size,
        "Description": configuration.description,
        "Timeout": configuration.timeout_seconds,
        "MemorySize": configuration.memory_mb,
        "LastModified": configuration.last_modified,
        "CodeSha256": configuration.code.code_sha256,
        "Version": configuration.version,
        "TracingConfig": {"Mode": configuration.tracing_mode},
        "RevisionId": configuration.shown_revision_id(now),
        **shown_state(configuration, now),
        "PackageType": "Zip",
        "Architectures": list(configuration.architectures),
        "EphemeralStorage": {"Size": configuration.ephemeral_storage_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": logging,
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version_arn(configuration.runtime, account)},
    }
    if configuration.variables is not None:
        shown["Environment"] = {"Variables": dict(configuration.variables)}
    if configuration.layers:
        shown["Layers"] = [{"Arn": layer.arn, "CodeSize": layer.code.code_size} for layer in configuration.layers]
    if configuration.dead_letter_arn:
        shown["DeadLetterConfig"] = {"TargetArn": configuration.dead_letter_arn}
    if configuration.vpc is not None:
        shown["VpcConfig"] = {
            "SubnetIds": [],
            "SecurityGroupIds": [],
            "VpcId": "",
            "Ipv6AllowedForDualStack": False,
            **configuration.vpc,
        }
    if configuration.file_systems:
        shown["FileSystemConfigs"] = [dict(one) for one in configuration.file_systems]
    if configuration.kms_key_arn:
        shown["KMSKeyArn"] = configuration.kms_key_arn
    return shown
