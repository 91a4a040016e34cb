"""Notices: a member, and the family whom she lets see her, are told what somebody else did for her, by what right.

A minor's guardian is told of her certificates, whoever did it, but what the guardian did herself.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base import outbox
from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.outbox import Message
from marketplace.hours.members.letters import (
    Letter,
    Pair,
    account_phones,
    elder_phones,
    family_of,
    letters_to,
    phones_of,
)
from marketplace.hours.members.proxies import Acts, Right, is_staff_of
from marketplace.hours.models import Member
from marketplace.people.models import Elder

ACTED_FOR = "member.acted_for"
# who acted, added to what was done
BY: dict[str, Pair] = {
    "officer": (
        "由工作人员代您办理，如有疑问请联系社区。",
        " An officer did this for you; ask your community if in doubt.",
    ),
    "family": (
        "由您授权的家属代您办理，如有疑问请联系社区。",
        " Your family did this for you; ask your community if in doubt.",
    ),
    "guardian": ("由您的监护人代您办理。", " Your guardian did this for you."),
    "contact": ("由团体联系人办理。", " The group's contact did this."),
}
# what was done that no order tells of
ACTS: dict[str, Pair] = {
    "joined": ("您已加入时间银行。", "You are a member of the time bank now."),
    "group": ("您已登记为一个团体的联系人。", "You are the contact of a group now."),
    "birth_date": ("您的出生日期已更正。", "Your date of birth was corrected."),
    "left": ("您已退出时间银行。", "Your membership of the time bank has ended."),
    "excess": ("超额时间的去向已更改。", "Where your excess hours go was changed."),
    "consent_given": ("已代您同意一项合捐。", "A collection was agreed to."),
    "consent_declined": ("已代您谢绝一项合捐。", "A collection was declined."),
    "collection": ("已以您的名义发起一项合捐。", "A collection was begun in your name."),
    "task": ("已为您发布互助任务。", "A task was published for you."),
    "task_cancelled": ("为您发布的互助任务已取消。", "A task of yours was called off."),
    "task_confirmed": ("已为您确认一次服务。", "A service for you was confirmed."),
    "task_disputed": ("已为您对一次服务提出异议。", "A service for you was disputed."),
    "series": ("您的定期互助已更改。", "Your recurring help was changed."),
    "schedule": ("您的定期转出已更改。", "Your standing order was changed."),
    "student_asked": (
        "已为您登记学校和学号，待工作人员核验证件。",
        "School and student number were told for you; an officer has yet to see a paper of them.",
    ),
    "student_confirmed": (
        "您的学校和学号已核实。",
        "Your school and student number were confirmed.",
    ),
    "student_rejected": (
        "您所报的学校和学号未获核实，登记不变。",
        "The school and student number that were told were not confirmed; your membership stays as it was.",
    ),
    "student_ended": (
        "您会籍中的学校和学号未获核实，学生身份已取消；您的时间和服务不受影响，可持证件重新申报。",
        "Your school was not confirmed: you are no student here any more. Your hours stay; you may tell it again.",
    ),
    "certificate": ("已为您开具服务时间证书。", "A certificate of your hours was issued."),
    "certificate_revoked": ("您的一份服务时间证书已被撤销。", "A certificate of your hours was revoked."),
    "certificate_reissued": (
        "您的一份服务时间证书已撤销，并重新开具。",
        "A certificate of your hours was revoked, and issued anew.",
    ),
    "booking": ("已用您的时间预约服务。", "A service was booked with your hours."),
}
# what a minor's guardian is told of
OF_WARDS: dict[str, Pair] = {
    "certificate": ("已为您监护的会员开具服务时间证书。", "A certificate of your ward's hours was issued."),
    "certificate_revoked": (
        "您监护的会员有一份服务时间证书已被撤销。",
        "A certificate of your ward's hours was revoked.",
    ),
    "certificate_reissued": (
        "您监护的会员有一份服务时间证书已撤销，并重新开具。",
        "A certificate of your ward's hours was revoked, and issued anew.",
    ),
}
BY_WARDS: dict[str, Pair] = {
    "self": ("由其本人办理。", " Your ward did this."),
    "officer": ("由工作人员办理，如有疑问请联系社区。", " An officer did this; ask your community if in doubt."),
}


async def tell_member(tx: AsyncSession, acts: Acts, act: str, *, actor: Actor) -> None:
    """Message member.acted_for, unless she did it herself."""
    if acts.acted_as is not None:
        by = str(actor.account_id or "")
        await outbox.send(tx, ACTED_FOR, member_id=acts.member.id, act=act, acted_as=acts.acted_as, by=by)


async def tell_member_and_guardian(tx: AsyncSession, acts: Acts, act: str, *, actor: Actor) -> None:
    """The same where a minor's guardian is told as well, also of what the minor did herself."""
    if acts.acted_as is None and acts.member.guardian_id is not None:
        by = str(actor.account_id or "")
        await outbox.send(tx, ACTED_FOR, member_id=acts.member.id, act=act, acted_as=acts.by, by=by)
    else:
        await tell_member(tx, acts, act, actor=actor)


async def tell_elder(tx: AsyncSession, elder: Elder, act: str, *, actor: Actor) -> Right | None:
    """The same about an elder, who need be no member. Returns the right by which the actor, who may do it, acted."""
    if actor.is_system or actor.account_id == elder.account_id:
        return None
    right: Right = "officer" if await is_staff_of(tx, elder, actor) else "family"
    await outbox.send(tx, ACTED_FOR, elder_id=elder.id, act=act, acted_as=right, by=str(actor.account_id))
    return right


async def letters_of_act(tx: AsyncSession, vault: Vault, message: Message, *, now: datetime) -> list[Letter]:
    """What the message says, to her, her family and guardian, but for the one who did it; nothing of whom an import
    took out meanwhile."""
    guardian: list[Letter] = []
    if "elder_id" in message.ids:
        elder_id: UUID | None = UUID(str(message.ids["elder_id"]))
        own = await elder_phones(tx, vault, UUID(str(message.ids["elder_id"])))
    else:
        member = await tx.get(Member, UUID(str(message.ids["member_id"])))
        if member is None:
            return []
        elder_id, own = member.elder_id, await phones_of(tx, vault, member, but=str(message.ids.get("by", "")))
        guardian = await _to_guardian(tx, vault, member, message)
    family = [one for one in await family_of(tx, elder_id, now=now) if str(one) != message.ids.get("by")]
    phones = [*own, *await account_phones(tx, vault, family)]
    if not phones:  # what she did herself is told to her guardian alone
        return guardian
    said = by_whom(ACTS[str(message.ids["act"])], str(message.ids.get("acted_as", "officer")))
    return letters_to(phones, said) + guardian


async def _to_guardian(tx: AsyncSession, vault: Vault, ward: Member, message: Message) -> list[Letter]:
    said = OF_WARDS.get(str(message.ids["act"]))
    by = BY_WARDS.get(str(message.ids.get("acted_as", "officer")))  # None: the guardian herself
    if ward.guardian_id is None or said is None or by is None:
        return []
    guardian = await tx.get_one(Member, ward.guardian_id)
    phones = await phones_of(tx, vault, guardian, but=str(message.ids.get("by", "")))
    return letters_to(phones, tuple(one + other for one, other in zip(said, by, strict=True)))


def by_whom(said: Pair, acted_as: str) -> Pair:
    """A text with who acted added to it."""
    return tuple(one + by for one, by in zip(said, BY[acted_as], strict=True))
