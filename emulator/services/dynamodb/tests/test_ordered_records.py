"""Records in order, held against a sorted list of everything."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from emulator.services.dynamodb import ordered_records
from emulator.services.dynamodb.ordered_records import OrderedRecords
from emulator.services.dynamodb.ordering import TOKENS, Place, Span, segment_span, span_of

PLACES = st.tuples(st.sampled_from([0, 5, 7, TOKENS // 2, TOKENS - 1]), st.sampled_from("ab"), st.integers(0, 9))


@dataclass
class Sized:
    size: int


class OrderedRecordsMachine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.records: OrderedRecords[Sized] = OrderedRecords()
        self.expected: dict[Place, int] = {}

    @rule(places=st.lists(PLACES, min_size=1, max_size=20), size=st.integers(0, 9))
    def put(self, places: list[Place], size: int) -> None:
        for place in places:
            self.records.put(place, Sized(size))
            self.expected[place] = size

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if self.expected:
            place = data.draw(st.sampled_from(sorted(self.expected)))
            self.records.remove(place)
            del self.expected[place]

    def holds(self, span: Span | None, after: Place | None, *, forward: bool) -> None:
        found = list(self.records.read(span, after, forward=forward))
        expected = [place for place in sorted(self.expected) if span is None or place in span]
        if not forward:
            expected.reverse()
        if after is not None:
            expected = [place for place in expected if (place > after if forward else place < after)]
        assert [place for place, _ in found] == expected
        assert [record.size for _, record in found] == [self.expected[place] for place in expected]
        assert len(self.records) == len(self.expected)
        assert self.records.total_bytes == sum(self.expected.values())

    @rule(after=st.none() | PLACES, forward=st.booleans())
    def scan(self, after: Place | None, forward: bool) -> None:
        self.holds(None, after, forward=forward)

    @rule(total=st.integers(1, 4), data=st.data())
    def scan_a_segment(self, total: int, data: st.DataObject) -> None:
        span = segment_span(data.draw(st.integers(0, total - 1)), total)
        after = data.draw(st.none() | PLACES.filter(lambda place: place in span))
        self.holds(span, after, forward=True)

    @rule(prefix=PLACES, operator=st.sampled_from([None, "=", "<", "<=", ">", ">=", "BETWEEN"]), forward=st.booleans())
    def query(self, prefix: Place, operator: str | None, forward: bool) -> None:
        span = span_of(prefix[:2], operator, (prefix[2], prefix[2] + 3))
        self.holds(span, None, forward=forward)
        if prefix in span:
            self.holds(span, prefix, forward=forward)


class LongPartitionsMachine(OrderedRecordsMachine):
    """The same, where a partition soon has too many records for a plain list."""

    @initialize()
    def start(self) -> None:
        super().start()
        self.longest, ordered_records.LONGEST_LIST = ordered_records.LONGEST_LIST, 3

    def teardown(self) -> None:
        ordered_records.LONGEST_LIST = self.longest


TestOrderedRecords = OrderedRecordsMachine.TestCase
TestLongPartitions = LongPartitionsMachine.TestCase
