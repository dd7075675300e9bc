"""The one account and region that an emulator plays, and how to write its ARNs."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.identifiers import Identifiers

__all__ = ["Account"]


@dataclass(frozen=True, slots=True)
class Account:
    """Account, region and endpoint of one emulator; two accounts are two emulators."""

    endpoint_url: str
    account_id: str = "000000000000"
    region: str = "us-east-1"
    partition: str = "aws"
    identifiers: Identifiers = field(default_factory=lambda: Identifiers(0), compare=False)
    principals: dict[str, str] = field(default_factory=dict, compare=False)
    """Who an access key id belongs to: the ARN of a role session that a service handed credentials out for. The gateway reads it."""

    def arn(self, service: str, resource: str, *, region: str | None = None, account_id: str | None = None) -> str:
        """`arn:<partition>:<service>:<region>:<account>:<resource>`; pass `""` where a service's ARNs leave a part empty."""
        region = self.region if region is None else region
        account_id = self.account_id if account_id is None else account_id
        return f"arn:{self.partition}:{service}:{region}:{account_id}:{resource}"

    def user_id(self, principal: str) -> str:
        """`aws:userid` of a caller: the account's id for its root and for nobody, `AROA...:session` for a role's session, else `principal`.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
        """
        if principal in ("", self.arn("iam", "root", region="")):
            return self.account_id
        if ":assumed-role/" in principal:
            return f"AROA{self.account_id}:{principal.rpartition('/')[2]}"
        return principal
