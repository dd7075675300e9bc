"""Layers. https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.arn import Arn
from emulator.effects import Process
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.lambda_.code_location import CodeLocations
from emulator.services.lambda_.deployment_package import prepared
from emulator.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from emulator.services.lambda_.function_name import layer_arn
from emulator.services.lambda_.runtimes import OFFERED, is_runtime
from emulator.services.lambda_.state import Layer, LayerVersion, lambda_time

__all__ = ["LayerOperations", "layer_name", "version_number"]


class LayerOperations(CodeLocations):
    """Published layer versions never change; a deleted one stays with the functions that use it."""

    @operation("PublishLayerVersion")
    def publish_layer_version(self, params: Params, context: CallContext) -> Process:
        """Publish the next version."""
        name = layer_name(params["LayerName"])
        _check_runtimes("compatibleRuntimes", params.get("CompatibleRuntimes", ()))
        runtimes = tuple(params.get("CompatibleRuntimes", ()))
        python = [runtime for runtime in runtimes if runtime.startswith("python")]
        # requirements.txt of a local folder needs an interpreter: the newest that the layer names, else the emulator's own
        newest = max(python, key=lambda runtime: int(runtime.rpartition(".")[2])) if python else "python3.12"
        code = yield from prepared(
            params["Content"],
            operation="PublishLayerVersion",
            resource=name,
            runtime=newest,
            below="python",
            quotas=self.quotas,
        )
        if code.unzipped_size > self.quotas.unzipped_code_bytes:
            raise InvalidParameterValueException(
                f"Unzipped size must be smaller than {self.quotas.unzipped_code_bytes} bytes"
            )
        layer = self.layers.setdefault(name, Layer(name))
        version = LayerVersion(
            name,
            layer.next_version,
            layer_arn(self.account, name, layer.next_version),
            code,
            lambda_time(context.now),
            params.get("Description", ""),
            params.get("LicenseInfo", ""),
            None if "CompatibleRuntimes" not in params else runtimes,
            None if "CompatibleArchitectures" not in params else tuple(params["CompatibleArchitectures"]),
        )
        layer.versions[version.version] = version
        layer.next_version += 1
        return Reply(self._layer_version_shape(version))

    @operation("GetLayerVersion")
    def get_layer_version(self, params: Params, context: CallContext) -> Reply:
        """One version, by layer and number."""
        return Reply(self._layer_version_shape(self._version(layer_name(params["LayerName"]), version_number(params))))

    @operation("GetLayerVersionByArn")
    def get_layer_version_by_arn(self, params: Params, context: CallContext) -> Reply:
        """One version, by ARN."""
        try:
            _, name, number = Arn.parse(params["Arn"]).resource.split(":")
            return Reply(self._layer_version_shape(self._version(name, int(number))))
        except (EmulatorError, ValueError) as error:
            raise InvalidParameterValueException(f"{params['Arn']} is not the ARN of a layer version") from error

    @operation("ListLayerVersions")
    def list_layer_versions(self, params: Params, context: CallContext) -> Reply:
        """The versions of a layer, newest first."""
        _check_runtimes("compatibleRuntime", params.get("CompatibleRuntime"))
        layer = self.layers.get(layer_name(params["LayerName"]))
        versions = [] if layer is None else [version for version in layer.versions.values() if _fits(version, params)]
        return Reply(self.page(params, "LayerVersions", [_item(version) for version in reversed(versions)]))

    @operation("ListLayers")
    def list_layers(self, params: Params, context: CallContext) -> Reply:
        """Every layer with its newest version that fits."""
        _check_runtimes("compatibleRuntime", params.get("CompatibleRuntime"))
        shown = []
        for name, layer in sorted(self.layers.items()):
            fitting = [version for version in layer.versions.values() if _fits(version, params)]
            if fitting:
                arn = layer.arn(self.account)
                shown.append({"LayerName": name, "LayerArn": arn, "LatestMatchingVersion": _item(fitting[-1])})
        return Reply(self.page(params, "Layers", shown))

    @operation("DeleteLayerVersion")
    def delete_layer_version(self, params: Params, context: CallContext) -> Reply:
        """Forget a version; one that is not there is no error."""
        number = version_number(params)
        layer = self.layers.get(layer_name(params["LayerName"]))
        if layer is not None:
            layer.versions.pop(number, None)
            layer.policies.pop(number, None)
        return Reply()

    def _version(self, name: str, number: int) -> LayerVersion:
        layer = self.layers.get(name)
        version = None if layer is None else layer.versions.get(number)
        if version is None:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return version

    def _layer_version_shape(self, version: LayerVersion) -> dict[str, Any]:
        content = {
            "Location": self.layer_location(version.name, version.version),
            "CodeSha256": version.code.code_sha256,
            "CodeSize": version.code.code_size,
        }
        return {"LayerArn": layer_arn(self.account, version.name), "Content": content, **_item(version)}


def layer_name(text: str) -> str:
    return text.rsplit(":", 1)[-1] if text.startswith("arn:") else text


def version_number(params: Params) -> int:
    """The layer version that a call names. Raises InvalidParameterValueException."""
    number = int(params["VersionNumber"])
    if number < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1")
    return number


def _check_runtimes(member: str, given: Sequence[str] | str | None) -> None:
    """The check that the framework makes of layers' runtimes: it does not make it of functions'."""
    runtimes = [given] if isinstance(given, str) else given or []
    if not all(map(is_runtime, runtimes)):
        written = given if isinstance(given, str) else f"[{', '.join(runtimes)}]"
        raise AwsError.named(
            "ValidationException",
            f"1 validation error detected: Value '{written}' at '{member}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{OFFERED}]",
        )


def _fits(version: LayerVersion, params: Params) -> bool:
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    return (runtime is None or runtime in (version.compatible_runtimes or ())) and (
        architecture is None or architecture in (version.compatible_architectures or ())
    )


def _item(version: LayerVersion) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "LayerVersionArn": version.arn,
        "Version": version.version,
        "Description": version.description,
        "CreatedDate": version.created,
    }
    if version.compatible_runtimes is not None:
        shown["CompatibleRuntimes"] = list(version.compatible_runtimes)
    if version.compatible_architectures is not None:
        shown["CompatibleArchitectures"] = list(version.compatible_architectures)
    if version.license_info:
        shown["LicenseInfo"] = version.license_info
    return shown
