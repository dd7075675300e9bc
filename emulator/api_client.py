"""A client of the API for the commands that only ask: `logs`, `executions`, `explain`. They speak to the emulator, or to AWS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from emulator.errors import EmulatorError

__all__ = ["ApiClient", "Aws", "EndpointUrl", "NotFound", "api_client", "endpoint_of"]

_LOCAL_ENDPOINT = "http://127.0.0.1:4566"
EndpointUrl = Annotated[
    str | None, typer.Option(help=f"Where the API is. Default: AWS_ENDPOINT_URL, then {_LOCAL_ENDPOINT}.")
]
Aws = Annotated[bool, typer.Option("--aws", help="Ask AWS itself, with your own credentials.")]


class NotFound(EmulatorError):
    """The API knows no such resource."""


def endpoint_of(endpoint_url: str | None, aws: bool) -> str | None:
    """Where to ask, by a command's options; None is AWS itself."""
    return None if aws else endpoint_url or os.environ.get("AWS_ENDPOINT_URL", _LOCAL_ENDPOINT)


@dataclass(frozen=True, slots=True)
class ApiClient:
    """One service's client whose errors are ours, and say what to do."""

    client: Any

    def ask(self, method: str, **params: Any) -> Any:
        """An answer. Raises NotFound, and EmulatorError for any other refusal and where nobody answers."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self.client, method)(**params)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            kind: Callable[[str], EmulatorError] = NotFound if code == "ResourceNotFoundException" else EmulatorError
            raise kind(f"{error.response['Error']['Message']} ({code})") from error
        except BotoCoreError as error:
            raise EmulatorError(
                f"{error}; start the emulator (windtunnel up), or give --endpoint-url or --aws"
            ) from error

    def pages(self, method: str, member: str, **params: Any) -> Iterator[Any]:
        """The rows of every page, by `nextToken`. Raises as `ask` does."""
        while True:
            answer = self.ask(method, **params)
            yield from answer[member]
            if "nextToken" not in answer:
                return
            params["nextToken"] = answer["nextToken"]


def api_client(service: str, endpoint: str | None) -> ApiClient:
    """A client of that endpoint; of AWS, with the user's own settings, where it is None."""
    import botocore.session

    session = botocore.session.get_session()
    if endpoint is None:
        return ApiClient(session.create_client(service))
    return ApiClient(
        session.create_client(
            service,
            endpoint_url=endpoint,
            region_name=os.environ.get("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", "us-east-1")),
            aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
            aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        )
    )
