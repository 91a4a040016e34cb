"""The picture: safe with any ids, complete, and alive in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.async_api import Browser, async_playwright
from typer.testing import CliRunner

from dispatch import dump_plan, dump_problem
from dispatch.cli import app
from dispatch.document import to_json
from dispatch.picture import html_page, svg_picture
from tests.dispatch.builders import HOUR, arranged, lunch, meal, minutes, planned, problem, shift, visit

HOSTILE = "</script><script>alert(1)</script>\"'&"
DAY = problem(
    shift("a", breaks=(lunch(),), overtime_after_seconds=HOUR), shift("b", start="p9", end="p9"),
    visit("x", "p2"), visit("both", "p5", crew=2, windows=(minutes(60, 60),)), meal("box"),
    visit("tardy", "p1", windows=(minutes(0, 5),), late_second=1),
    visit("far", "p10", windows=(minutes(0, 1),)),
)  # fmt: skip
ONE = arranged(DAY, ["x", "both", "lunch", "tardy"], ["both", "box", "box"])
TWO = arranged(DAY, ["both", "lunch", "tardy"], ["x", "both", "box", "box"])


def test_ids_of_strangers_are_escaped_everywhere() -> None:
    hostile = problem(
        shift(HOSTILE, caregiver=HOSTILE, end=None),
        visit(HOSTILE),
        visit(f"{HOSTILE}2", "p9", windows=(minutes(0, 1),)),
    )
    plan = planned(hostile)
    page = html_page(hostile, plan, against=plan)
    assert "<script>alert" not in page
    assert page.count("</script>") == 2  # the data's and the code's
    picture = svg_picture(hostile, plan)
    assert "<script" not in picture
    shifts = {mark.get("data-shift") for mark in ET.fromstring(picture).iter() if mark.get("data-shift")}  # noqa: S314
    assert shifts == {HOSTILE}


def test_ids_that_xml_has_no_way_to_write_leave_the_picture_well_formed() -> None:
    day = problem(shift("a\x00"), visit("\x1b[31m\x0b", "p2"), visit("no\uffff", "p10", windows=(minutes(0, 1),)))
    plan = planned(day)
    assert "\ufffd[31m\ufffd" in "".join(ET.fromstring(svg_picture(day, plan)).itertext())  # noqa: S314  # our own text
    page = html_page(day, plan)
    (key,) = re.findall(r'data-key="([^"]*)"', page)[:1]
    assert f'"{key}"' in page  # the page knows what it is to tell of the mark


def test_an_empty_plan_has_a_picture_too() -> None:
    nothing = problem()
    ET.fromstring(svg_picture(nothing, planned(nothing)))  # noqa: S314  # our own text
    assert "0 of 0 served" in html_page(nothing, planned(nothing))


def test_a_page_asks_nothing_of_any_host() -> None:
    page = html_page(DAY, ONE, against=TWO)
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"\b(src|href)=", page)


def test_lateness_overtime_and_crews_are_drawn_and_named_in_the_legend() -> None:
    picture = svg_picture(DAY, ONE)
    for drawn in ("late", "overtime", "crew"):
        assert picture.count(f'class="{drawn}"') == 1
        assert f">{drawn}</text>" in picture
    assert ">迟到</text>" in svg_picture(DAY, ONE, language="zh")


def test_without_its_problem_a_plan_is_a_timeline(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(to_json(dump_plan(ONE)))
    done = CliRunner().invoke(app, ["show", str(path), "-o", str(tmp_path / "plan.html")])
    assert done.exit_code == 0
    assert "4 of 5 served" in (tmp_path / "plan.html").read_text()


def test_comparing_needs_the_problem_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(to_json(dump_plan(ONE)))
    done = CliRunner().invoke(app, ["show", str(path), "--against", str(path)])
    assert done.exit_code == 2
    assert "needs their problem" in done.output


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own Chromium; nothing is downloaded."""
    found = next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield running
        await running.close()


@pytest.mark.browser
async def test_in_a_browser_a_stop_lights_up_in_both_drawings_and_tells_its_cost(
    browser: Browser, tmp_path: Path
) -> None:
    files = {"day.json": dump_problem(DAY), "one.json": dump_plan(ONE), "two.json": dump_plan(TWO)}
    for name, document in files.items():
        (tmp_path / name).write_text(to_json(document))
    day, one, two, out = (str(tmp_path / name) for name in (*files, "out.html"))
    assert CliRunner().invoke(app, ["show", one, day, "-o", out, "--against", two]).exit_code == 0
    wrong: list[str] = []
    page = await browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page.on("console", lambda said: wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith("file:") else wrong.append(sent.url))
    await page.goto(Path(out).as_uri())
    stop = page.locator('[data-key="visit:0:x"]')
    assert await stop.count() == 2  # on the map and in the timeline
    await stop.first.focus()
    assert await page.locator('.here[data-key="visit:0:x"]').count() == 2
    await page.keyboard.press("Enter")
    told = await page.locator("#stop").inner_text()
    assert "visit x" in told
    assert "time on the way 120" in told
    await page.locator('[data-key="visit:0:both"]').first.click()
    assert "visit both" in await page.locator("#stop").inner_text()
    assert "visit x moves from b to a" in await page.locator("#difference").inner_text()
    assert await page.locator('.changed[data-key="visit:0:x"]').count() == 2
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")  # no sideways on a phone
    assert wrong == []
