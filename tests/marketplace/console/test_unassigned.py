"""The nearest change that would let a visit in, in the page's own words, whatever its kind."""

from typing import Any

import pytest

from marketplace.base.errors import Language
from marketplace.console.day.unassigned import left_overs
from marketplace.console.words import speaker
from marketplace.planning.schemas import UnassignedOut
from tests.marketplace.console.rows import a_shift, a_visit, rows_of

LEFT, OTHER, HIDDEN = a_visit(state="planned"), a_visit(service="bath"), a_visit()
SHIFT = a_shift()
SHIFT_ID = str(SHIFT[0].id)
NINE, TEN = 9 * 3600, 10 * 3600


def told(change: dict[str, Any], language: Language) -> str | None:
    """What the page says of a visit left out with that change; her community has LEFT and OTHER, not HIDDEN."""
    entry = UnassignedOut(
        visit_id=LEFT.id,
        elder_id=LEFT.elder_id,
        service=LEFT.service,
        lon=None,
        lat=None,
        window_start=None,
        window_end=None,
        reasons=[{"code": "priority_lost", "detail": "the able shifts are full"}],
        nearest_change=change,
    )
    (found,) = left_overs(rows_of(SHIFT, [LEFT, OTHER], unassigned=[entry]), speaker(language))
    return found.change


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        (
            {"kind": "window", "shift_seconds": -900, "shifts": [SHIFT_ID], "start": NINE},
            "提前 15 分钟，护 可于 09:00 上门",
            "15 minutes earlier: 护 could come at 09:00",
        ),
        (
            {"kind": "move", "moves": str(OTHER.id), "to": ["gone"], "shifts": [SHIFT_ID], "start": NINE},
            "将 陈 · 助浴 改派 ?，护 可于 09:00 上门",
            "If 陈 · Bath goes to ?: 护 could come at 09:00",
        ),
        (
            {"kind": "move", "moves": str(HIDDEN.id), "to": [SHIFT_ID], "shifts": [SHIFT_ID], "start": NINE},
            "将 其他社区的一项服务 改派 护，护 可于 09:00 上门",
            "If a visit of another community goes to 护: 护 could come at 09:00",
        ),
        (
            {"kind": "shift", "add": [{"window": [NINE, TEN], "skills": ["bath", "gender:f"]}] * 2},
            "09:00–10:00 增派 2 人，须能做：助浴 · 女性护理员",
            "2 more on duty, 09:00–10:00, able to: Bath · a woman",
        ),
        ({"kind": "shift", "add": [{"window": [NINE, TEN]}]}, "09:00–10:00 增派 1 人", "1 more on duty, 09:00–10:00"),
        ({"kind": "newer", "detail": "fly there"}, "fly there", "fly there"),
    ],
)
def test_a_change_is_said_in_both_languages(change: dict[str, Any], zh: str, en: str) -> None:
    assert (told(change, "zh"), told(change, "en")) == (zh, en)
