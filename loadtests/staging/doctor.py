"""Everything that must hold before a byte is sent to a deployed stack, looked at without sending one."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loadtests.clock import wall
from loadtests.failures import UsageError
from loadtests.sizes import format_bytes
from loadtests.staging.check import Check, failed, ok, skipped, warning
from loadtests.staging.clock_check import check_clock
from loadtests.staging.price import CountedPrice
from loadtests.staging.quota_check import check_quotas, check_usage_plan
from loadtests.staging.rights_check import check_rights

__all__ = ["SUBJECTS", "check_test_queue", "diagnose"]

# In order; what comes after one that failed and is needed for it is skipped.
SUBJECTS = (
    "settings", "credentials", "account", "clock", "caps", "stack", "production", "outputs",
    "API key", "TLS of the API", "test queue", "quotas", "rights",
)  # fmt: skip
NEEDED_OUTPUTS = ("ArchiveBucketName", "MetadataTableName", "SubscriberQueueUrl")
_CONNECT_SECONDS = 5.0


def diagnose(
    options: Mapping[str, Any], config: Path | None, *, now: Callable[[], float] = wall, session: Any = None
) -> Iterator[Check]:
    """Yield every check as it is done. Raises nothing that AWS or the settings can be the reason of."""
    done: list[str] = []
    for check in _checks(options, config, now, session):
        done.append(check.subject.partition(":")[0])
        yield check
        last = check
    reached = max((SUBJECTS.index(_row(name)) for name in done if _row(name) in SUBJECTS), default=0)
    for subject in SUBJECTS[reached + 1 :]:
        yield skipped(subject, f"{last.subject} failed")


def _row(subject: str) -> str:
    """The subject that a check counts to."""
    return {"quota": "quotas", "right": "rights"}.get(subject, "rights" if subject.startswith("rights") else subject)


def _checks(options: Mapping[str, Any], config: Path | None, now: Callable[[], float], session: Any) -> Iterator[Check]:
    """Yield checks until one fails without which there is nothing more to look at."""
    from emulator.targets.aws import Account, StagingRefused
    from emulator.targets.staging_settings import SettingsError, read_settings

    try:
        settings = read_settings(options, path=config)
    except SettingsError as error:
        yield failed("settings", str(error))
        return
    where = settings.source or "the environment"
    yield ok("settings", f"{where}: stack {settings.stack}, accounts {', '.join(settings.accounts)}")
    try:
        account = Account.identified(settings, session)
    except StagingRefused as error:
        yield failed("credentials", str(error))
        return
    yield ok("credentials", account.arn)
    try:
        account.refuse_stranger()
    except StagingRefused as error:
        yield failed("account", str(error))
        return
    yield ok("account", f"{account.account_id} is allowed; region {account.region}")
    yield check_clock(lambda: _date_of(account.client("sts").get_caller_identity()), now)
    yield _caps(settings.caps, account.region)
    try:
        stack = account.stack()
    except StagingRefused as error:
        yield failed("stack", str(error))
        return
    yield ok("stack", f"{stack['StackName']} is {stack['StackStatus']}")
    try:
        yield _production(account.refuse_production(stack))
    except StagingRefused as error:
        yield failed("production", str(error))
        return
    bare = account.target_without_key(stack)
    missing = [name for name in NEEDED_OUTPUTS if name not in bare.outputs]
    missing += [] if bare.api_url else ["that is the URL of its API"]
    if missing or bare.api_url is None:
        detail = f"the stack has no output {', '.join(missing)}"
        yield failed("outputs", detail, "add it to the template's Outputs and deploy again")
        return
    yield ok("outputs", f"{len(bare.outputs)}, with all that a run needs")
    try:
        target = account.target(stack)
    except StagingRefused as error:
        yield failed("API key", str(error))
        return
    if target.api_key is None:
        yield failed("API key", "no output ApiKeyId names one", "add it to the template's Outputs and deploy again")
        return
    yield ok("API key", "its value can be read")
    yield _tls(bare.api_url)
    yield from check_test_queue(target.client, target.outputs)
    yield from check_quotas(account.client("service-quotas"), settings.caps.max_rate)
    yield from check_usage_plan(account.client("apigateway"), bare.output("ApiKeyId"), settings.caps.max_rate)
    yield from check_rights(account.client, account.arn, account.region, target.outputs)


def _date_of(answer: Mapping[str, Any]) -> str:
    date: str = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    return date


def _caps(caps: Any, region: str) -> Check:
    told = f"{caps.max_rate:g} messages/s, {format_bytes(caps.max_bytes)}, {caps.max_duration:g} s"
    if caps.max_cost_usd is None:
        return warning("caps", f"{told}, and no cap on cost", "write [staging] max_cost_usd = 1.0")
    try:
        price = CountedPrice.of_baseline(Path(caps.counters), region)
    except UsageError as error:
        return failed("caps", str(error))
    messages = caps.max_cost_usd / price.dollars(0)
    return ok("caps", f"{told}, {caps.max_cost_usd:g} USD: at most {messages:.0f} messages ({price.basis})")


def _production(unreadable: tuple[str, ...]) -> Check:
    told = f"no mark found; not readable: {'; '.join(unreadable)}" if unreadable else "no mark found"
    if any(name.startswith("iam:") for name in unreadable):
        advice = "grant iam:ListAccountAliases, or make sure yourself that the account is none of production"
        return warning("production", told, advice)
    # Tags of accounts are the organisation's own, and a tester can seldom read them.
    return ok("production", f"{told}; looked at the stack's tags and name, and the account's alias")


def _tls(url: str) -> Check:
    """Shake hands with the API as the load will, and hang up."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return failed("TLS of the API", f"{url} is no https URL", "the load is sent over verified TLS only")
    try:
        context = ssl.create_default_context()
        place = (parts.hostname or "", parts.port or 443)
        with (
            socket.create_connection(place, _CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            return ok("TLS of the API", f"{secure.version()}, the certificate of {parts.hostname} is trusted")
    except ssl.SSLCertVerificationError as error:
        return failed(
            "TLS of the API",
            f"the certificate of {parts.hostname} is not trusted: {error.verify_message}",
            "it is always verified; behind a proxy that signs with its own authority, name that in SSL_CERT_FILE",
        )
    except OSError as error:
        return failed("TLS of the API", f"{parts.hostname} cannot be reached: {error}", "look at proxy and firewall")


def check_test_queue(client: Callable[[str], Any], outputs: Mapping[str, str]) -> Iterator[Check]:
    """Yield whether the subscriber's queue hears of everything, and whether this run will be its only reader."""
    from botocore.exceptions import ClientError

    names = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    topic = outputs.get("NotificationTopicArn")
    try:
        queue = client("sqs").get_queue_attributes(QueueUrl=outputs["SubscriberQueueUrl"], AttributeNames=names)
        attributes = queue["Attributes"]
        rows = [] if topic is None else client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    except ClientError as error:
        why = f"{error.operation_name} answered {error.response['Error']['Code']}"
        yield failed("test queue", why, "the policy of a tester is in docs/staging.md")
        return
    waiting, taken = (int(attributes[name]) for name in names[1:])
    if topic is not None and not any(row["Endpoint"] == attributes["QueueArn"] for row in rows):
        yield failed("test queue", f"it is not subscribed to {topic}", "deploy the template with its test subscriber")
    elif taken:
        advice = "two readers take from each other: end the other run, or wait until it has ended"
        yield failed("test queue", f"somebody else reads it just now ({taken} messages are being worked on)", advice)
    elif waiting:
        advice = "a run takes them off; `windtunnel clean-up RUN --yes` takes those of one run"
        yield warning("test queue", f"{waiting} older messages wait in it", advice)
    else:
        yield ok("test queue", "subscribed, empty, and nobody else reads it")
