"""Ingest and its floor in turn, message by message, in blocks: `python -m emulator.bench.ingest_ratio [--sizes 262144] [--blocks 12]`.

A block has the medians of both over a few messages of each size, in milliseconds, so that whatever else the machine does in that second
it does to both. How much their ratio moves from block to block says how well it is known. The floor is that of `emulator.bench.floor`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from emulator.bench.bare_runtime import Exchange
from emulator.bench.floor import PIPELINE, Subject, floor_of, invoke, proxy_event, quiet_after, request_body, subject_of
from emulator.targets.embedded import EmbeddedTarget

__all__ = ["main", "measure_blocks"]

_WARM_UP = 4

Block = Mapping[str, float]


def measure_blocks(subject: Subject, sizes: Sequence[int], blocks: int, count: int) -> dict[int, list[Block]]:
    """Return for each size as many blocks, each with the medians of `ingest` and `floor` over `count` messages in milliseconds."""
    target = subject.target
    assert target.endpoint_url is not None
    assert target.api_url is not None
    port = int(target.endpoint_url.rsplit(":", 1)[1])
    path = target.api_url.removeprefix(target.endpoint_url)
    headers = (("x-api-key", target.api_key or ""), ("Content-Type", "application/json"))
    wait = quiet_after(target)
    found: dict[int, list[Block]] = {size: [] for size in sizes}
    with ExitStack() as stack:
        sink, runtime = stack.enter_context(floor_of(subject))
        exchanges = {}
        for size in sizes:
            body = request_body(size)
            ingest, bare = Exchange(port, path, headers, body), Exchange(sink.port, "/", headers, body)
            stack.callback(ingest.close)
            stack.callback(bare.close)
            exchanges[size] = (ingest, bare, proxy_event(body))
        for block in range(-1, blocks):
            for size, (ingest, bare, event) in exchanges.items():
                times: dict[str, list[float]] = {"loopback": [], "runtime": [], "ingest": []}
                for _ in range(_WARM_UP if block < 0 else count):
                    times["loopback"].append(bare())
                    times["runtime"].append(invoke(runtime, event))
                    times["ingest"].append(ingest())
                    wait()
                medians = {name: 1000 * statistics.median(values) for name, values in times.items()}
                if block >= 0:
                    floor = medians["loopback"] + medians["runtime"]
                    found[size].append({"ingest": medians["ingest"], "floor": floor})
    return found


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="262144,1048576,4000000", help="bytes of the requests' bodies")
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--count", type=int, default=5, help="messages of each size in a block")
    options = parser.parse_args()
    with EmbeddedTarget.start(template=PIPELINE / "template.yaml") as target:
        sizes = [int(size) for size in options.sizes.split(",")]
        found = measure_blocks(subject_of(target), sizes, options.blocks, options.count)
    json.dump({"sizes": {str(size): blocks for size, blocks in found.items()}}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
