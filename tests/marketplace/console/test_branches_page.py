from xml.etree import ElementTree as ET

import httpx

from marketplace.base.platform import Platform
from marketplace.console.bank.pairs import HALF, pairs
from tests.conftest import MONDAY_NINE, MovableClock
from tests.marketplace.hours.test_branches import a_worked_town


def svg_of(page: str) -> ET.Element:
    return ET.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])  # noqa: S314 - our own page


async def test_anybody_sees_the_branches_in_a_picture_and_a_table(
    platform: Platform, client: httpx.AsyncClient, clock: MovableClock
) -> None:
    clock.set(MONDAY_NINE)
    await a_worked_town(platform)
    for lang, words in (("zh", ("示例1区", "净头寸")), ("en", ("D1", "Net position"))):
        shown = await client.get(f"/time-bank?lang={lang}")
        assert shown.status_code == 200
        for part in (*words, "&lt;5", "<td>150</td>", "<td>700</td>"):
            assert part in shown.text, part
        bars = [float(bar.get("width", "")) for bar in svg_of(shown.text).iter("rect")]
        # A received 90 and gave 150, B received 90 and gave 30: 150 fills its half
        assert bars == [HALF * 90 / 150, HALF, HALF * 90 / 150, HALF * 30 / 150]
        assert "<script" not in shown.text


async def test_before_there_is_a_branch_the_page_says_so(client: httpx.AsyncClient) -> None:
    assert "尚无分行" in (await client.get("/time-bank")).text


def test_bars_meet_at_the_middle() -> None:
    (row,) = pairs([("A", 0, 0)]).rows
    assert (row.left_width, row.right_width, row.left_x) == (0, 0, HALF)
    (row,) = pairs([("A", 50, 100)]).rows
    assert (row.left_x + row.left_width, row.right_width) == (HALF, HALF)
