"""Configurations of reports and of tiers: analytics, inventory, request metrics, intelligent tiering.

They are kept, checked and told. What they ask for comes days later on AWS, in files and metrics that no pipeline here waits for: it is not
made. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAnalyticsConfiguration.html
"""

from __future__ import annotations

from typing import Any

from emulator.operation import CallContext, Params, Reply, operation
from emulator.services.s3.configuration_errors import IdMismatch, InvalidS3DestinationBucket, NoSuchConfiguration
from emulator.services.s3.errors import MalformedXml
from emulator.services.s3.hooks import S3Hooks

__all__ = ["ReportOperations"]

_INVENTORY_REQUIRED = ("Destination", "IsEnabled", "Id", "IncludedObjectVersions", "Schedule")


class ReportOperations(S3Hooks):
    """Configurations with ids."""

    def _kept(self, params: Params, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = self.bucket_of(params).configurations.setdefault(kind, {})
        return found

    def _put(self, params: Params, kind: str) -> Reply:
        kept = self._kept(params, kind)
        configuration = params.get(f"{kind}Configuration") or {}
        if configuration.get("Id") != params["Id"]:
            raise IdMismatch if configuration.get("Id") else MalformedXml
        kept[params["Id"]] = configuration
        return Reply()

    def _get(self, params: Params, kind: str) -> Reply:
        configuration = self._kept(params, kind).get(params["Id"])
        if configuration is None:
            raise NoSuchConfiguration
        return Reply({f"{kind}Configuration": configuration})

    def _delete_configuration(self, params: Params, kind: str) -> Reply:
        if self._kept(params, kind).pop(params["Id"], None) is None:
            raise NoSuchConfiguration
        return Reply()

    def _list(self, params: Params, kind: str) -> Reply:
        kept = self._kept(params, kind)
        result: dict[str, Any] = {"IsTruncated": False}
        if kept:
            result[f"{kind}ConfigurationList"] = [kept[name] for name in sorted(kept)]
        return Reply(result)

    # -- analytics ---------------------------------------------------------------------------------------------------------------

    @operation("PutBucketAnalyticsConfiguration")
    def put_bucket_analytics_configuration(self, params: Params, context: CallContext) -> Reply:
        """Keep a configuration."""
        if "StorageClassAnalysis" not in (params.get("AnalyticsConfiguration") or {}):
            raise MalformedXml
        return self._put(params, "Analytics")

    @operation("GetBucketAnalyticsConfiguration")
    def get_bucket_analytics_configuration(self, params: Params, context: CallContext) -> Reply:
        """One configuration."""
        return self._get(params, "Analytics")

    @operation("DeleteBucketAnalyticsConfiguration")
    def delete_bucket_analytics_configuration(self, params: Params, context: CallContext) -> Reply:
        """Forget a configuration."""
        return self._delete_configuration(params, "Analytics")

    @operation("ListBucketAnalyticsConfigurations", unsupported=("ContinuationToken",))
    def list_bucket_analytics_configurations(self, params: Params, context: CallContext) -> Reply:
        """All configurations by id."""
        return self._list(params, "Analytics")

    # -- inventory ---------------------------------------------------------------------------------------------------------------

    @operation("PutBucketInventoryConfiguration")
    def put_bucket_inventory_configuration(self, params: Params, context: CallContext) -> Reply:
        """Keep a configuration."""
        configuration = params.get("InventoryConfiguration") or {}
        if any(name not in configuration for name in _INVENTORY_REQUIRED):
            raise MalformedXml
        if configuration["Id"] != params["Id"]:
            raise IdMismatch
        destination = (configuration["Destination"] or {}).get("S3BucketDestination") or {}
        if not str(destination.get("Bucket", "")).startswith("arn:aws"):
            raise InvalidS3DestinationBucket
        return self._put(params, "Inventory")

    @operation("GetBucketInventoryConfiguration")
    def get_bucket_inventory_configuration(self, params: Params, context: CallContext) -> Reply:
        """One configuration."""
        return self._get(params, "Inventory")

    @operation("DeleteBucketInventoryConfiguration")
    def delete_bucket_inventory_configuration(self, params: Params, context: CallContext) -> Reply:
        """Forget a configuration."""
        return self._delete_configuration(params, "Inventory")

    @operation("ListBucketInventoryConfigurations", unsupported=("ContinuationToken",))
    def list_bucket_inventory_configurations(self, params: Params, context: CallContext) -> Reply:
        """All configurations by id."""
        return self._list(params, "Inventory")

    # -- request metrics ---------------------------------------------------------------------------------------------------------

    @operation("PutBucketMetricsConfiguration")
    def put_bucket_metrics_configuration(self, params: Params, context: CallContext) -> Reply:
        """Keep a configuration."""
        return self._put(params, "Metrics")

    @operation("GetBucketMetricsConfiguration")
    def get_bucket_metrics_configuration(self, params: Params, context: CallContext) -> Reply:
        """One configuration."""
        return self._get(params, "Metrics")

    @operation("DeleteBucketMetricsConfiguration")
    def delete_bucket_metrics_configuration(self, params: Params, context: CallContext) -> Reply:
        """Forget a configuration."""
        return self._delete_configuration(params, "Metrics")

    @operation("ListBucketMetricsConfigurations", unsupported=("ContinuationToken",))
    def list_bucket_metrics_configurations(self, params: Params, context: CallContext) -> Reply:
        """All configurations by id."""
        return self._list(params, "Metrics")

    # -- intelligent tiering -----------------------------------------------------------------------------------------------------

    @operation("PutBucketIntelligentTieringConfiguration")
    def put_bucket_intelligent_tiering_configuration(self, params: Params, context: CallContext) -> Reply:
        """Keep a configuration."""
        return self._put(params, "IntelligentTiering")

    @operation("GetBucketIntelligentTieringConfiguration")
    def get_bucket_intelligent_tiering_configuration(self, params: Params, context: CallContext) -> Reply:
        """One configuration."""
        return self._get(params, "IntelligentTiering")

    @operation("DeleteBucketIntelligentTieringConfiguration")
    def delete_bucket_intelligent_tiering_configuration(self, params: Params, context: CallContext) -> Reply:
        """Forget a configuration."""
        return self._delete_configuration(params, "IntelligentTiering")

    @operation("ListBucketIntelligentTieringConfigurations", unsupported=("ContinuationToken",))
    def list_bucket_intelligent_tiering_configurations(self, params: Params, context: CallContext) -> Reply:
        """All configurations by id."""
        return self._list(params, "IntelligentTiering")
