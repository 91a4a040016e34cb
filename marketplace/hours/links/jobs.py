"""Jobs of links. Each reads what is in flight and acts on it, so repetition is harmless."""

from uuid import UUID

import structlog

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.links import carrying, comparing
from marketplace.hours.links.errors import LinkUnknown, PartnerNotReady, PartnerSilent

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
