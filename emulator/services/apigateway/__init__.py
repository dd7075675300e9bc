"""Amazon API Gateway, REST APIs: the control plane that templates use, and the data plane in front of functions."""

from emulator.services.apigateway.api import ApiGatewayService
from emulator.services.apigateway.quotas import ApiGatewayQuotas

__all__ = ["ApiGatewayQuotas", "ApiGatewayService"]
