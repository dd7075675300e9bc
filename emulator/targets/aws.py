"""The aws target: a stack that is deployed for real, reached through boto3 with the credentials of the environment.

Nothing is asked of an account before STS has said that it is on the list of allowed ones, and nothing is sent to one that is marked as
production. There is no control API on AWS, so nothing here moves time, injects faults or reads a journal; scenarios that need these ask
`Target.require` and are told so. Clients of this target only read; messages go in through the stack's API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from emulator.errors import EmulatorError
from emulator.targets.api_key import with_api_key
from emulator.targets.api_url import find_api_url
from emulator.targets.production_marks import look_for_marks
from emulator.targets.staging_settings import StagingSettings, read_settings
from emulator.targets.target import Target

__all__ = ["Account", "StagingRefused", "aws_target"]

_Answer = TypeVar("_Answer")

# Stacks in other states may be half of what the template says.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
STEADY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


class StagingRefused(EmulatorError):
    """An account or a stack that nothing is sent to, or that cannot be reached. The message says why and what to do."""


class Account:
    """The account of some credentials. Its methods raise StagingRefused with AWS's own words where it refuses them."""

    def __init__(self, session: Any, settings: StagingSettings, identity: Mapping[str, Any]) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self.settings = settings
        self.account_id: str = identity["Account"]
        self.arn: str = identity["Arn"]
        self.region: str = session.region_name

    @classmethod
    def identified(cls, settings: StagingSettings, session: Any = None) -> Account:
        """The account that STS says the credentials of the environment are of. Raises StagingRefused where it knows none."""
        session = _session(settings) if session is None else session
        identity = _asked(
            "STS does not know these credentials", lambda: _client(session, "sts", settings).get_caller_identity()
        )
        return cls(session, settings, identity)

    def refuse_stranger(self) -> None:
        """Raise StagingRefused unless the account is on the list."""
        allowed = self.settings.accounts
        if self.account_id not in allowed:
            raise StagingRefused(
                f"these credentials are of account {self.account_id}, which is not one of those that are allowed "
                f"({', '.join(allowed)}): use another profile, or add it to [staging] accounts if it is truly for tests"
            )

    def client(self, service: str) -> Any:
        """A boto3 client, made once for each service."""
        if service not in self._clients:
            self._clients[service] = _client(self._session, service, self.settings)
        return self._clients[service]

    def stack(self) -> dict[str, Any]:
        """The stack as CloudFormation describes it. Raises StagingRefused where it is not there, or in the middle of a change."""
        name = self.settings.stack
        answer = _asked(
            f"stack {name} could not be described in {self.region}",
            lambda: self.client("cloudformation").describe_stacks(StackName=name),
        )
        stack: dict[str, Any] = answer["Stacks"][0]
        if stack["StackStatus"] not in STEADY:
            raise StagingRefused(
                f"stack {name} is {stack['StackStatus']}, so it may be half of what its template says: deploy it to its end first"
            )
        return stack

    def refuse_production(self, stack: Mapping[str, Any]) -> tuple[str, ...]:
        """Raise StagingRefused where anything marks the account or the stack as production; what could not be looked at."""
        marks = _asked(
            "marks of production could not be looked for",
            lambda: look_for_marks(self.client, self.account_id, stack, self.settings.production_tags),
        )
        if marks.found:
            raise StagingRefused(
                f"account {self.account_id}, stack {stack['StackName']} is marked as production ({'; '.join(marks.found)}): "
                "nothing is sent there. Deploy the template as a stack of its own, without that mark, in another account"
            )
        return marks.unreadable

    def target(self, stack: Mapping[str, Any]) -> Target:
        """The target of a stack of this account, with the value of its API key."""
        return _asked("the API's key could not be read", lambda: with_api_key(self.target_without_key(stack)))

    def target_without_key(self, stack: Mapping[str, Any]) -> Target:
        """The target of a stack of this account, as far as its outputs tell."""
        credentials = self._session.get_credentials().get_frozen_credentials()
        outputs = {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", ())}
        return Target(
            name="aws",
            endpoint_url=self.settings.endpoint_url,
            region=self.region,
            access_key_id=credentials.access_key,
            secret_access_key=credentials.secret_key,
            session_token=credentials.token,
            stack_name=stack["StackName"],
            outputs=outputs,
            api_url=find_api_url(outputs, self.settings.endpoint_url),
            account_id=self.account_id,
            caps=self.settings.caps,
            read_only=True,
        )


def aws_target(
    stack_name: str | None = None,
    *,
    region: str | None = None,
    settings: StagingSettings | None = None,
    environ: Mapping[str, str] | None = None,
    session: Any = None,
) -> Target:
    """The target of a deployed stack, by `settings` (None: those of `windtunnel.toml` and the environment).

    Raises StagingRefused unless the account is on the list and neither it nor the stack is marked as production, and SettingsError where
    the settings cannot be meant.
    """
    chosen = settings or read_settings({"stack": stack_name, "region": region}, environ=environ)
    account = Account.identified(chosen, session)
    account.refuse_stranger()
    stack = account.stack()
    account.refuse_production(stack)
    return account.target(stack)


def _session(settings: StagingSettings) -> Any:
    import boto3
    from botocore.exceptions import ProfileNotFound

    try:
        session = boto3.session.Session(region_name=settings.region, profile_name=settings.profile)
    except ProfileNotFound as error:
        raise StagingRefused(f"{error}: write one with `aws configure --profile NAME`, or name another") from error
    if session.get_credentials() is None:
        raise StagingRefused(
            "there are no AWS credentials: log in (`aws sso login`), or set AWS_PROFILE or [staging] profile"
        )
    if session.region_name is None:
        raise StagingRefused("no region is set: add --region, or write [staging] region = ...")
    return session


def _client(session: Any, service: str, settings: StagingSettings) -> Any:
    from botocore.config import Config

    # AWS_ENDPOINT_URL is how one works with an emulator; this is AWS, or what the settings name.
    config = Config(  # type: ignore[call-arg]  # the stubs do not know the last one
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "total_max_attempts": 3},
        ignore_configured_endpoint_urls=True,
    )
    return session.client(service, endpoint_url=settings.endpoint_url, config=config)


