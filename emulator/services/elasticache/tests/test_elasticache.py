"""ElastiCache's control plane: statuses, endpoints, refusals, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.loaders
import botocore.model
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from emulator.account import Account
from emulator.cache.effects import CacheEndpoint, SetAuthTokens, StartCache, StopCache
from emulator.clock import VirtualClock
from emulator.engine import Engine
from emulator.errors import AwsError, EmulatorError
from emulator.operation import CallContext, Params, Reply, Service, operation
from emulator.services.elasticache import ElasticacheQuotas, ElasticacheService, errors

TOKEN = "a-token-of-32-characters-for-auth"
GROUP = {"ReplicationGroupId": "My-Group", "ReplicationGroupDescription": "payloads", "Engine": "valkey"}


class Ec2(Service):
    service_id = "ec2"

    @operation("DescribeSubnets")
    def describe_subnets(self, params: Params, context: CallContext) -> Reply:
        if "subnet-none" in params["SubnetIds"]:
            raise AwsError.named("InvalidSubnetID.NotFound", "no such subnet")
        return Reply({"Subnets": [{"SubnetId": one, "VpcId": "vpc-1"} for one in params["SubnetIds"]]})


class World:
    """An engine with elasticache, and servers that only remember what they were asked."""

    def __init__(self, quotas: ElasticacheQuotas | None = None) -> None:
        account = Account("http://127.0.0.1:1")
        self.engine = Engine(VirtualClock())
        self.service = ElasticacheService(account) if quotas is None else ElasticacheService(account, quotas)
        self.engine.register("elasticache", self.service)
        self.engine.register("ec2", Ec2(account))
        self.asked: list[Any] = []
        self.failure: EmulatorError | None = None
        for kind in (StartCache, StopCache, SetAuthTokens):
            self.engine.perform(kind, self._perform)

    def _perform(self, effect: Any, done: Any) -> None:
        self.asked.append(effect)
        if self.failure is not None:
            done(None, self.failure)
        else:
            done(CacheEndpoint("127.0.0.1", 7000, effect.tls) if isinstance(effect, StartCache) else None, None)

    def call(self, name: str, **params: Any) -> Any:
        outcome: list[Any] = []
        context = CallContext(self.engine.clock.now(), "request")
        self.engine.call("elasticache", name, params, context, lambda value, error: outcome.append((value, error)))
        ((value, error),) = outcome
        if error is not None:
            raise error
        _check_shape(name, value)
        return value

    def settle(self) -> None:
        self.engine.run_ready()

    def status(self, name: str = "my-group") -> str:
        return self.call("DescribeReplicationGroups", ReplicationGroupId=name)["ReplicationGroups"][0]["Status"]


def _model() -> botocore.model.ServiceModel:
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("elasticache", "service-2"))


MODEL = _model()


def _check_shape(name: str, value: Any) -> None:
    """Every reply is what botocore's output shape says, with no member that it does not know."""
    shape = MODEL.operation_model(name).output_shape
    if shape is not None:
        report = ParamValidator().validate(value, shape)
        assert not report.has_errors(), report.generate_report()
        _check_members(shape, value)


def _check_members(shape: botocore.model.Shape, value: Any) -> None:
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), f"{shape.name} has no {set(value) - set(shape.members)}"
        for name, member in value.items():
            _check_members(shape.members[name], member)
    elif shape.type_name == "list":
        for item in value:
            _check_members(shape.member, item)


@pytest.fixture
def world() -> Iterator[World]:
    yield World()


def test_group_is_creating_then_available_with_endpoints(world: World) -> None:
    created = world.call("CreateReplicationGroup", **GROUP)["ReplicationGroup"]
    assert (created["ReplicationGroupId"], created["Status"]) == ("my-group", "creating")
    assert "NodeGroups" not in created
    world.settle()
    (group,) = world.call("DescribeReplicationGroups")["ReplicationGroups"]
    assert group["Status"] == "available"
    (node_group,) = group["NodeGroups"]
    endpoint = {"Address": "127.0.0.1", "Port": 7000}
    assert node_group["PrimaryEndpoint"] == node_group["ReaderEndpoint"] == endpoint


