"""Function URLs' control plane. https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from emulator.services.lambda_.function_name import function_arn
from emulator.services.lambda_.state import Function, FunctionUrl, lambda_time
from emulator.services.lambda_.store import FunctionStore

__all__ = ["FunctionUrlOperations"]


class FunctionUrlOperations(FunctionStore):
    """One URL for `$LATEST` and one for each alias."""

    @operation("CreateFunctionUrlConfig")
    def create_function_url_config(self, params: Params, context: CallContext) -> Reply:
        """Give a function a URL."""
        function, qualifier = self._url_target(params)
        if qualifier in function.urls:
            arn = function_arn(self.account, function.name, qualifier or None)
            raise ResourceConflictException(f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
                                            f"FunctionUrlConfig exists for this Lambda function")  # fmt: skip
        now = lambda_time(context.now)
        url = FunctionUrl(
            self.account.identifiers.hex(32),
            params["AuthType"],
            params.get("InvokeMode", "BUFFERED"),
            params.get("Cors"),
            now,
            now,
        )
        function.urls[qualifier] = url
        return Reply(_without(self._url_shape(function, qualifier, url), params, "LastModifiedTime"))

    @operation("UpdateFunctionUrlConfig")
    def update_function_url_config(self, params: Params, context: CallContext) -> Reply:
        """Change what is given."""
        self._url_target(params)
        function, qualifier, url = self._url(params)
        url = replace(
            url,
            auth_type=params.get("AuthType", url.auth_type),
            invoke_mode=params.get("InvokeMode", url.invoke_mode),
            cors=params.get("Cors", url.cors),
            last_modified=lambda_time(context.now),
        )
        function.urls[qualifier] = url
        return Reply(_without(self._url_shape(function, qualifier, url), params))

    @operation("GetFunctionUrlConfig")
    def get_function_url_config(self, params: Params, context: CallContext) -> Reply:
        """One URL."""
        return Reply(self._url_shape(*self._url(params)))

    @operation("ListFunctionUrlConfigs")
    def list_function_url_configs(self, params: Params, context: CallContext) -> Reply:
        """A function's URLs."""
        function = self._url_target(params)[0]
        shown = [self._url_shape(function, *item) for item in sorted(function.urls.items())]
        return Reply(self.page(params, "FunctionUrlConfigs", shown))

    @operation("DeleteFunctionUrlConfig")
    def delete_function_url_config(self, params: Params, context: CallContext) -> Reply:
        """Take a URL away; it never comes back."""
        function, qualifier, _ = self._url(params)
        del function.urls[qualifier]
        return Reply()

    def url_of(self, url_id: str) -> tuple[Function, str, FunctionUrl] | None:
        """The function, qualifier and URL of an id; None where there is none."""
        for function in self.functions.values():
            for qualifier, url in function.urls.items():
                if url.url_id == url_id:
                    return function, qualifier, url
        return None

    def _url_target(self, params: Params) -> tuple[Function, str]:
        name = self.named(params)
        function, qualifier = self.functions.get(name.name), name.qualifier or ""
        if function is None or (qualifier and qualifier not in function.aliases):
            raise ResourceNotFoundException("Function does not exist")
        return function, qualifier

    def _url(self, params: Params) -> tuple[Function, str, FunctionUrl]:
        name = self.named(params)
        function, qualifier = self.functions.get(name.name), name.qualifier or ""
        url = None if function is None else function.urls.get(qualifier)
        if function is None or url is None:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return function, qualifier, url

    def _url_shape(self, function: Function, qualifier: str, url: FunctionUrl) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "FunctionUrl": f"https://{url.url_id}.lambda-url.{self.account.region}.on.aws/",
            "FunctionArn": function_arn(self.account, function.name, qualifier or None),
            "AuthType": url.auth_type,
            "InvokeMode": url.invoke_mode,
            "CreationTime": url.created,
            "LastModifiedTime": url.last_modified,
        }
        if url.cors is not None:
            shown["Cors"] = dict(url.cors)
        return shown


def _without(shown: dict[str, Any], params: Params, *members: str) -> dict[str, Any]:
    """The answer to a change, which repeats the invoke mode only where it was given."""
    left_out = {*members, *(() if "InvokeMode" in params else ("InvokeMode",))}
    return {name: value for name, value in shown.items() if name not in left_out}
