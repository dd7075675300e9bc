"""What can be wrong with a template, and with bringing it up.

AwsError
  TemplateError        the template cannot be deployed as it is; CloudFormation's own code for this is `ValidationError`
  ProvisioningError    a resource could not be created, changed or deleted
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.errors import AwsError

__all__ = ["ProvisioningError", "TemplateError", "UnsupportedTemplate"]


class TemplateError(AwsError):
    """The template, or what was given for its parameters, is wrong. Raised before anything is created."""

    code = "ValidationError"


class UnsupportedTemplate(TemplateError):
    """The template is right on AWS, but names what this emulator does not do. `findings` has one line for each."""

    code = "ValidationError"

    def __init__(self, findings: Sequence[str]) -> None:
        self.findings = tuple(findings)
        lines = "\n".join(f"  {finding}" for finding in self.findings)
        super().__init__(f"nothing was created: the template needs what this emulator does not support\n{lines}")


class ProvisioningError(AwsError):
    """A resource could not be brought to what its template asks for. The message becomes the resource's status reason."""
