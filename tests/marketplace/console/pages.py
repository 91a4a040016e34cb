"""The time bank's pages in tests: read by a member of staff, and their buttons pressed as the script presses them."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from marketplace.base.actor import Role
from marketplace.base.platform import Platform
from tests.marketplace.console.builders import sign_in, staff
from tests.marketplace.hours.giving.scene import Scene, Told, under

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Page:
    """The page of the scene's first branch, under Pidu's rules (gifts to any member), a second person above 100."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient) -> None:
        found = under(platform, "pidu", second_person_above_minutes=100)
        self.platform, self.client = replace(found, channel=Told()), client
        self.token = ""

    async def open(self, scene: Scene, *roles: Role, branch: int = 0) -> None:
        """Sign in as staff of a branch."""
        self.client.cookies.clear()
        await sign_in(self.client, await staff(self.platform, scene.bank.town.districts[branch], *roles))

    async def read(self, lang: str = "en", page: str = "giving", **query: Any) -> str:
        answer = await self.client.get(f"/console/{page}", params={"lang": lang, **query})
        assert answer.status_code == 200, answer.text
        self.token = re.search(r'"token": "([^"]+)"', answer.text)[1]  # type: ignore[index]  # every page has one
        return answer.text

    async def press(self, page: str, words: str, **fields: Any) -> httpx.Response:
        """What the page's script does when the first button of these words is pressed."""
        button = page.index(f">{words}")
        address = re.findall(r'data-address="([^"]+)"', page[:button])[-1]
        step = re.findall(r'data-step="([^"]+)"', page[:button])[-1]
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"{address}{step}"}
        return await self.client.post(address + step, json=fields, headers=headers)


def section(page: str, name: str) -> str:
    """A part of the page by its id."""
    return page[page.index(f'id="{name}"') :].split("</section>", maxsplit=1)[0]
