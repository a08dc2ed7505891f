"""A body is cut where JSON would cut it, whatever stands in its strings, and mending leaves good JSON as it is."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.sync.cutting import MOST_DEPTH, cut, mend, text_member, too_deep

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\[]{},:😀中\n')) | st.just("items"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["items", "id", "]", "{"]), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(items=st.lists(VALUES, max_size=5), before=VALUES, plain=st.booleans())
def test_items_are_cut_as_json_cuts_them(items: list[Any], before: Any, plain: bool) -> None:
    raw = json.dumps({"before": before, "items": items, "after": 1}, ensure_ascii=plain).encode()
    rest, pieces = cut(raw, "items")
    assert [json.loads(piece) for piece in pieces] == items
    assert json.loads(rest) == {"before": before, "items": [], "after": 1}
    assert json.loads(mend(raw)) == json.loads(raw)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [(rb'"\ud83d"', "\ufffd"), (rb'"\ude00\ud83d"', "\ufffd\ufffd"), (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
     (rb'"\\ud83d"', "\\ud83d"), (rb'"\\\ud83d"', "\\\ufffd"), (b'"\xe8\x80"', "\ufffd")],
)  # fmt: skip
def test_half_characters_are_replaced(broken: bytes, whole: str) -> None:
    assert msgspec.json.decode(mend(broken)) == whole


def test_a_body_without_the_list_stays_as_it_is() -> None:
    for raw in (b"", b"[", b'{"a": {"items": [1]}}', b'{"items": 7}', b'{"items'):
        assert cut(raw, "items") == (raw, [])
    assert cut(b'{"items": [ ]}', "items") == (b'{"items": []}', [])


def test_what_is_never_closed_is_one_piece() -> None:
    assert cut(b'{"items": [1, {"a": [2}, {"b": 3', "items") == (b'{"items": []}', [b"1", b' {"a": [2}, {"b": 3'])


def test_depth_and_texts_are_found_without_reading() -> None:
    assert not too_deep(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH + b'"' + b"[" * 99 + b'"')
    assert too_deep(b"[" * (MOST_DEPTH + 1))
    assert text_member(rb'{"x": {"id": "inner"}, "n": NaN, "id" : "outer"', "id") == "outer"
    assert text_member(b'{"id": 7}', "id") is None
