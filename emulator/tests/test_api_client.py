"""Commands ask where they are told to, and their errors say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from emulator.api_client import ApiClient, NotFound, api_client, endpoint_of
from emulator.errors import EmulatorError


class FakeClient:
    def rows(self, **params: Any) -> Any:
        at = int(params.get("nextToken", "0"))
        return {"rows": [at, params["of"]], **({"nextToken": str(at + 1)} if at < 2 else {})}

    def refused(self, code: str) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Refused")

    def unreachable(self) -> Any:
        raise EndpointConnectionError(endpoint_url="http://nowhere")


def test_the_endpoint_is_the_option_then_the_environment_then_the_emulators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert endpoint_of(None, aws=False) == "http://127.0.0.1:4566"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://there")
    assert endpoint_of(None, aws=False) == "http://there"
    assert endpoint_of("http://here", aws=False) == "http://here"
    assert endpoint_of("http://here", aws=True) is None


def test_a_client_of_the_emulator_needs_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    meta = api_client("logs", "http://127.0.0.1:9").client.meta
    assert (meta.endpoint_url, meta.region_name) == ("http://127.0.0.1:9", "us-east-1")


def test_rows_of_every_page_come_in_order() -> None:
    assert list(ApiClient(FakeClient()).pages("rows", "rows", of="x")) == [0, "x", 1, "x", 2, "x"]


def test_refusals_keep_the_apis_words() -> None:
    with pytest.raises(NotFound, match=r"no \(ResourceNotFoundException\)"):
        ApiClient(FakeClient()).ask("refused", code="ResourceNotFoundException")
    with pytest.raises(EmulatorError, match=r"no \(Throttled\)") as refused:
        ApiClient(FakeClient()).ask("refused", code="Throttled")
    assert not isinstance(refused.value, NotFound)


def test_silence_says_how_to_start_the_emulator() -> None:
    with pytest.raises(EmulatorError, match="windtunnel up"):
        ApiClient(FakeClient()).ask("unreachable")
