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
POOLED: Pair = (
    "{bank}会员向您支付 {minutes} 分钟；您的余额已达上限，已全部转入资源池。",
    "A member of {bank} paid you {minutes} minutes; you have reached your cap, and all of them went to the pool.",
)
UNCLAIMED: Pair = (
    "{bank}会员向您支付 {minutes} 分钟，但无法记入您的账户；这些时间暂由时间银行保管，请联系社区工作人员。",
    "A member of {bank} paid you {minutes} minutes that your account could not take; they are kept: ask your branch.",
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
    "SELECT COALESCE(sum(p.amount) FILTER (WHERE p.account = r.account), 0) AS hers,"
    " COALESCE(bool_or(a.kind = 'unclaimed'), false) AS unclaimed"
    " FROM ledger_relay r JOIN ledger_posting p ON p.entry = r.entry JOIN ledger_account a ON a.id = p.account"
    " WHERE r.link = :link AND r.id = :relay"
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
    member = await _member_of(tx, relay)
    return [] if member is None else await told.letters(tx, vault, member)


async def _member_of(tx: AsyncSession, relay: Relay) -> Member | None:
    """Ours of the two; an address names her also when she has another account by now."""
    member = await tx.scalar(select(Member).where(col(Member.ledger_account) == relay.account))
    if member is not None:
        return member
    named = read_address(relay.payer if relay.direction == "out" else relay.payee).member
    return await tx.get(Member, UUID(named))  # we made it, or found a member by it


async def _told(tx: AsyncSession, relay: Relay) -> Told | None:
    if relay.direction == "out":
        bank = read_address(relay.payee).bank
        if relay.state == "committed":
            return Told(PAID, bank, relay.amount)
        ended = relay.state in {"aborted", "expired"} and relay.reason != "called_off"
        return Told(FAILED, bank, relay.amount) if ended else None
    if relay.state != "committed":
        return None  # the payee never heard of it
    reached = (await tx.execute(_REACHED, {"link": relay.link, "relay": relay.id})).one()
    bank = relay.payer.split("/", 1)[0]
    if reached.hers == 0:  # her branch's pool has it, or it waits for officers
        return Told(UNCLAIMED if reached.unclaimed else POOLED, bank, relay.amount)
    said = REACHED if reached.hers == relay.amount else EXCEEDED
    return Told(said, bank, int(reached.hers), relay.amount - int(reached.hers))


async def letters_of_request(tx: AsyncSession, vault: Vault, request_id: UUID, state: str) -> list[Letter]:
    """What the payer is told of a payment that waits for a second person, or ended so."""
    request = await tx.get_one(PaymentRequest, request_id)
    if state not in REQUESTS:
        return []  # called off by herself; or sent, of which the relay's end is told
    told = Told(REQUESTS[state], read_address(request.payee).bank, request.minutes)
    return await told.letters(tx, vault, await tx.get_one(Member, request.member_id))
