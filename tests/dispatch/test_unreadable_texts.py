"""Texts that are no documents, or could not be written again, are refused by name and at once."""

from __future__ import annotations

import time

import pytest

from dispatch import PlanInvalid, ProblemInvalid, parse_plan, parse_problem


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"a": NaN}', '{"a": 1, "a": 2}',
        "[" * 100_000, '{"format": ' + "9" * 5000 + "}", b"\xff\xfe",
    ],
    ids=["empty", "cut", "list", "null", "nan", "repeated", "deep", "endless", "bytes"],
)  # fmt: skip
def test_what_is_no_document_is_refused_by_name(text: str | bytes) -> None:
    with pytest.raises(ProblemInvalid) as caught:
        parse_problem(text)
    assert caught.value.faults
    with pytest.raises(PlanInvalid):
        parse_plan(text)


def test_an_object_without_any_field_lacks_what_one_with_some_fields_lacks() -> None:
    with pytest.raises(PlanInvalid) as caught:
        parse_plan("{}")
    assert [fault.pointer for fault in caught.value.faults] == ["/format", "/status", "/routes"]


def carrying(value: str) -> str:
    """A plan of nothing with this JSON among its indicators."""
    return f'{{"format": "liuzhu/plan@1", "status": "feasible", "routes": [], "indicators": {{"x": {value}}}}}'


@pytest.mark.parametrize("depth", range(900, 1000, 3))
def test_what_is_nested_almost_too_deep_to_be_read_is_refused_by_name(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    with pytest.raises(ProblemInvalid):
        parse_problem(f'{{"format": {nested}}}')
    with pytest.raises(PlanInvalid):
        parse_plan(carrying(nested))


@pytest.mark.parametrize(
    ("figure", "code"),
    [("1e999", "range"), ("[-1e999]", "range"), ('"\\ud800"', "encoding"), ('{"\\udfff": 1}', "encoding")],
)
def test_what_a_plan_carries_along_unread_can_be_written_again(figure: str, code: str) -> None:
    with pytest.raises(PlanInvalid) as caught:
        parse_plan(carrying(figure))
    assert [fault.code for fault in caught.value.faults] == [code]


def test_a_key_repeated_at_the_end_of_a_long_object_is_found_at_once() -> None:
    began = time.process_time()
    with pytest.raises(ProblemInvalid, match="'k19999' stands twice"):
        parse_problem("{" + ",".join(f'"k{number}": 1' for number in [*range(20_000), 19_999]) + "}")
    assert time.process_time() - began < 2  # it took 17 s when every key was compared with all before
