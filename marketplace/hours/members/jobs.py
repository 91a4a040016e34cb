"""Jobs of membership: telling members what was done for them and what stands against them. Texts may come twice."""

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.hours.members.letters import send_all
from marketplace.hours.members.notices import letters_of_act
from marketplace.hours.members.standing.telling import letters_of_standing


async def tell_of_act(platform: Platform, message: Message) -> None:
    """Tell a member, and her family, what somebody else did for her."""
    async with transaction(platform.db) as tx:
        letters = await letters_of_act(tx, platform.vault, message, now=platform.now())
    await send_all(platform, letters)


async def tell_of_standing(platform: Platform, message: Message) -> None:
    """Tell a member what was recorded against her, or what her membership is now."""
    async with transaction(platform.db) as tx:
        letters = await letters_of_standing(tx, platform.vault, message)
    await send_all(platform, letters)
