"""AWS CloudFormation: stacks, change sets, templates."""

from emulator.services.cloudformation.api import CloudformationService
from emulator.services.cloudformation.quotas import CloudformationQuotas

__all__ = ["CloudformationQuotas", "CloudformationService"]
