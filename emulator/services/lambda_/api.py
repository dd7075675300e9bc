"""AWS Lambda: the service that plays it, put together from its parts.

The parts, from the bottom: store (state, look-ups), execution (environments, limits), asynchronous (queue, retries), invoke and
version operations, and one module of operations per kind of resource.
"""

from __future__ import annotations

from emulator.services.lambda_.alias_operations import AliasOperations
from emulator.services.lambda_.concurrency_operations import ConcurrencyOperations
from emulator.services.lambda_.event_invoke_config_operations import EventInvokeConfigOperations
from emulator.services.lambda_.function_operations import FunctionOperations
from emulator.services.lambda_.function_urls import FunctionUrls
from emulator.services.lambda_.layer_operations import LayerOperations
from emulator.services.lambda_.layer_permission_operations import LayerPermissionOperations
from emulator.services.lambda_.management_operations import ManagementOperations
from emulator.services.lambda_.permission_operations import PermissionOperations
from emulator.services.lambda_.provisioned_concurrency_operations import ProvisionedConcurrencyOperations
from emulator.services.lambda_.tag_operations import TagOperations

__all__ = ["LambdaService"]


class LambdaService(
    FunctionOperations,
    AliasOperations,
    LayerOperations,
    LayerPermissionOperations,
    ManagementOperations,
    PermissionOperations,
    ConcurrencyOperations,
    ProvisionedConcurrencyOperations,
    FunctionUrls,
    EventInvokeConfigOperations,
    TagOperations,
):
    """Functions, layers and their invocation. Needs a Sandbox registered with the engine, and the service `logs`."""

    service_id = "lambda"
    resource_members = ("FunctionName", "LayerName", "Resource")
