"""How much each hop takes, what AWS says beyond that, and where it is written.

The numbers are those of the emulator's own quotas, which refuse the same message at the same hop; none is repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from emulator.limits.edges import Carrier, Edge
from emulator.limits.template_view import Resource, TemplateView
from emulator.services.apigateway.quotas import ApiGatewayQuotas
from emulator.services.dynamodb.quotas import DynamodbQuotas
from emulator.services.elasticache.quotas import ElasticacheQuotas
from emulator.services.events.quotas import EventsQuotas
from emulator.services.lambda_.quotas import LambdaQuotas
from emulator.services.s3.quotas import S3Quotas
from emulator.services.sns.quotas import SnsQuotas
from emulator.services.sqs.quotas import SqsQuotas
from emulator.services.stepfunctions.quotas import StepFunctionsQuotas

__all__ = ["Ceiling", "Profile", "ceiling_of"]

_DOCS = "https://docs.aws.amazon.com/"


@dataclass(frozen=True, slots=True)
class Profile:
    """The quotas that apply; a test may give tiny ones."""

    api_gateway: ApiGatewayQuotas = field(default_factory=ApiGatewayQuotas)
    lambda_: LambdaQuotas = field(default_factory=LambdaQuotas)
    sqs: SqsQuotas = field(default_factory=SqsQuotas)
    sns: SnsQuotas = field(default_factory=SnsQuotas)
    events: EventsQuotas = field(default_factory=EventsQuotas)
    step_functions: StepFunctionsQuotas = field(default_factory=StepFunctionsQuotas)
    dynamodb: DynamodbQuotas = field(default_factory=DynamodbQuotas)
    s3: S3Quotas = field(default_factory=S3Quotas)
    elasticache: ElasticacheQuotas = field(default_factory=ElasticacheQuotas)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a hop takes, in bytes; the error of what is larger; AWS's page."""

    limit_bytes: int
    error: str
    doc: str


def ceiling_of(view: TemplateView, edge: Edge, profile: Profile) -> Ceiling | None:
    """Return a hop's ceiling; None where this profile knows none (and the caller says so)."""
    target = view.resources[edge.target]
    if edge.carrier is Carrier.REQUEST:
        limit = profile.api_gateway.payload_bytes
        if target.type == "AWS::ApiGatewayV2::Api":
            return Ceiling(
                limit,
                '413 {"message":"Request Entity Too Large"}',
                f"{_DOCS}apigateway/latest/developerguide/http-api-quotas.html",
            )
        doc = f"{_DOCS}apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
        return Ceiling(limit, f"413 HTTP content length exceeded {limit} bytes.", doc)
    if edge.carrier is Carrier.TASK:
        return _task(view, edge, profile, target)
    own = _by_target(view, edge, profile, target)
    if own is not None and edge.carrier in (Carrier.EVENT, Carrier.NOTIFICATION, Carrier.RAW_NOTIFICATION):
        # Nobody waits for the answer of a delivery.
        return replace(
            own, error=f"{own.error}; no sender hears of it: the delivery ends in a dead-letter queue, or nowhere"
        )
    return own


def _task(view: TemplateView, edge: Edge, profile: Profile, target: Resource) -> Ceiling:
    """A state holds so much, whatever its target would take."""
    limit = profile.step_functions.maximum_payload_bytes
    state = Ceiling(
        limit, "execution FAILED: States.DataLimitExceeded", f"{_DOCS}step-functions/latest/dg/service-quotas.html"
    )
    own = _by_target(view, edge, profile, target)
    return own if own is not None and own.limit_bytes < limit else state


def _by_target(view: TemplateView, edge: Edge, profile: Profile, target: Resource) -> Ceiling | None:
    match target.type:
        case "AWS::Lambda::Function":
            return _function(edge, profile)
        case "AWS::SQS::Queue":
            limit = _set(view, target, "MaximumMessageSize", profile.sqs.message_bytes)
            error = f"400 InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
            return Ceiling(limit, error, f"{_DOCS}AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html")
        case "AWS::SNS::Topic":
            limit = _set(view, target, "MaximumMessageSize", profile.sns.message_bytes)
            return Ceiling(
                limit, "400 InvalidParameter: Invalid parameter: Message too long", f"{_DOCS}general/latest/gr/sns.html"
            )
        case "AWS::StepFunctions::StateMachine":
            limit = profile.step_functions.maximum_payload_bytes
            error = "400 ValidationException: Value at 'input' failed to satisfy constraint: Member must have size less than or equal to "
            return Ceiling(
                limit, f"{error}{limit} bytes in UTF-8 encoding", f"{_DOCS}step-functions/latest/dg/service-quotas.html"
            )
        case "AWS::Events::EventBus":
            error = "400 ValidationException: Total size of the entries in the request is over the limit."
            return Ceiling(profile.events.entries_bytes, error, f"{_DOCS}eventbridge/latest/userguide/eb-quota.html")
    return _store(edge, profile, target)


def _store(edge: Edge, profile: Profile, target: Resource) -> Ceiling | None:
    match target.type:
        case "AWS::DynamoDB::Table":
            to_update = " to update" if edge.operation.endswith("UpdateItem") else ""
            error = f"400 ValidationException: Item size{to_update} has exceeded the maximum allowed size"
            return Ceiling(
                profile.dynamodb.item_bytes, error, f"{_DOCS}amazondynamodb/latest/developerguide/Constraints.html"
            )
        case "AWS::S3::Bucket":
            error = "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed object size."
            return Ceiling(profile.s3.put_bytes, error, f"{_DOCS}AmazonS3/latest/userguide/qfacts.html")
    if target.type.startswith("AWS::ElastiCache::"):
        error = "-ERR Protocol error: invalid bulk length"
        return Ceiling(profile.elasticache.value_bytes, error, "https://valkey.io/topics/strings/")
    return None


def _function(edge: Edge, profile: Profile) -> Ceiling:
    doc = f"{_DOCS}lambda/latest/dg/gettingstarted-limits.html"
    synchronous, later = profile.lambda_.synchronous_request_bytes, profile.lambda_.asynchronous_request_bytes
    if "asynchronous" in edge.operation:
        error = f"413 RequestEntityTooLargeException: payload is too large for the Event invocation type (limit {later} bytes)"
        return Ceiling(later, error, doc)
    errors: Mapping[Carrier, str] = {
        Carrier.PROXY: '413 {"message":"Request Too Long"}',
        Carrier.URL: '413 {"Message":"Request Entity Too Large"}',
        Carrier.RECORDS: "the batch is cut to the records that fit; one that does not fit alone is never delivered",
        Carrier.IMAGES: "the batch is cut to the records that fit; one that does not fit alone is never delivered",
    }
    error = f"413 RequestEntityTooLargeException: payload is too large for the RequestResponse invocation type (limit {synchronous} bytes)"
    return Ceiling(synchronous, errors.get(edge.carrier, error), doc)


def _set(view: TemplateView, resource: Resource, name: str, default: int) -> int:
    """A limit that the resource sets for itself."""
    value = view.plain(resource.properties.get(name), resource.stack)
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else default
