"""Accounts in words, Chinese or English. Every sentence has both; a missing one is a KeyError, not a silent gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from dispatch.account.difference import Change, Difference
from dispatch.account.why import Alternative, Why
from dispatch.plan import Unassigned
from dispatch.sentences import in_chinese

Language = Literal["zh", "en"]

TERM = {
    "mandatory_unserved": ("必须服务而未排", "must be served, is not"),
    "unserved": ("未排", "left out"),
    "travel_second": ("路上时间", "time on the way"),
    "travel_metre": ("路程", "distance"),
    "late_second": ("迟到", "lateness"),
    "max_late_second": ("最大迟到", "the greatest lateness"),
    "wait_second": ("等待", "waiting"),
    "overtime_second": ("加班", "overtime"),
    "shift_used": ("启用班次", "use of the shift"),
    "unpreferred": ("非偏好人员", "not the preferred caregiver"),
    "unfair_second": ("分配不均", "uneven work"),
    "moved_stop": ("换人", "moved to another shift"),
    "moved_second": ("改时间", "moved in time"),
    "total": ("合计", "total"),
}
BAR = {
    "skill": ("缺少技能", "lack a skill"),
    "excluded": ("被排除", "are excluded"),
    "capacity": ("装不下", "cannot carry it"),
    "pin": ("已固定给他人", "are kept out by a pin"),
    "crew": ("已在同组", "are in the crew already"),
    "relation": ("与关联任务的人员要求冲突", "are kept out by a relation"),
    "no_shift": ("该时段不当班", "are not on duty in its window"),
    "busy": ("试遍各处都排不进", "were tried at every place and have no room"),
    "untried": ("时间不够未试", "were not tried for want of time"),
}


def spoken(pair: tuple[str, str], language: Language) -> str:
    """One of (zh, en)."""
    return pair[0] if language == "zh" else pair[1]


def clock(second: int) -> str:
    """A second of the horizon as hh:mm, with seconds where they are not zero."""
    hours, rest = divmod(abs(second), 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")
    return f"-{text}" if second < 0 else text


def terms_in_words(terms: Mapping[str, int], language: Language) -> str:
    """`time on the way 120, waiting 60`; a dash where nothing is charged."""
    return ", ".join(f"{spoken(TERM[term], language)} {amount}" for term, amount in terms.items() if amount) or "–"


def why_in_words(answer: Why, language: Language) -> list[str]:
    """The answer as sentences."""

    def say(zh: str, en: str) -> str:
        return spoken((zh, en), language)

    stop = answer.stop
    lines = [
        say(
            f"{answer.caregiver}（{answer.shift}）{clock(stop.start)} 开始 {stop.id}，{clock(stop.arrival)} 到达。",
            f"{answer.caregiver} (shift {answer.shift}) starts {stop.id} at {clock(stop.start)}, there since "
            f"{clock(stop.arrival)}.",
        ),
        say("这一站的花费", "The stop costs")
        + f" {answer.share.total}: {terms_in_words(answer.share.own, language)}; "
        + say("分摊全程", "of the route as a whole")
        + f": {terms_in_words(answer.share.shared, language)}",
        say(
            f"不做可省 {answer.saves}，但漏排代价 {answer.penalty}。",
            f"Leaving it out would save {answer.saves}, against {answer.penalty} for not serving it.",
        ),
    ]
    best = answer.others[0] if answer.others else None
    lines.append(_other(best, say("换人", "Another caregiver"), language))
    lines.append(_other(answer.otherwise, say("同一人另排位置", "Another place in the same route"), language))
    bars = ", ".join(f"{count} {spoken(BAR[code], language)}" for code, count in sorted(answer.excluded.items()))
    if bars:
        lines.append(say("其余班次：", "Of the other shifts: ") + bars + say("。", "."))
    return lines


def _other(found: Alternative | None, label: str, language: Language) -> str:
    if found is None:
        return f"{label}: {spoken(('不可行', 'not possible'), language)}"
    change = f"+{found.more}" if found.more >= 0 else str(found.more)
    cost = spoken(("花费变化", "cost"), language)
    return f"{label}: {found.caregiver} ({found.shift}) {clock(found.start)}, {cost} {change}"


def unassigned_in(language: Language, entry: Unassigned) -> Unassigned:
    """A task left out, its sentences in that language."""
    if language == "en":
        return entry
    change = entry.nearest_change
    return replace(
        entry,
        reasons=tuple(replace(reason, detail=in_chinese(reason.detail)) for reason in entry.reasons),
        nearest_change=change and {**change, "detail": in_chinese(str(change.get("detail", "")))},
    )


def difference_in_words(found: Difference, language: Language) -> list[str]:
    """What differs as sentences, the tasks first, then the figures; one sentence if nothing does."""

    def say(zh: str, en: str) -> str:
        return spoken((zh, en), language)

    if found.empty:
        return [say("两份方案相同。", "The plans are alike.")]
    lines = [say(f"新增服务 {task}", f"{task} is now served") for task in found.served]
    lines += [say(f"不再服务 {task}", f"{task} is no longer served") for task in found.dropped]
    lines += [_moved(change, language) for change in found.moved]
    lines += [_retimed(change, language) for change in found.retimed]
    lines += [
        f"{crew.id}: {say('同组由', 'the crew was')} {' + '.join(crew.before)}"
        f"{say(' 改为', ', is')} {' + '.join(crew.after)}"
        for crew in found.crews
    ]
    for shift, sums in found.routes.items():
        lines.append(f"{say('班次', 'shift')} {shift}: " + ", ".join(f"{name} {_step(sums[name])}" for name in sums))
    lines += [
        f"{say('费用', 'cost')} · {spoken(TERM[term], language)}: {_step(pair)}" for term, pair in found.cost.items()
    ]
    lines += [f"{say('指标', 'indicator')} · {name}: {_step(pair)}" for name, pair in found.indicators.items()]
    return lines


def _name(change: Change) -> str:
    return f"{change.kind} {change.id}" + (f" #{change.member}" if change.member else "")


def _moved(change: Change, language: Language) -> str:
    before, after = change.shifts
    times = f"{clock(change.starts[0])} → {clock(change.starts[1])}"
    return spoken(
        (
            f"{_name(change)} 由 {before} 改到 {after}，{times}",
            f"{_name(change)} moves from {before} to {after}, {times}",
        ),
        language,
    )


def _retimed(change: Change, language: Language) -> str:
    span, later = clock(abs(change.seconds)), change.seconds > 0
    way = spoken(("推迟", "later") if later else ("提前", "earlier"), language)
    times = f"{clock(change.starts[0])} → {clock(change.starts[1])}"
    zh, en = f"{_name(change)} {way} {span}，{times}", f"{_name(change)} starts {span} {way}, {times}"
    return spoken((zh, en), language)


def _step(pair: tuple[int, int]) -> str:
    return f"{pair[0]} → {pair[1]} ({pair[1] - pair[0]:+d})"
