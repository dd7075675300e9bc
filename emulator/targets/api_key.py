"""The API key of a stack: the value behind its output `ApiKeyId`."""

from __future__ import annotations

from dataclasses import replace

from emulator.targets.target import Target

__all__ = ["with_api_key"]

OUTPUT = "ApiKeyId"


def with_api_key(target: Target) -> Target:
    """The target with the value of its API key, read from API Gateway; as it is where its stack names none.

    https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKey.html
    """
    key_id = target.outputs.get(OUTPUT)
    if key_id is None:
        return target
    answer = target.client("apigateway").get_api_key(apiKey=key_id, includeValue=True)
    return replace(target, api_key=answer["value"])
