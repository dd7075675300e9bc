"""AWS Lambda."""

from emulator.services.lambda_.api import LambdaService
from emulator.services.lambda_.quotas import LambdaQuotas

__all__ = ["LambdaQuotas", "LambdaService"]
