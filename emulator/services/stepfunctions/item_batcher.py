"""ItemBatcher: items put together for one child execution, by number and by size.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from typing import Any

from emulator.services.stepfunctions.asl.definition import ItemBatcher
from emulator.services.stepfunctions.asl.document import Document, dumps
from emulator.services.stepfunctions.asl.failures import DATA_LIMIT_EXCEEDED, StateFailure

__all__ = ["Limits", "batches"]

Limits = tuple[int | None, int | None]
"""Most items, and most bytes, of a batch."""
_LONGEST_BYTES = 262_144  # a child's input, whatever MaxInputBytesPerBatch says


def batches(batcher: ItemBatcher, items: list[Document], limits: Limits, shared: Any) -> list[tuple[Document, int]]:
    """The inputs of the children: `{"Items": [...]}`, with `BatchInput` where there is one, and how many items each holds.

    Raises StateFailure where an item alone is too large for a batch.
    """
    most_items, most_bytes = limits
    prefix = "" if batcher.batch_input is None else f'"BatchInput":{dumps(shared)},'
    frame = len(f'{{{prefix}"Items":[]}}'.encode("utf-8", "surrogatepass"))
    room = (_LONGEST_BYTES if most_bytes is None else min(most_bytes, _LONGEST_BYTES)) - frame
    found: list[tuple[Document, int]] = []
    batch: list[str] = []
    size = 0

    def close() -> None:
        nonlocal size
        if batch:
            found.append((Document(f'{{{prefix}"Items":[{",".join(batch)}]}}'), len(batch)))
            batch.clear()
            size = 0

    for index, item in enumerate(items):
        cost = item.size_bytes
        if cost > room:
            cause = f"The item with index {index} ({cost} bytes) is larger than a batch may be ({room} bytes)"
            raise StateFailure(DATA_LIMIT_EXCEEDED, cause)
        if batch and (size + 1 + cost > room or (most_items is not None and len(batch) >= most_items)):
            close()
        size += cost + (1 if batch else 0)
        batch.append(item.text)
    close()
    return found