def test_server_gets_token_tls_and_the_memory_of_its_node_type(world: World) -> None:
    """A cache.t4g.micro has 0.5 GiB, less 25 % reserved: 402,653,184 bytes, as its INFO shows on AWS.

    https://repost.aws/knowledge-center/available-memory-elasticache-redis-node
    """
    world.call(
        "CreateCacheParameterGroup", CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description=""
    )
    rows = [{"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}]
    world.call("ModifyCacheParameterGroup", CacheParameterGroupName="p", ParameterNameValues=rows)
    world.call(
        "CreateReplicationGroup",
        **GROUP,
        CacheNodeType="cache.t4g.micro",
        TransitEncryptionEnabled=True,
        AuthToken=TOKEN,
        EngineVersion="8.0",
        CacheParameterGroupName="p",
    )
    world.settle()
    (start,) = world.asked
    assert (start.auth_token, start.tls, start.engine, start.engine_version) == (TOKEN, True, "valkey", "8.0")
    assert dict(start.settings) == {"maxmemory": "402653184", "maxmemory-policy": "noeviction"}
    assert TOKEN not in repr(start)
    assert TOKEN not in str(world.call("DescribeReplicationGroups"))


def test_group_whose_server_does_not_start_is_create_failed_and_an_event_says_why(world: World) -> None:
    world.failure = EmulatorError("no server here")
    world.call("CreateReplicationGroup", **GROUP)
    world.settle()
    assert world.status() == "create-failed"
    (event,) = world.call("DescribeEvents", SourceIdentifier="my-group", SourceType="replication-group")["Events"]
    assert "no server here" in event["Message"]
    world.call("DeleteReplicationGroup", ReplicationGroupId="my-group")
    world.settle()
    assert world.call("DescribeReplicationGroups")["ReplicationGroups"] == []
    assert len(world.asked) == 1, "a server that never ran is not stopped"


def test_deleted_group_stops_its_server(world: World) -> None:
    world.call("CreateReplicationGroup", **GROUP)
    with pytest.raises(errors.InvalidReplicationGroupStateFault):
        world.call("DeleteReplicationGroup", ReplicationGroupId="my-group")
    world.settle()
    assert (
        world.call("DeleteReplicationGroup", ReplicationGroupId="my-group")["ReplicationGroup"]["Status"] == "deleting"
    )
    world.settle()
    assert world.asked[-1] == StopCache("my-group")
    with pytest.raises(errors.ReplicationGroupNotFoundFault):
        world.status()


REFUSED: list[tuple[str, dict[str, Any], type[AwsError] | str]] = [
    ("token without TLS", {"AuthToken": TOKEN}, errors.InvalidParameterCombinationException),
    ("short token", {"AuthToken": "short", "TransitEncryptionEnabled": True}, errors.InvalidParameterValueException),
    (
        "slash in token",
        {"AuthToken": TOKEN + "/", "TransitEncryptionEnabled": True},
        errors.InvalidParameterValueException,
    ),
    ("failover alone", {"AutomaticFailoverEnabled": True}, errors.InvalidParameterCombinationException),
    ("multi-AZ alone", {"MultiAZEnabled": True, "NumCacheClusters": 2}, errors.InvalidParameterCombinationException),
    ("too many nodes", {"NumCacheClusters": 7}, errors.InvalidParameterValueException),
    ("no such version", {"EngineVersion": "1.0"}, errors.InvalidParameterValueException),
    ("no such subnet group", {"CacheSubnetGroupName": "none"}, errors.CacheSubnetGroupNotFoundFault),
    ("no such parameters", {"CacheParameterGroupName": "none"}, errors.CacheParameterGroupNotFoundFault),
    ("family of another", {"CacheParameterGroupName": "default.redis7"}, errors.InvalidParameterCombinationException),
    ("bad name", {"ReplicationGroupId": "two--hyphens"}, errors.InvalidParameterValueException),
    ("name ends with hyphen", {"ReplicationGroupId": "hyphen-"}, errors.InvalidParameterValueException),
    ("shards", {"NumNodeGroups": 2}, "NumNodeGroups=2"),
    ("cluster mode", {"ClusterMode": "enabled"}, "ClusterMode"),
    ("plain and TLS", {"TransitEncryptionMode": "preferred"}, "TransitEncryptionMode"),
    ("users", {"UserGroupIds": ["group"]}, "UserGroupIds"),
    ("snapshot", {"SnapshotName": "old"}, "SnapshotName"),
    ("node type", {"CacheNodeType": "cache.x9.huge"}, "cache.x9.huge"),
]


@pytest.mark.parametrize(("name", "more", "error"), REFUSED, ids=[row[0] for row in REFUSED])
def test_request_that_does_not_fit_is_refused_and_changes_nothing(
    world: World, name: str, more: dict[str, Any], error: type[AwsError] | str
) -> None:
    with pytest.raises(AwsError) as caught:
        world.call("CreateReplicationGroup", **(GROUP | more))
    if isinstance(error, str):
        assert caught.value.code == "NotImplemented"
        assert error in caught.value.message
    else:
        assert type(caught.value) is error
    world.settle()
    assert world.call("DescribeReplicationGroups")["ReplicationGroups"] == []
    assert world.asked == []


def test_token_is_rotated_then_set(world: World) -> None:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html"""
    world.call("CreateReplicationGroup", **GROUP, TransitEncryptionEnabled=True, AuthToken=TOKEN)
    world.settle()
    change = {"ReplicationGroupId": "my-group", "AuthToken": "second-token-of-32-characters-xxx"}
    with pytest.raises(errors.InvalidParameterCombinationException):
        world.call("ModifyReplicationGroup", **change)
    world.call("ModifyReplicationGroup", **change, ApplyImmediately=True, AuthTokenUpdateStrategy="ROTATE")
    assert world.status() == "modifying"
    world.settle()
    assert world.status() == "available"
    world.call("ModifyReplicationGroup", **change, ApplyImmediately=True, AuthTokenUpdateStrategy="SET")
    world.settle()
    tokens = [effect.auth_tokens for effect in world.asked if isinstance(effect, SetAuthTokens)]
    assert tokens == [(TOKEN, change["AuthToken"]), (change["AuthToken"],)]


def test_cluster_has_an_endpoint_and_members_of_groups_are_clusters_too(world: World) -> None:
    world.call("CreateCacheCluster", CacheClusterId="alone", Engine="redis", EngineVersion="7.x", NumCacheNodes=1)
    world.call("CreateReplicationGroup", **GROUP, NumCacheClusters=2)
    world.settle()
    rows = world.call("DescribeCacheClusters", ShowCacheNodeInfo=True)["CacheClusters"]
    assert [row["CacheClusterId"] for row in rows] == ["alone", "my-group-001", "my-group-002"]
    assert rows[0]["CacheNodes"][0]["Endpoint"] == {"Address": "127.0.0.1", "Port": 7000}
    assert rows[0]["EngineVersion"] == "7.1"
    alone = world.call("DescribeCacheClusters", ShowCacheClustersNotInReplicationGroups=True)["CacheClusters"]
    assert [row["CacheClusterId"] for row in alone] == ["alone"]
    world.call("DeleteCacheCluster", CacheClusterId="alone")
    world.settle()
    with pytest.raises(errors.CacheClusterNotFoundFault):
        world.call("DescribeCacheClusters", CacheClusterId="alone")


def test_memcached_is_refused_by_name(world: World) -> None:
    with pytest.raises(AwsError, match="memcached"):
        world.call("CreateCacheCluster", CacheClusterId="alone")


def test_groups_in_use_cannot_be_deleted(world: World) -> None:
    world.call(
        "CreateCacheSubnetGroup", CacheSubnetGroupName="Nets", CacheSubnetGroupDescription="", SubnetIds=["subnet-1"]
    )
    world.call(
        "CreateCacheParameterGroup", CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description=""
    )
    world.call("CreateReplicationGroup", **GROUP, CacheSubnetGroupName="nets", CacheParameterGroupName="p")
    with pytest.raises(errors.CacheSubnetGroupInUse):
        world.call("DeleteCacheSubnetGroup", CacheSubnetGroupName="nets")
    with pytest.raises(errors.InvalidCacheParameterGroupStateFault):
        world.call("DeleteCacheParameterGroup", CacheParameterGroupName="p")
    world.settle()
    world.call("DeleteReplicationGroup", ReplicationGroupId="my-group")
    world.settle()
    world.call("DeleteCacheSubnetGroup", CacheSubnetGroupName="nets")
    world.call("DeleteCacheParameterGroup", CacheParameterGroupName="p")


def test_subnet_group_takes_its_vpc_from_its_subnets_and_refuses_unknown_ones(world: World) -> None:
    request = {"CacheSubnetGroupName": "nets", "CacheSubnetGroupDescription": ""}
    with pytest.raises(AwsError, match="no such subnet"):
        world.call("CreateCacheSubnetGroup", **request, SubnetIds=["subnet-none"])
    group = world.call("CreateCacheSubnetGroup", **request, SubnetIds=["subnet-1"])["CacheSubnetGroup"]
    assert group["VpcId"] == "vpc-1"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("maxmemory-policy", "keep-all", "InvalidParameterValue"),
        ("reserved-memory-percent", "101", "InvalidParameterValue"),
        ("timeout", "soon", "InvalidParameterValue"),
        ("cluster-enabled", "yes", "NotImplemented"),
        ("io-threads", "4", "NotImplemented"),
    ],
)
def test_parameter_that_cannot_be_set_is_refused_by_name(world: World, name: str, value: str, code: str) -> None:
    world.call(
        "CreateCacheParameterGroup", CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description=""
    )
    rows = [{"ParameterName": name, "ParameterValue": value}]
    with pytest.raises(AwsError, match=name) as caught:
        world.call("ModifyCacheParameterGroup", CacheParameterGroupName="p", ParameterNameValues=rows)
    assert caught.value.code == code
    assert world.call("DescribeCacheParameters", CacheParameterGroupName="p", Source="user")["Parameters"] == []


def test_tags_are_kept_by_arn_within_their_quota() -> None:
    world = World(ElasticacheQuotas(tags_per_resource=2))
    world.call("CreateReplicationGroup", **GROUP, Tags=[{"Key": "a", "Value": ""}])
    arn = world.call("DescribeReplicationGroups")["ReplicationGroups"][0]["ARN"]
    world.call("AddTagsToResource", ResourceName=arn, Tags=[{"Key": "b", "Value": "0"}])
    with pytest.raises(errors.TagQuotaPerResourceExceeded):
        world.call("AddTagsToResource", ResourceName=arn, Tags=[{"Key": "c", "Value": "1"}])
    assert world.call("ListTagsForResource", ResourceName=arn)["TagList"] == [
        {"Key": "a", "Value": ""},
        {"Key": "b", "Value": "0"},
    ]
    world.call("RemoveTagsFromResource", ResourceName=arn, TagKeys=["a"])
    with pytest.raises(errors.TagNotFoundFault):
        world.call("RemoveTagsFromResource", ResourceName=arn, TagKeys=["a"])
    with pytest.raises(errors.InvalidARNFault):
        world.call("ListTagsForResource", ResourceName="not an arn")


@given(st.integers(0, 7), st.integers(1, 4))
def test_pages_hold_every_row_once(rows: int, size: int) -> None:
    world = World()
    for number in range(rows):
        world.call("CreateReplicationGroup", **(GROUP | {"ReplicationGroupId": f"group-{number}"}))
    seen: list[str] = []
    marker: dict[str, str] = {}
    while True:
        answer = world.call("DescribeReplicationGroups", MaxRecords=size, **marker)
        seen += [group["ReplicationGroupId"] for group in answer["ReplicationGroups"]]
        if "Marker" not in answer:
            break
        marker = {"Marker": answer["Marker"]}
    assert seen == [f"group-{number}" for number in range(rows)]


@pytest.mark.parametrize("name", errors.__all__)
def test_error_is_a_shape_of_the_model_with_its_code_and_status(name: str) -> None:
    kind = getattr(errors, name)
    wire = MODEL.shape_for(name).metadata["error"]
    assert (kind.code, kind.status) == (wire["code"], wire["httpStatusCode"])


class Lives(RuleBasedStateMachine):
    """Whatever is asked in whatever order: as many servers run as there are caches that are not gone or failed."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(name=st.sampled_from("abc"))
    def create(self, name: str) -> None:
        try:
            self.world.call("CreateReplicationGroup", **(GROUP | {"ReplicationGroupId": name}))
        except errors.ReplicationGroupAlreadyExistsFault:
            assert name in self.world.service.store.caches

    @rule(name=st.sampled_from("abc"))
    def delete(self, name: str) -> None:
        try:
            self.world.call("DeleteReplicationGroup", ReplicationGroupId=name)
        except errors.ReplicationGroupNotFoundFault:
            assert name not in self.world.service.store.caches
        except errors.InvalidReplicationGroupStateFault:
            assert self.world.status(name) in ("creating", "deleting")

    @rule(fails=st.booleans())
    def settle(self, fails: bool) -> None:
        self.world.failure = EmulatorError("no") if fails and not self._running() else None
        self.world.settle()
        self.world.failure = None

    def _running(self) -> set[str]:
        running: set[str] = set()
        for effect in self.world.asked:
            if isinstance(effect, StartCache):
                running.add(effect.resource)
            else:
                running.discard(effect.resource)
        return running

    @invariant()
    def every_available_cache_has_a_server(self) -> None:
        available = {name for name, cache in self.world.service.store.caches.items() if cache.status == "available"}
        assert available <= self._running()


TestLives = Lives.TestCase
