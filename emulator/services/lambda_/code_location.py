"""Where the code of a function or layer version can be fetched as a zip archive: the emulator's control API serves it."""

from __future__ import annotations

from emulator.services.lambda_.function_name import LATEST
from emulator.services.lambda_.store import FunctionStore

__all__ = ["CodeLocations"]


class CodeLocations(FunctionStore):
    """`Code.Location` and `Content.Location`. AWS gives an S3 URL that holds for ten minutes; this one holds while the code is there."""

    def function_location(self, name: str, version: str) -> str:
        """The URL of a version's code."""
        return f"{self.account.endpoint_url}/_windtunnel/code/function/{name}/{version.replace(LATEST, 'LATEST')}"

    def layer_location(self, name: str, version: int) -> str:
        """The URL of a layer version's code."""
        return f"{self.account.endpoint_url}/_windtunnel/code/layer/{name}/{version}"

    def code_folders(self, kind: str, name: str, version: str) -> tuple[str, ...] | None:
        """The folders that such a URL stands for, later ones covering earlier ones; None where there is no such code."""
        if kind == "layer":
            layer = self.layers.get(name)
            found = None if layer is None or not version.isdecimal() else layer.versions.get(int(version))
            return None if found is None else found.code.folders
        function = self.functions.get(name)
        if kind != "function" or function is None:
            return None
        if version == "LATEST":
            return function.latest.code.folders
        published = function.versions.get(version)
        return None if published is None else published.code.folders
