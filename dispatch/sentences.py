"""What a plan says of tasks left out: English in the documents, Chinese for who asks for it.

A document keeps the sentence, not its parts, so that it reads by itself; the Chinese is found by the pattern.
"""

from __future__ import annotations

import re
from functools import cache

SENTENCES = {  # name: (Chinese, English)
    "nobody": ("无人当班", "nobody is on duty"),
    "no_skill": ("没有班次具备：{skills}", "no shift has {skills}"),
    "all_excluded": ("能胜任的人员都被排除", "every able caregiver is excluded"),
    "too_heavy": ("超出任何能胜任班次的装载量", "its load is more than any able shift can carry"),
    "off_duty": ("其时间窗内无能胜任的人员当班", "no able caregiver is on duty in its time window"),
    "bad_pin": ("其固定安排无法实现", "its pin asks for what cannot be"),
    "no_crew": ("凑不齐同时开始的 {count} 名人员", "no {count} caregivers can start at the same moment"),
    "long_ride": ("在车上的时间会超过上限", "the ride would take longer than it may"),
    "too_far": (
        "路程太远：无人能在其时间窗内赶到并按时返回",
        "too far: nobody gets there within its time window and back in time",
    ),
    "out_of_reach": (
        "路程太远：单程就超过任何能胜任人员的工作时间",
        "too far: the way there alone is longer than any able caregiver's working time",
    ),
    "too_long": (
        "服务时长超出任何能胜任人员的工作时间",
        "its service does not fit into any able caregiver's working time",
    ),
    "mandatory": ("属必须服务，因此整个方案不可行", "it must be served, so the plan as a whole is infeasible"),
    "unexamined": ("时限用尽，未及分析原因", "the time limit was used up before its reasons were sought"),
    "conflict": ("已证明：任何方案都无法同时服务 {tasks} 与它", "proved: no plan serves it beside {tasks}"),
    "impossible": ("已证明：任何方案都无法服务它", "proved: no plan serves it"),
    "insertable": ("现方案即可插入", "it could be inserted as the plan stands"),
    "no_room": ("可前往的班次已装不下", "the shifts that could come have no room left for its load"),
    "busy_then": (
        "能胜任的人员在其时间窗内已排满，全天则未满",
        "the able caregivers are busy in its time window, not all day",
    ),
    "one_only": ("只有一人能来，凑不齐同时的 {count} 人", "one caregiver could come, not {count} at the same time"),
    "outweighed": (
        "能胜任的班次已满：服务它会挤掉更重要或花费更少的任务",
        "the able shifts are full: serving it would displace tasks that weigh more or cost less",
    ),
    "no_place": (
        "按现有安排没有班次能接：各处均已试过",
        "no shift can take it as the day stands: every place was tried",
    ),
    "later": ("推迟 {minutes} 分钟，班次 {shifts} 可以前往", "{minutes} minutes later, shift {shifts} could come"),
    "earlier": ("提前 {minutes} 分钟，班次 {shifts} 可以前往", "{minutes} minutes earlier, shift {shifts} could come"),
    "moved": (
        "{task} 改到班次 {shifts} 后，{caregiver} 可以前往",
        "{caregiver} could come if {task} moves to shift {shifts}",
    ),
    "one_shift": ("{begin} 至 {end} 增加一个班次", "one more shift from {begin} to {end}"),
    "able_one_shift": (
        "{begin} 至 {end} 增加一个具备 {skills} 的班次",
        "one more shift with {skills} from {begin} to {end}",
    ),
    "shifts": ("{begin} 至 {end} 增加 {count} 个班次", "{count} more shifts from {begin} to {end}"),
    "able_shifts": (
        "{begin} 至 {end} 增加 {count} 个具备 {skills} 的班次",
        "{count} more shifts with {skills} from {begin} to {end}",
    ),
}


def sentence(name: str, **parts: object) -> str:
    """The English sentence of that name. KeyError for an unknown name or a part that is missing."""
    return SENTENCES[name][1].format(**parts)


def clock(second: int) -> str:
    """Seconds of the horizon as hours and minutes."""
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def in_chinese(text: str) -> str:
    """The Chinese of a sentence that `sentence` made; any other text as it is."""
    for chinese, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return chinese.format(**{name: part.replace(" and ", "、") for name, part in found.groupdict().items()})
    return text


def count_of(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Those with the most words of their own first: `proved: no plan serves it` is not told from what follows it."""
    ranked = sorted(SENTENCES.values(), key=lambda pair: -len(re.sub(r"{\w+}", "", pair[1])))
    return tuple((zh, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(en)), re.DOTALL)) for zh, en in ranked)
