"""What is wrong with a field, in Chinese. Validators say it in English; their sentences are known by their templates.

What no template knows keeps its English behind a word of Chinese, so that nobody reads nothing.
"""

import re
from typing import Any

from pydantic_core import PydanticKnownError

# pydantic's kinds of errors, with values that make a sentence of each, and what they say
_KNOWN: tuple[tuple[str, dict[str, Any] | None, str], ...] = (
    ("missing", None, "此项必填。"),
    ("extra_forbidden", None, "没有这一项，请勿填写。"),
    ("string_type", None, "应为文字。"),
    ("string_too_short", {"min_length": 2}, "至少 {min_length} 个字。"),
    ("string_too_long", {"max_length": 2}, "最多 {max_length} 个字。"),
    ("string_pattern_mismatch", {"pattern": "x"}, "格式有误。"),
    ("int_type", None, "应为整数。"),
    ("int_parsing", None, "应为整数。"),
    ("int_from_float", None, "应为整数。"),
    ("float_type", None, "应为数字。"),
    ("float_parsing", None, "应为数字。"),
    ("finite_number", None, "应为有限的数字。"),
    ("greater_than", {"gt": 1}, "应大于 {gt}。"),
    ("greater_than_equal", {"ge": 1}, "不应小于 {ge}。"),
    ("less_than", {"lt": 1}, "应小于 {lt}。"),
    ("less_than_equal", {"le": 1}, "不应大于 {le}。"),
    ("bool_type", None, "应为“是”或“否”（true 或 false）。"),
    ("bool_parsing", None, "应为“是”或“否”（true 或 false）。"),
    ("list_type", None, "应为列表。"),
    ("tuple_type", None, "应为列表。"),
    ("dict_type", None, "应为一组项目。"),
    ("model_type", {"class_name": "X"}, "应为一组项目。"),
    ("model_attributes_type", None, "应为一组项目。"),
    (
        "too_short",
        {"field_type": "List", "min_length": 1, "actual_length": 0},
        "至少 {min_length} 项，现为 {actual_length} 项。",
    ),
    (
        "too_long",
        {"field_type": "List", "max_length": 1, "actual_length": 2},
        "最多 {max_length} 项，现为 {actual_length} 项。",
    ),
    ("date_type", None, "应为日期，如 2026-03-02。"),
    ("date_parsing", {"error": "x"}, "应为日期，如 2026-03-02。"),
    ("date_from_datetime_parsing", {"error": "x"}, "应为日期，如 2026-03-02。"),
    ("date_from_datetime_inexact", None, "应为日期，不带时刻。"),
    ("datetime_type", None, "应为日期和时刻，如 2026-03-02T09:00:00+08:00。"),
    ("datetime_parsing", {"error": "x"}, "应为日期和时刻，如 2026-03-02T09:00:00+08:00。"),
    ("datetime_from_date_parsing", {"error": "x"}, "应为日期和时刻，如 2026-03-02T09:00:00+08:00。"),
    ("timezone_aware", None, "请注明时区，如 +08:00。"),
    ("uuid_type", None, "编号有误。"),
    ("uuid_parsing", {"error": "x"}, "编号有误。"),
    (
        "literal_error",
        {"expected": "'a' or 'b'"},
        "应为以下之一：{expected}。",
    ),  # last: any of the sentences above begins so
)
# what our own schemas say, and the reader of addresses
_OURS: tuple[tuple[str, str], ...] = (
    (r"Value error, (?P<name>\w+) holds the character U\+0000", "{name} 含有不可用的字符（U+0000）。"),
    (r"Value error, (?P<name>\w+) must be a number", "{name} 应为数字，不加引号。"),
    (r"Value error, beyond the calendar", "时刻超出历法范围。"),
    (r"Value error, a task has a place for somebody", "至少需要一个名额。"),
    (
        r"Value error, name an elder or a member for a person, a district for a branch, nobody for the city",
        "捐给个人请指定老人或会员，捐给分行请指定区，捐给全市则不指定。",
    ),
    (r"Value error, name the only heir, or heirs with their parts", "请指定唯一继承人，或各继承人及其份额。"),
    (r"Value error, name the orders, or a branch and a month", "请指定申请，或指定分行和月份。"),
    (r"Value error, say why they are rejected", "请说明不同意的原因。"),
    (r"Value error, give a gift or a donation, one of them", "赠送或捐赠，请填写其中一项。"),
    (r"Expected `int` >= (?P<ge>\S+)", "不应小于 {ge}。"),
    (r"Expected `int` <= (?P<le>\S+)", "不应大于 {le}。"),
    (r"Expected `float` >= (?P<ge>\S+)", "不应小于 {ge}。"),
    (r"Expected `float` <= (?P<le>\S+)", "不应大于 {le}。"),
    (r"Expected `int`.*", "应为整数。"),
    (r"Expected `float`.*", "应为数字。"),
    (r"Invalid enum value .*", "不是可选的值。"),
    (r"Invalid UUID", "编号有误。"),
    (r"Invalid RFC3339 encoded datetime|Expected `datetime`.*", "应为日期和时刻，如 2026-03-02T09:00:00+08:00。"),
    (r"Invalid ISO8601 .*|Expected `date`.*", "应为日期，如 2026-03-02。"),
)


def _pattern(kind: str, context: dict[str, Any] | None) -> str:
    template = PydanticKnownError(kind, context).message_template  # type: ignore[arg-type]
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(f"(?P<{part}>.*?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))


PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (*((_pattern(kind, context), words) for kind, context, words in _KNOWN), *_OURS)
)


def in_chinese(message: str) -> str:
    """A validator's sentence, said in Chinese."""
    for pattern, words in PATTERNS:
        if found := pattern.fullmatch(message):
            return words.format_map(found.groupdict())
    return f"填写有误：{message}"
