"""Routes of blacklisting: proposed, confirmed by another person, appealed, decided by a third."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from marketplace.base.actor import Role
from marketplace.providers import blacklisting as service
from marketplace.providers.models import Blacklisting
from marketplace.providers.reach import OVERSIGHT
from marketplace.providers.routes.organisations import TAGS
from marketplace.providers.schemas.blacklistings import AppealDecisionIn, BlacklistingIn, BlacklistingOut, Blacklistings
from marketplace.providers.schemas.organisations import ReasonIn
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

PATH = "/v1/providers/{provider_id:uuid}/blacklisting"
OPERATORS = [requires(Role.OPERATOR)]


def _out(row: Blacklisting) -> BlacklistingOut:
    return BlacklistingOut(**row.model_dump(include=set(BlacklistingOut.model_fields)))


@post(PATH, tags=TAGS, operation_id="proposeBlacklisting", guards=OPERATORS)
async def propose(
    provider_id: FromPath[UUID], data: JSONBody[BlacklistingIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> BlacklistingOut:
    """Propose to bar a suspended provider; nothing changes before another operator confirms."""

    async def work() -> BlacklistingOut:
        return _out(await service.propose(tx, provider_id, reason=data.reason, days=data.days, actor=actor, now=now))

    return await once(tx, BlacklistingOut, work)


@post(f"{PATH}/confirm", tags=TAGS, operation_id="confirmBlacklisting", guards=OPERATORS, status_code=200)
async def confirm(
    provider_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> BlacklistingOut:
    """The second person confirms: the provider is barred at once, and may appeal."""

    async def work() -> BlacklistingOut:
        return _out(await service.confirm(tx, provider_id, rules=platform.policy.credit, actor=actor, now=now))

    return await once(tx, BlacklistingOut, work)


@post(f"{PATH}/refuse", tags=TAGS, operation_id="refuseBlacklisting", guards=OPERATORS, status_code=200)
async def refuse(
    provider_id: FromPath[UUID], data: JSONBody[ReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> BlacklistingOut:
    """The proposal is not followed, or taken back."""

    async def work() -> BlacklistingOut:
        return _out(await service.refuse(tx, provider_id, reason=data.reason, actor=actor, now=now))

    return await once(tx, BlacklistingOut, work)


@post(f"{PATH}/appeal", tags=TAGS, operation_id="appealBlacklisting", guards=[requires(Role.PROVIDER)], status_code=200)
async def appeal(
    provider_id: FromPath[UUID], data: JSONBody[ReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> BlacklistingOut:
    """The provider appeals, once, within the appeal window."""

    async def work() -> BlacklistingOut:
        return _out(await service.appeal(tx, provider_id, words=data.reason, actor=actor, now=now))

    return await once(tx, BlacklistingOut, work)


@post(f"{PATH}/decide", tags=TAGS, operation_id="decideAppeal", guards=OPERATORS, status_code=200)
async def decide(
    provider_id: FromPath[UUID], data: JSONBody[AppealDecisionIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> BlacklistingOut:
    """A third person decides the appeal."""

    async def work() -> BlacklistingOut:
        row = await service.decide(tx, provider_id, lift=data.lift, reason=data.reason, actor=actor, now=now)
        return _out(row)

    return await once(tx, BlacklistingOut, work)


@get(PATH, tags=TAGS, operation_id="listBlacklistings", guards=[requires(Role.PROVIDER, *OVERSIGHT)])
async def show(provider_id: FromPath[UUID], tx: Tx, actor: Acting) -> Blacklistings:
    """All blacklistings of a provider, newest first, for itself and those who oversee it."""
    rows = await service.blacklistings_of(tx, provider_id, actor=actor)
    return Blacklistings(provider_id=provider_id, blacklistings=[_out(row) for row in rows])


HANDLERS: list[Any] = [propose, confirm, refuse, appeal, decide, show]
