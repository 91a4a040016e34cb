"""What is wrong with a field is said in the reader's language."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from marketplace.web.field_words import in_chinese
from tests.marketplace.hours.calling import Headers
from tests.marketplace.hours.giving.scene import a_scene


async def fields(
    client: httpx.AsyncClient, headers: dict[str, str], language: str, body: dict[str, Any]
) -> dict[str, str]:
    """By pointer, what was said of a gift that cannot be read."""
    answer = await client.post("/v1/gifts", json=body, headers={**headers, "Accept-Language": language})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    return {one["pointer"]: one["detail"] for one in answer.json()["errors"]}


async def test_a_gift_that_cannot_be_read_says_why_in_chinese_and_in_english(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    headers = as_((await a_scene(platform)).giver.actor)
    receiver = {"member_id": str(uuid4())}
    none = {"to": [{**receiver, "minutes": 0}]}  # that no item is left is not said beside it
    assert await fields(client, headers, "zh", none) == {"/to/0/minutes": "应大于 0。"}
    assert await fields(client, headers, "en", none) == {"/to/0/minutes": "Input should be greater than 0"}
    assert await fields(client, headers, "zh", {"to": []}) == {"/to": "至少 1 项，现为 0 项。"}
    wrong = {"to": [{"member_id": "Wang", "minutes": 1.5}], "reason": "x", "colour": "red"}
    assert await fields(client, headers, "zh", wrong) == {
        "/to/0/member_id": "编号有误。",
        "/to/0/minutes": "应为整数。",
        "/reason": "至少 2 个字。",
        "/colour": "没有这一项，请勿填写。",
    }
    quoted = {"to": [{**receiver, "minutes": "10"}]}
    assert await fields(client, headers, "zh", quoted) == {"/to/0": "minutes 应为数字，不加引号。"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Input should be 'a', 'b' or 'c'", "应为以下之一：'a', 'b' or 'c'。"),
        ("Input should be a valid date or datetime, day value is outside expected range", "应为日期，如 2026-03-02。"),
        ("Input should have timezone info", "请注明时区，如 +08:00。"),
        ("Expected `int` <= 200", "不应大于 200。"),
        ("List should have at most 1000 items after validation, not 1001", "最多 1000 项，现为 1001 项。"),
        ("Something that nobody foresaw", "填写有误：Something that nobody foresaw"),
    ],
)
def test_sentences_of_the_validators_are_known(message: str, words: str) -> None:
    assert in_chinese(message) == words


async def test_a_page_that_is_too_long_is_refused_in_chinese(
    platform: Platform, client: httpx.AsyncClient, as_: Headers
) -> None:
    actor: Actor = (await a_scene(platform)).giver.actor
    answer = await client.get("/v1/orders?limit=1000", headers={**as_(actor), "Accept-Language": "zh"})
    assert [one["detail"] for one in answer.json()["errors"]] == ["不应大于 200。"]
