"""Jobs of people: the one-time code goes out through the channel, outside any transaction."""

from datetime import UTC, datetime
from uuid import UUID

from marketplace.base.database import transaction
from marketplace.base.outbox import Message
from marketplace.base.platform import Platform
from marketplace.people.codes import code_to_send


async def send_code(platform: Platform, message: Message) -> None:
    """Send a requested code, if it is still worth anything."""
    async with transaction(platform.db) as tx:
        found = await code_to_send(tx, platform.vault, UUID(message.ids["code_id"]), at=datetime.now(UTC))
    if found is not None:
        phone, code = found
        await platform.channel.send(phone, f"【六助】验证码 {code}，五分钟内有效。 Liuzhu code: {code}")
