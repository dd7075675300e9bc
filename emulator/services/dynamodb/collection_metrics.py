"""ItemCollectionMetrics: how large the items with one partition key are together, where a table has local secondary indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections
"""

from __future__ import annotations

from typing import Any

from emulator.services.dynamodb.ordering import Place
from emulator.services.dynamodb.table import Table
from emulator.services.dynamodb.writes import WriteRequest

__all__ = ["collection_metrics"]

GIGABYTE = 1024**3


def collection_metrics(table: Table, place: Place, request: WriteRequest) -> dict[str, Any]:
    """The partition key, and the range of whole gigabytes in which its items' size is."""
    identity = request.item if request.item is not None else request.key
    assert identity is not None
    name = table.schema.hash[0].name
    gigabytes = table.collections.get(place[1], 0) // GIGABYTE
    return {
        "ItemCollectionKey": {name: identity[name]},
        "SizeEstimateRangeGB": [float(gigabytes), float(gigabytes + 1)],
    }