def _asked(what: str, ask: Callable[[], _Answer]) -> _Answer:
    """What `ask` gives. Raises StagingRefused with AWS's words, and what to do about the usual ones."""
    from botocore.exceptions import BotoCoreError, ClientError, SSLError

    try:
        return ask()
    except ClientError as error:
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        raise StagingRefused(
            f"{what}: {error.operation_name} answered {code}, {text} {_advice(code)}".rstrip()
        ) from error
    except SSLError as error:
        raise StagingRefused(
            f"{what}: the certificate of {error.kwargs.get('endpoint_url')} is not trusted, and is always verified here. Behind a "
            "proxy that signs with its own authority, name that in AWS_CA_BUNDLE (for AWS's APIs) and SSL_CERT_FILE (for the load)"
        ) from error
    except BotoCoreError as error:
        raise StagingRefused(f"{what}: {error} (look at the network, the proxy and the region's name)") from error


def _advice(code: str) -> str:
    if "Expired" in code or code in ("InvalidClientTokenId", "UnrecognizedClientException"):
        return "(log in again, e.g. `aws sso login`)"
    if "AccessDenied" in code or "NotAuthorized" in code or "Unauthorized" in code:
        return "(the rights that a tester needs are in docs/staging.md)"
    if code in ("SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed"):
        return "(the secret is not that of the key, or this machine's clock is more than five minutes off)"
    if code == "ValidationError":
        return "(`aws cloudformation describe-stacks` lists the stacks of your profile's region)"
    return ""
