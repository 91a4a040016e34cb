"""What members are told of payments through other banks: how theirs ended, and what reached them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.crypto import Vault
from marketplace.hours.links.finding import read_address
from marketplace.hours.links.models import PaymentRequest
from marketplace.hours.members.letters import Letter, Pair, letters_to, phones_of
from marketplace.hours.models import Member
from timebank.links import Relay, find_relay

PAID: Pair = (
    "您向{bank}会员支付的 {minutes} 分钟已转出。",
    "The {minutes} minutes that you paid to a member of {bank} have moved.",
)
FAILED: Pair = (
    "您向{bank}会员支付的 {minutes} 分钟未能完成，已退回。",
    "The {minutes} minutes that you meant for a member of {bank} could not be paid and are yours again.",
)
REACHED: Pair = (
    "您收到{bank}会员支付的 {minutes} 分钟。",
    "You have received {minutes} minutes from a member of {bank}.",
)
EXCEEDED: Pair = (
    "您收到{bank}会员支付的 {minutes} 分钟；超出上限的 {rest} 分钟已转入资源池。",
    "You have received {minutes} minutes from a member of {bank}; {rest} more, above your cap, went to the pool.",
)
REQUESTS: dict[str, Pair] = {
    "pending": (
        "您向{bank}会员支付的 {minutes} 分钟等待第二人审批。",
        "The {minutes} minutes that you pay to a member of {bank} wait until a second person agrees.",
    ),
    "rejected": (
        "您向{bank}会员支付的 {minutes} 分钟未获批准，已退回。",
        "The {minutes} minutes for a member of {bank} were not agreed to and are yours again.",
    ),
    "expired": (
        "您向{bank}会员支付的 {minutes} 分钟逾期未办，已退回。",
        "Nobody decided on the {minutes} minutes for a member of {bank}; they are yours again.",
    ),
}
_REACHED = text(
    "SELECT COALESCE(sum(p.amount), 0) FROM ledger_posting p JOIN ledger_relay r ON r.entry = p.entry"
    " WHERE r.link = :link AND r.id = :relay AND p.account = r.account"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is said, about which bank and how much."""

    said: Pair
    bank: str
    minutes: int
    rest: int = 0

    async def letters(self, tx: AsyncSession, vault: Vault, member: Member) -> list[Letter]:
        """It, said to a member."""
        phones = await phones_of(tx, vault, member)
        return letters_to(phones, self.said, bank=self.bank, minutes=self.minutes, rest=self.rest)


async def letters_about(tx: AsyncSession, vault: Vault, link_id: UUID, relay_id: UUID) -> list[Letter]:
    """What the member of ours is told of a relay that has ended; nothing of what she ended herself."""
    relay = await find_relay(tx, link_id, relay_id)
    told = None if relay is None else await _told(tx, relay)
    if relay is None or told is None:
        return []
    member = await tx.scalar(select(Member).where(col(Member.ledger_account) == relay.account))
    return [] if member is None else await told.letters(tx, vault, member)


async def _told(tx: AsyncSession, relay: Relay) -> Told | None:
    if relay.direction == "out":
        bank = read_address(relay.payee).bank
        if relay.state == "committed":
            return Told(PAID, bank, relay.amount)
        ended = relay.state in {"aborted", "expired"} and relay.reason != "called_off"
        return Told(FAILED, bank, relay.amount) if ended else None
    if relay.state != "committed":
        return None  # the payee never heard of it
    reached = int(await tx.scalar(_REACHED, {"link": relay.link, "relay": relay.id}) or 0)
    if reached == 0:
        return None  # she has left, or has no room: it waits for officers, or is her branch's
    said = REACHED if reached == relay.amount else EXCEEDED
    return Told(said, relay.payer.split("/", 1)[0], reached, relay.amount - reached)


async def letters_of_request(tx: AsyncSession, vault: Vault, request_id: UUID, state: str) -> list[Letter]:
    """What the payer is told of a payment that waits for a second person, or ended so."""
    request = await tx.get_one(PaymentRequest, request_id)
    if state not in REQUESTS:
        return []  # called off by herself; or sent, of which the relay's end is told
    told = Told(REQUESTS[state], read_address(request.payee).bank, request.minutes)
    return await told.letters(tx, vault, await tx.get_one(Member, request.member_id))
