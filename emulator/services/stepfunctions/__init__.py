"""AWS Step Functions: Standard workflows in JSONPath and JSONata, with AWS's execution history."""

from emulator.services.stepfunctions.api import StepFunctionsService
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas

__all__ = ["StepFunctionsQuotas", "StepFunctionsService"]
