"""Telling a member what stands against her and what became of it; a minor's guardian is told as well."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox
from marketplace.base.clock import LOCAL
from marketplace.base.crypto import Vault
from marketplace.base.outbox import Message
from marketplace.hours.members.letters import Letter, Pair, letters_to, phones_of
from marketplace.hours.models import Member

STANDING = "member.standing"
APPEAL: Pair = ("如有异议，可在 {appeal_until} 前申诉。", " You may appeal until {appeal_until}.")
SAID: dict[str, Pair] = {
    "no_show": ("您有一次爽约记录（累计 {count} 次）。", "A no-show of yours was recorded ({count} in all)."),
    "malice": ("您有一次违规记录（累计 {count} 次）。", "A malicious act of yours was recorded ({count} in all)."),
    "suspended": (
        "您的会员资格已暂停至 {until}，期间不能接单。",
        "Your membership is suspended until {until}: you cannot take tasks.",
    ),
    "suspended_without_end": (
        "您的会员资格已暂停，恢复前不能接单。",
        "Your membership is suspended until further notice: you cannot take tasks.",
    ),
    "ended": (
        "您的会员资格已终止，账户中的时间仍归您所有。",
        "Your membership has ended; the hours on your account remain yours.",
    ),
    "active": ("您的会员资格已恢复。", "Your membership is active again."),
    "upheld": ("您的申诉未获支持，记录维持不变。", "Your appeal was not accepted: the record stands."),
    "struck_out": ("您的申诉成立，该记录已撤销。", "Your appeal was accepted: the record is struck out."),
}
CONTESTED = frozenset({"no_show", "malice", "suspended", "ended"})


async def tell_standing(
    tx: AsyncSession,
    member_id: UUID,
    what: str,
    *,
    count: int = 0,
    until: datetime | None = None,
    appeal_until: datetime | None = None,
) -> None:
    """Message member.standing: what was recorded, what the membership is now, or how an appeal was decided."""
    instants = {"until": until, "appeal_until": appeal_until}
    ids = {name: at.isoformat() for name, at in instants.items() if at is not None}
    await outbox.send(tx, STANDING, member_id=member_id, what=what, count=count, **ids)


async def letters_of_standing(tx: AsyncSession, vault: Vault, message: Message) -> list[Letter]:
    """The message as letters; none for who was taken out with her import meanwhile."""
    ids = message.ids
    member = await tx.get(Member, UUID(ids["member_id"]))
    if member is None:
        return []
    phones = await phones_of(tx, vault, member)
    if member.guardian_id is not None:
        phones += await phones_of(tx, vault, await tx.get_one(Member, member.guardian_id))
    what = ids["what"]
    said = SAID["suspended_without_end" if what == "suspended" and "until" not in ids else what]
    if what in CONTESTED and "appeal_until" in ids:
        said = tuple(one + appeal for one, appeal in zip(said, APPEAL, strict=True))
    told = {name: _in_the_city(ids[name]) for name in ("until", "appeal_until") if name in ids}
    return letters_to(phones, said, count=ids["count"], **told)


def _in_the_city(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
