"""Jobs of links. Each reads what is in flight and acts on it, so repetition is harmless."""

from uuid import UUID

import structlog

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.alerts.service import raise_alert
from marketplace.hours.links import carrying, comparing, requests, telling
from marketplace.hours.links.errors import LinkUnknown, PartnerNotReady, PartnerSilent
from marketplace.hours.members.letters import send_all
from timebank.links import find_link

log = structlog.get_logger()


async def carry_relays(platform: Platform, message: Message) -> None:
    """A member pays or calls off, or our new key is to be announced: go on with the link."""
    await carrying.carry(platform, UUID(message.ids["link_id"]))


async def link_due(platform: Platform, message: Message) -> None:
    """The link's timer: something waits for the partner, or is overdue."""
    await carrying.carry(platform, UUID(message.ids["id"]))


async def compare_links(platform: Platform, message: Message) -> None:  # noqa: ARG001 - a consumer takes both
    """The night has come for the links too."""
    async with transaction(platform.db) as tx:
        await comparing.ask_for_comparisons(tx)


async def compare_link(platform: Platform, message: Message) -> None:
    """Compare one link's books with the partner's; a partner that is silent is asked again tomorrow."""
    link_id = UUID(message.ids["link_id"])
    try:
        await comparing.compare(platform, link_id)
    except (PartnerSilent, PartnerNotReady, LinkUnknown) as error:
        log.warning("link not compared", link_id=str(link_id), code=error.code)


async def link_diverged(platform: Platform, message: Message) -> None:
    """Two banks do not agree: an alert for the operator, one as long as it lasts."""
    async with transaction(platform.db) as tx:
        link = await find_link(tx, UUID(message.ids["link_id"]))
        if link is None or link.state != "suspended":
            return  # an operator has let it go on since
        figures = {"partner": link.their_name, "reason": message.ids["reason"]}
        await raise_alert(tx, "link_diverged", link.id, cause=str(message.id), figures=figures, now=platform.now())


async def tell_of_relay(platform: Platform, message: Message) -> None:
    """Tell the member of ours how a payment through another bank ended."""
    async with transaction(platform.db) as tx:
        link_id, relay_id = UUID(message.ids["link_id"]), UUID(message.ids["relay_id"])
        letters = await telling.letters_about(tx, platform.vault, link_id, relay_id)
    await send_all(platform, letters)


async def tell_of_request(platform: Platform, message: Message) -> None:
    """Tell the payer what became of a payment that waits for a second person."""
    async with transaction(platform.db) as tx:
        request_id, state = UUID(message.ids["request_id"]), message.ids["state"]
        letters = await telling.letters_of_request(tx, platform.vault, request_id, state)
    await send_all(platform, letters)


async def request_due(platform: Platform, message: Message) -> None:
    """Nobody decided on a payment in time: its minutes are free again."""
    async with transaction(platform.db) as tx:
        await requests.due(tx, UUID(message.ids["id"]), now=platform.now())
