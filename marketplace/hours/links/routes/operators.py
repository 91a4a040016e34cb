"""What the city's operators do with links."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor, Role
from marketplace.base.errors import Forbidden
from marketplace.hours.links import comparing, listing, opening, rotating, withdrawing
from marketplace.hours.links.keys import written
from marketplace.hours.links.receiving import flying_out
from marketplace.hours.links.schemas import (
    ComparisonOut,
    GiveUpKeyIn,
    LinkIn,
    LinkLimitIn,
    LinkOut,
    LinkPage,
    LinkReasonIn,
    PartnerIn,
)
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Acting, Home, Now, OnceGiven, Tx

TAGS = ["links"]


async def _of_the_city(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A link binds the whole city: an operator of a part of it may not touch one."""
    actor = connection.scope.get("user")
    if isinstance(actor, Actor) and actor.region_path != "":
        raise Forbidden


GUARDS = [requires(Role.OPERATOR), _of_the_city]


def link_out(found: listing.Shown) -> LinkOut:
    """A link as it is shown."""
    link, peer = found.link, found.peer
    return LinkOut.model_validate(
        {
            "id": link.id,
            "our_name": link.our_name,
            "partner": link.their_name,
            "state": link.state,
            "reason": link.reason,
            "address": peer.address,
            "public_key": None if peer.public_key is None else written(peer.public_key),
            "own_public_key": written(peer.own_public_key),
            "next_public_key": None if peer.next_public_key is None else written(peer.next_public_key),
            "former_key": len(peer.believed_keys(found.at)) > 1,
            "former_key_until": peer.former_until,
            "given_up_keys": [
                {"whose": one.whose, "public_key": written(one.public_key), "given_up_at": one.given_up_at}
                for one in found.given_up
            ],
            "our_limit_minutes": link.our_limit,
            "their_limit_minutes": link.their_limit,
            "balance_minutes": link.balance,
            "leaving_minutes": link.leaving,
            "arriving_minutes": link.arriving,
            "room_out_minutes": link.room_out,
            "room_in_minutes": link.room_in,
            "unclaimed_minutes": found.unclaimed,
            "sent_height": link.sent_height,
            "received_height": link.received_height,
            "unanswered_calls": peer.attempts,
            "heard_at": peer.heard_at,
            "compared_at": peer.compared_at,
            "in_flight": [flying_out(one) for one in found.flying],
        }
    )


async def _shown(tx: AsyncSession, link_id: UUID, now: datetime) -> LinkOut:
    return link_out(await listing.shown(tx, link_id, now=now))


@post("/v1/links", tags=TAGS, guards=GUARDS, operation_id="openLink")
async def open_link(
    data: JSONBody[LinkIn], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven
) -> LinkOut:
    """Open a link to an outside bank. It takes payments once the partner's address and key are known."""

    async def work() -> LinkOut:
        agreed = opening.Agreement(**data.model_dump())
        return await _shown(tx, await opening.open_link(tx, platform, agreed, actor=actor, now=now), now)

    return await once(tx, LinkOut, work)


@get("/v1/links", tags=TAGS, guards=GUARDS, operation_id="listLinks")
async def list_links(tx: Tx, now: Now) -> LinkPage:
    """All links with balances, limits and what is in flight."""
    return LinkPage(links=[link_out(one) for one in await listing.all_links(tx, now=now)])


@get("/v1/links/{link_id:uuid}", tags=TAGS, guards=GUARDS, operation_id="showLink")
async def show_link(link_id: FromPath[UUID], tx: Tx, now: Now) -> LinkOut:
    """One link."""
    return await _shown(tx, link_id, now)


@post("/v1/links/{link_id:uuid}/partner", tags=TAGS, guards=GUARDS, operation_id="acceptPartner", status_code=200)
async def accept_partner(
    link_id: FromPath[UUID],
    data: JSONBody[PartnerIn],
    tx: Tx,
    actor: Acting,
    now: Now,
    platform: Home,
    once: OnceGiven,
) -> LinkOut:
    """Take the partner's address and public key, also new ones; a link that waited for them opens."""

    async def work() -> LinkOut:
        await opening.accept(tx, platform, link_id, **data.model_dump(), actor=actor, now=now)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/rotate", tags=TAGS, guards=GUARDS, operation_id="rotateLinkKey", status_code=200)
async def rotate(link_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, platform: Home, once: OnceGiven) -> LinkOut:
    """Make a new key for the link. It is announced to the partner under the old one and used once it is taken."""

    async def work() -> LinkOut:
        await rotating.rotate(tx, platform, link_id, actor=actor)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/give-up-key", tags=TAGS, guards=GUARDS, operation_id="giveUpLinkKey", status_code=200)
async def give_up_key(
    link_id: FromPath[UUID], data: JSONBody[GiveUpKeyIn], tx: Tx, actor: Acting, now: Now, platform: Home
) -> LinkOut:
    """Give up the pending key, named so that asking again does no harm. Refused once the partner has taken it."""
    await withdrawing.give_up(platform, link_id, data.public_key, unanswered=data.unanswered, actor=actor)
    return await _shown(tx, link_id, now)


@post("/v1/links/{link_id:uuid}/limit", tags=TAGS, guards=GUARDS, operation_id="setLinkLimit", status_code=200)
async def set_limit(
    link_id: FromPath[UUID], data: JSONBody[LinkLimitIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> LinkOut:
    """What the partner may owe us from now on."""

    async def work() -> LinkOut:
        await opening.set_limit(tx, link_id, data.limit_minutes, actor=actor, now=now)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/suspend", tags=TAGS, guards=GUARDS, operation_id="suspendLink", status_code=200)
async def suspend(
    link_id: FromPath[UUID], data: JSONBody[LinkReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> LinkOut:
    """Take no new payments; what is decided already ends."""

    async def work() -> LinkOut:
        await opening.suspend(tx, link_id, reason=data.reason, actor=actor, now=now)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/resume", tags=TAGS, guards=GUARDS, operation_id="resumeLink", status_code=200)
async def resume(link_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now, once: OnceGiven) -> LinkOut:
    """Take payments again."""

    async def work() -> LinkOut:
        await opening.resume(tx, link_id, actor=actor, now=now)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/close", tags=TAGS, guards=GUARDS, operation_id="closeLink", status_code=200)
async def close(
    link_id: FromPath[UUID], data: JSONBody[LinkReasonIn], tx: Tx, actor: Acting, now: Now, once: OnceGiven
) -> LinkOut:
    """Close for good, at balance zero with nothing in flight."""

    async def work() -> LinkOut:
        await opening.close(tx, link_id, reason=data.reason, actor=actor, now=now)
        return await _shown(tx, link_id, now)

    return await once(tx, LinkOut, work)


@post("/v1/links/{link_id:uuid}/compare", tags=TAGS, guards=GUARDS, operation_id="compareLink", status_code=200)
async def compare(link_id: FromPath[UUID], platform: Home) -> ComparisonOut:
    """Compare both banks' books now; asking again does no harm. A difference suspends the link."""
    found = await comparing.compare(platform, link_id)
    return ComparisonOut(differences=found.differences, first_relay=found.first_relay, height=found.height)


HANDLERS: list[Any] = [
    open_link,
    list_links,
    show_link,
    accept_partner,
    rotate,
    give_up_key,
    set_limit,
    suspend,
    resume,
    close,
    compare,
]
