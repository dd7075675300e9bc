"""The sorted structure against a dictionary of lists."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import given

from emulator.services.s3.key_index import KeyIndex, after_prefix

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@dataclass(frozen=True)
class Row:
    key: str
    version_id: str
    is_delete_marker: bool


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["null", "v"]), st.booleans(), st.booleans())))
def test_the_newest_version_decides_what_is_live(steps: list[tuple[str, str, bool, bool]]) -> None:
    index: KeyIndex[Row] = KeyIndex()
    model: dict[str, list[Row]] = {}
    for number, (key, kind, is_marker, removes) in enumerate(steps):
        history = model.setdefault(key, [])
        if removes and history:
            gone = history.pop(number % len(history))
            assert index.remove(key, gone.version_id) is gone
        else:
            row = Row(key, kind if kind == "null" else f"v{number}", is_marker)
            before = [old for old in history if old.version_id == "null" == row.version_id]
            replaced = index.add(row)
            assert [replaced] == (before or [None])
            history[:] = [old for old in history if old not in before] + [row]
    kept = {key: history for key, history in model.items() if history}
    assert [(key, versions) for key, versions in index.histories()] == [(key, kept[key][::-1]) for key in sorted(kept)]
    live = [(key, kept[key][-1]) for key in sorted(kept) if not kept[key][-1].is_delete_marker]
    assert list(index.objects()) == live
    assert index.live_keys == len(live)
    assert all(index.find(row.key, row.version_id) is row for history in kept.values() for row in history)


@given(TEXTS, TEXTS)
def test_after_prefix_is_the_least_string_behind_all_with_the_prefix(prefix: str, text: str) -> None:
    following = after_prefix(prefix)
    if following is None:
        assert set(prefix) == {"\U0010ffff"}
        return
    assert f"{prefix}{text}" < following
    assert prefix < following
    assert (text < following) == (text < prefix or text.startswith(prefix))


@given(st.lists(TEXTS, min_size=1))
def test_keys_stand_in_the_order_of_their_utf_8_bytes(keys: list[str]) -> None:
    index: KeyIndex[Row] = KeyIndex()
    for key in keys:
        index.add(Row(key, "null", False))
    assert [key for key, _ in index.objects()] == sorted(set(keys), key=str.encode)
