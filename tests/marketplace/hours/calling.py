"""Calls over HTTP in the name of somebody, and the city whose rules a test plays under."""

from collections.abc import Callable
from typing import Any

import httpx

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from marketplace.base.timebank_rules import TimeBankRules

Headers = Callable[[Actor], dict[str, str]]


class Caller:
    """The API as people's own programs use it."""

    def __init__(self, client: httpx.AsyncClient, as_: Headers) -> None:
        self.client, self.as_ = client, as_

    async def call(self, address: str, actor: Actor, body: dict[str, Any] | None = None) -> httpx.Response:
        """Whatever the answer is."""
        return await self.client.post(address, json=body, headers=self.as_(actor))

    async def post(self, address: str, actor: Actor, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.call(address, actor, body)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, address: str, actor: Actor, **params: Any) -> dict[str, Any]:
        answer = await self.client.get(address, params=params, headers=self.as_(actor))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, address: str, actor: Actor, body: dict[str, Any] | None = None) -> str:
        """The code of the refusal. Both languages say more than the code."""
        answer = await self.client.post(address, json=body, headers=self.as_(actor))
        assert answer.status_code in {400, 403, 404, 409}, answer.text
        code: str = answer.json()["code"]
        return code


def live_by(platform: Platform, **changes: Any) -> TimeBankRules:
    """Let the city's rules differ: `live_by(platform, earning={"training": True})`."""
    rules = platform.policy.timebank.model_dump()
    for name, value in changes.items():
        rules[name] = {**rules[name], **value} if isinstance(value, dict) else value
    changed = TimeBankRules.model_validate(rules)
    object.__setattr__(platform, "policy", platform.policy.model_copy(update={"timebank": changed}))
    return changed
