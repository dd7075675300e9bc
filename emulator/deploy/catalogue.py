"""Every resource type that can be deployed, by name."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.deploy.providers import (
    apigateway,
    apigateway_keys,
    apigateway_methods,
    cloudformation,
    cloudwatch,
    dynamodb,
    dynamodb_global,
    ec2,
    efs,
    elasticache,
    events,
    iam,
    kms,
    lambda_,
    lambda_access,
    lambda_versions,
    logs,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)
from emulator.deploy.resource_type import ResourceType

__all__ = ["CATALOGUE"]

_FAMILIES = (
    apigateway,
    apigateway_keys,
    apigateway_methods,
    cloudformation,
    cloudwatch,
    dynamodb,
    dynamodb_global,
    ec2,
    efs,
    elasticache,
    events,
    iam,
    kms,
    lambda_,
    lambda_access,
    lambda_versions,
    logs,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)
CATALOGUE: Mapping[str, ResourceType] = {kind.name: kind for family in _FAMILIES for kind in family.TYPES}
"""The resource types of all families."""
