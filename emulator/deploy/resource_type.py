"""What a resource type is to this emulator: its properties as data, and the API calls that make, change and delete one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.account import Account
from emulator.deploy.errors import ProvisioningError
from emulator.deploy.properties import ANY, Shape
from emulator.effects import Process
from emulator.errors import AwsError

__all__ = ["EVERY_PROPERTY", "HalfMade", "Made", "Request", "ResourceType", "finished", "nothing", "pick", "tags_of"]


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists now: `physical_id` is what `Ref` gives, `attributes` what `Fn::GetAtt` gives."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What a provider is asked: properties are resolved and of the types that the shapes name."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    stack_name: str
    stack_id: str
    account: Account
    physical_id: str = ""
    """Of the existing resource, where it is changed or deleted."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    """The properties before a change."""

    def __getitem__(self, name: str) -> Any:
        """A property that must be there. Raises ProvisioningError as CloudFormation words it."""
        if name not in self.properties:
            raise ProvisioningError(f"Property {name} cannot be empty.")
        return self.properties[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A property, or the default."""
        return self.properties.get(name, default)

    def generated_name(self, longest: int = 64, *, lower: bool = False) -> str:
        """A name as CloudFormation makes one: stack, logical id and twelve random characters, cut to `longest` characters."""
        suffix = self.account.identifiers.letters(12)
        head = f"{self.stack_name}-{self.logical_id}"[: longest - len(suffix) - 1].rstrip("-")
        return f"{head}-{suffix}".lower() if lower else f"{head}-{suffix.upper()}"


Provider = Callable[[Request], Process]


class _EveryProperty(frozenset[str]):
    def __contains__(self, name: object) -> bool:
        return True


EVERY_PROPERTY: frozenset[str] = _EveryProperty()
"""As `replacing`: whatever changes, a new resource takes the old one's place."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One row of the catalogue.

    `create` returns Made. `update` changes the `updatable` properties in place and returns Made; a change of a `replacing` property makes a
    new resource and deletes the old one at the end, as AWS does; a change of any other property is refused by name. `delete` may find
    the resource gone. `accepted` are properties that have no effect on this machine, each with the reason.
    """

    name: str
    properties: Mapping[str, Shape]
    create: Provider
    delete: Provider
    attributes: tuple[str, ...] = ()
    """What `Fn::GetAtt` may ask for; a trailing `*` stands for any ending."""
    update: Provider | None = None
    updatable: frozenset[str] = frozenset()
    replacing: frozenset[str] = frozenset()
    accepted: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    always_updated: bool = False
    """Asked to update even where no property changed: a nested stack, whose template may have."""

    @property
    def shape(self) -> Mapping[str, Shape]:
        """The shapes of everything that a template may say."""
        return {**self.properties, **dict.fromkeys(self.accepted, ANY)}

    def has_attribute(self, name: str) -> bool:
        """Whether `Fn::GetAtt` may ask for it."""
        return any(name == known or (known.endswith("*") and name.startswith(known[:-1])) for known in self.attributes)


def nothing(request: Request) -> Process:
    """The deletion of what needs none."""
    return
    yield


def pick(properties: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    """The members that are there, under their own names or, `Property="parameter"`, under another."""
    chosen = {name: properties[name] for name in names if name in properties}
    chosen.update((parameter, properties[name]) for name, parameter in renamed.items() if name in properties)
    return chosen


def tags_of(request: Request) -> dict[str, str]:
    """The resource's tags as a map."""
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}


class HalfMade(ProvisioningError):
    """A resource that exists, but could not be finished. `made` is what the rollback has to delete."""

    def __init__(self, made: Made, cause: AwsError) -> None:
        super().__init__(cause.message if isinstance(cause, ProvisioningError) else f"{cause.message} ({cause.code})")
        self.made = made


def finished(made: Made, steps: Process) -> Process:
    """The result of the further steps of a creation. Raises HalfMade where they fail, so that what is there already is not forgotten."""
    try:
        return (yield from steps)
    except AwsError as error:
        raise HalfMade(made, error) from error
