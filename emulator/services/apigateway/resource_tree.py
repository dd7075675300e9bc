"""The tree of an API's resources: one per path part, from the root `/`."""

from __future__ import annotations

import re

from emulator.identifiers import Identifiers
from emulator.services.apigateway.errors import BadRequestException, ConflictException, LimitExceededException
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.apigateway.state import Resource, RestApi

__all__ = ["add_child", "add_root", "descendants", "resource_for"]

_PATH_PART = re.compile(r"\{[A-Za-z0-9._\-:]+\+?\}|[A-Za-z0-9._\-:,=@$*!'()~]+")


def add_root(api: RestApi) -> None:
    """Give a new API its root resource."""
    api.resources[api.root_resource_id] = Resource(api.root_resource_id, "/", "", None)


def add_child(
    api: RestApi, parent: Resource, part: str, identifiers: Identifiers, quotas: ApiGatewayQuotas
) -> Resource:
    """A new resource below `parent`. Raises BadRequestException, ConflictException, LimitExceededException."""
    if _PATH_PART.fullmatch(part) is None:
        raise BadRequestException(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            f"beginning and the end, not {part!r}"
        )
    if parent.path_part.endswith("+}"):
        raise BadRequestException(f"Cannot create a child of a resource with a greedy path variable: {parent.path}")
    path = f"{parent.path.rstrip('/')}/{part}"
    for sibling in api.resources.values():
        if sibling.parent_id != parent.id:
            continue
        if sibling.path_part == part:
            raise ConflictException(f"Another resource with the same parent already has this name: {part}")
        if (
            part.startswith("{")
            and sibling.path_part.startswith("{")
            and part.endswith("+}") == sibling.path_part.endswith("+}")
        ):
            raise BadRequestException(
                f"A sibling ({sibling.path_part}) of this resource already has a variable path part"
            )
    if len(api.resources) >= quotas.resources_per_api:
        raise LimitExceededException("Maximum number of resources for this API has been reached")
    resource = Resource(identifiers.letters(6), path, part, parent.id)
    api.resources[resource.id] = resource
    return resource


def resource_for(api: RestApi, path: str, identifiers: Identifiers, quotas: ApiGatewayQuotas) -> Resource:
    """The resource of a path, made with its parents where it does not exist yet."""
    resource = api.resources[api.root_resource_id]
    for part in [part for part in path.split("/") if part != ""]:
        child = api.resource_at(f"{resource.path.rstrip('/')}/{part}")
        resource = add_child(api, resource, part, identifiers, quotas) if child is None else child
    return resource


def descendants(api: RestApi, resource: Resource) -> list[Resource]:
    """The resource and all below it."""
    below = [resource]
    for parent in below:
        below.extend(child for child in api.resources.values() if child.parent_id == parent.id)
    return below
