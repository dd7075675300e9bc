"""Website configurations: what is wrong with one, and where its rules send a request.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.services.s3.errors import InvalidArgument, InvalidRequest, MalformedXml

__all__ = ["check_website", "redirect_of", "rule_for"]

_PROTOCOL = (
    "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically."
)


def check_website(configuration: Mapping[str, Any], most_rules: int) -> None:
    """Raises InvalidArgument, InvalidRequest, MalformedXML."""
    everything = configuration.get("RedirectAllRequestsTo")
    if everything is not None:
        if len(configuration) > 1:
            raise InvalidArgument.of(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                "RedirectAllRequestsTo",
                "not null",
            )
        if "HostName" not in everything:
            raise MalformedXml
        _check_protocol(everything)
        return
    index = configuration.get("IndexDocument")
    if not index:
        raise InvalidArgument.of(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty", "IndexDocument", None
        )
    suffix = index.get("Suffix")
    if not suffix or "/" in suffix:
        raise InvalidArgument.of("The IndexDocument Suffix is not well formed", "IndexDocument", suffix)
    if "ErrorDocument" in configuration and not (configuration["ErrorDocument"] or {}).get("Key"):
        raise MalformedXml
    if "RoutingRules" in configuration:
        _check_rules(configuration["RoutingRules"], most_rules)


def _check_rules(rules: list[Mapping[str, Any]], most: int) -> None:
    if not rules:
        raise MalformedXml
    if len(rules) > most:
        raise InvalidRequest(
            f"{len(rules)} routing rules provided, the number of routing rules in a website configuration is limited "
            f"to {most}."
        )
    for rule in rules:
        redirect = rule.get("Redirect")
        if not redirect:
            raise MalformedXml
        if "ReplaceKeyPrefixWith" in redirect and "ReplaceKeyWith" in redirect:
            raise InvalidRequest("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
        if "Condition" in rule and not rule["Condition"]:
            raise InvalidRequest(
                "Condition cannot be empty. To redirect all requests without a condition, the condition element "
                "shouldn't be present."
            )
        code = redirect.get("HttpRedirectCode")
        if code is not None and not (code.isdecimal() and 301 <= int(code) <= 308):
            raise InvalidRequest(
                f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300."
            )
        _check_protocol(redirect)


def _check_protocol(redirect: Mapping[str, Any]) -> None:
    if redirect.get("Protocol") not in (None, "http", "https"):
        raise InvalidRequest(_PROTOCOL)


def rule_for(configuration: Mapping[str, Any], key: str, status: int | None) -> Mapping[str, Any] | None:
    """The first rule for a key, before it is looked up (`status` is None) or when looking it up failed with `status`."""
    for rule in configuration.get("RoutingRules", ()):
        condition = rule.get("Condition", {})
        wanted = condition.get("HttpErrorCodeReturnedEquals")
        if (wanted is None) is not (status is None) or (wanted is not None and wanted != str(status)):
            continue
        if key.startswith(condition.get("KeyPrefixEquals", "")):
            found: Mapping[str, Any] = rule
            return found
    return None


def redirect_of(rule: Mapping[str, Any], key: str, host: str, protocol: str) -> tuple[int, str]:
    """Status and location of a rule's redirect."""
    redirect = rule["Redirect"]
    if "ReplaceKeyWith" in redirect:
        key = redirect["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in redirect:
        key = redirect["ReplaceKeyPrefixWith"] + key.removeprefix(rule.get("Condition", {}).get("KeyPrefixEquals", ""))
    scheme = redirect.get("Protocol") or protocol
    return int(redirect.get("HttpRedirectCode") or 301), f"{scheme}://{redirect.get('HostName') or host}/{key}"
