"""A desk over HTTP under Pidu's rules, which keeps what people are told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from tests.marketplace.hours.giving.scene import Scene, Told, under

Headers = Callable[[Actor], dict[str, str]]
Json = dict[str, Any]


class Desk:
    """Posts as somebody, under Pidu's rules (gifts to any member) with a limit of 100 minutes; keeps what is told."""

    def __init__(
        self, platform: Platform, client: httpx.AsyncClient, as_: Headers, deliver: Callable[[Platform], Awaitable[int]]
    ) -> None:
        self.told = Told()
        self.platform = replace(under(platform, "pidu", second_person_above_minutes=100), channel=self.told)
        self.client, self.as_, self._deliver = client, as_, deliver

    def change(self, **giving: Any) -> None:
        """Let parts of the giving rules differ."""
        rules = self.platform.policy.timebank
        changed = rules.model_copy(update={"giving": rules.giving.model_copy(update=giving)})
        object.__setattr__(self.platform, "policy", self.platform.policy.model_copy(update={"timebank": changed}))

    async def post(self, actor: Actor, path: str, body: Json, expect: int = 200) -> Json:
        answer = await self.client.post(path, json=body, headers=self.as_(actor))
        assert answer.status_code == expect, answer.text
        found: Json = answer.json()
        return found

    async def refused(self, actor: Actor, path: str, body: Json) -> tuple[int, str]:
        answer = await self.client.post(path, json=body, headers=self.as_(actor))
        return answer.status_code, answer.json()["code"]

    async def gift(self, scene: Scene, minutes: int, actor: Actor | None = None, **more: Any) -> Json:
        body = {"to": [{"member_id": str(scene.other.member.id), "minutes": minutes}], **more}
        return await self.post(actor or scene.giver.actor, "/v1/gifts", body, 201)

    async def deliver(self) -> list[str]:
        """Bring what is due; the texts told since the last time."""
        self.told.texts.clear()
        await self._deliver(self.platform)
        return [text for _, text in self.told.texts]
