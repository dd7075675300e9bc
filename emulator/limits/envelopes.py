"""What AWS wraps around a message on its way: the emulator's own events where it builds them whole, else as many bytes as are usual.

An envelope differs by some bytes from request to request (addresses, ids, numbers), so a size here is right to a few hundred bytes.
"""

from __future__ import annotations

from functools import cache

from emulator.http import HttpRequest
from emulator.limits.edges import Carrier, Edge
from emulator.limits.message import Message, Text
from emulator.limits.template_view import TemplateView
from emulator.services.apigateway.media_types import is_binary
from emulator.services.apigateway.proxy_event import Exchange, proxy_event
from emulator.services.apigateway.routes import Match
from emulator.services.apigateway.state import Method

__all__ = ["arriving", "how"]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, with usual headers
_HTTP_API_BYTES = 1_400
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
_RECORD_BYTES = 700
# https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html: signature, certificate and unsubscribe addresses
_NOTIFICATION_BYTES = 1_000
# https://docs.aws.amazon.com/eventbridge/latest/userguide/aws-events.html
_EVENT_BYTES = 250
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
_NOTICE_BYTES = 1_300
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
_IMAGES_BYTES = 500


def arriving(view: TemplateView, edge: Edge, sent: Text, message: Message) -> Text:
    """What a text of the source is at the target."""
    match edge.carrier:
        case Carrier.PROXY:
            return _proxied(view, edge, sent, message)
        case Carrier.URL:
            return sent.in_json(_HTTP_API_BYTES) if _is_text(message) else sent.in_base64().in_json(_HTTP_API_BYTES)
        case Carrier.RECORDS:
            if view.resources[edge.source].type == "AWS::SQS::Queue":
                return sent.in_json(_RECORD_BYTES)
            return sent.in_base64().in_json(_RECORD_BYTES)
        case Carrier.NOTIFICATION:
            return sent.in_json(_NOTIFICATION_BYTES)
        case Carrier.RAW_NOTIFICATION:
            raw = view.resources[edge.target].type == "AWS::SQS::Queue"
            return sent if raw else sent.in_json(_NOTIFICATION_BYTES)
        case Carrier.EVENT:
            return Text(sent.size_bytes + _EVENT_BYTES, sent.quotes, sent.backslashes)
        case Carrier.POINTER:
            return Text(_NOTICE_BYTES)
        case Carrier.IMAGES:
            return Text(sent.size_bytes * 2 + _IMAGES_BYTES, sent.quotes * 2, sent.backslashes * 2)
    return sent


def how(view: TemplateView, edge: Edge, message: Message) -> str:
    """What becomes of a message on this hop, for people."""
    match edge.carrier:
        case Carrier.REQUEST:
            return "the body as it is sent"
        case Carrier.PROXY:
            return f"the event: the body as {_form(edge, message)}, headers and request context"
        case Carrier.URL:
            return f"the event: the body as {'a JSON string' if _is_text(message) else 'base64'}, headers and request context"
        case Carrier.RECORDS:
            return "one record: the message and its attributes; a batch holds as many as fit"
        case Carrier.NOTIFICATION:
            return "a JSON string in SNS's envelope"
        case Carrier.RAW_NOTIFICATION:
            return "the raw message"
        case Carrier.EVENT:
            return "the event with its envelope"
        case Carrier.POINTER:
            return "a notice that names the object (claim check)"
        case Carrier.IMAGES:
            return "one record: the item before and after"
        case Carrier.SAME:
            return "the message as it is"
        case Carrier.TASK:
            return "at most what a state may hold"
    return "built in code"


def _form(edge: Edge, message: Message) -> str:
    return "base64" if is_binary(message.content_type, edge.binary_media_types) else "a JSON string"


def _is_text(message: Message) -> bool:
    kind = message.content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind.endswith(("json", "xml", "javascript"))


def _proxied(view: TemplateView, edge: Edge, sent: Text, message: Message) -> Text:
    if view.resources[edge.source].type == "AWS::ApiGatewayV2::Api":
        return sent.in_json(_HTTP_API_BYTES) if _is_text(message) else sent.in_base64().in_json(_HTTP_API_BYTES)
    binary = is_binary(message.content_type, edge.binary_media_types)
    return (sent.in_base64() if binary else sent).in_json(_proxy_envelope(message.content_type))


@cache
def _proxy_envelope(content_type: str) -> int:
    """The emulator's own event of a request with the usual headers, without its body."""
    headers = (
        ("Host", "abcdefghij.execute-api.us-east-1.amazonaws.com"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", "6000000"),
        ("x-api-key", "a" * 40),
        ("Content-Type", content_type),
        ("User-Agent", "windtunnel-load"),
    )
    exchange = Exchange(
        request=HttpRequest("POST", "/ingest", "", headers),
        account_id="0" * 12,
        region="us-east-1",
        api_id="abcdefghij",
        stage="Prod",
        path="/ingest",
        now=1_750_000_000.0,
        request_id="0" * 36,
        extended_request_id="0" * 16,
        trace_id="1-" + "0" * 33,
    )
    match = Match("abcdef", "/ingest", Method("POST"), {})
    event = proxy_event(
        exchange,
        match,
        deployment_id="abcdef",
        stage_variables={},
        binary_media_types=(),
        api_key=("a" * 10, "a" * 40),
    )
    return len(event) - len(b"null")
