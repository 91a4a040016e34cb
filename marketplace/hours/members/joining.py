"""Joining the time bank: one member per person or provider, with an account in the home branch's book.

Joining twice is joining once, and adds what was not told the first time. The ledger is called once, and only by
whoever made the member.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import timebank
from marketplace.base import audit, timers
from marketplace.base.actor import Actor, Role
from marketplace.base.clock import local_day, local_instant
from marketplace.base.errors import Unknown
from marketplace.base.ids import new_id
from marketplace.base.states import move
from marketplace.base.timebank_rules import TimeBankRules
from marketplace.hours.books import member_account, open_member, opening_anew, prepare_branch
from marketplace.hours.errors import GenderMissing, NotADistrict
from marketplace.hours.members.ages import MAJORITY, birth_of, is_minor, require_age, require_plausible
from marketplace.hours.members.errors import BirthDateKept
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.guardians import OF_AGE_DUE, require_guardian
from marketplace.hours.members.notices import tell_member
from marketplace.hours.members.proxies import Acts, acts_for
from marketplace.hours.members.returning import come_back
from marketplace.hours.members.student_changes import ask_first
from marketplace.hours.members.students import Student, require_free
from marketplace.hours.models import MEMBER_STEPS, Member
from marketplace.people.accounts import kept_account
from marketplace.people.models import Account, Elder, Region
from marketplace.providers.models import Provider
from marketplace.visits.performers import add_performer
from timebank import Command


@dataclass(frozen=True, slots=True)
class Attending:
    """What a volunteer brings to a visit. Her date of birth may follow later, but before her first task."""

    gender: str | None = None
    mode: str = "walk"
    skills: Iterable[str] = ()
    birth_on: date | None = None


async def join(
    tx: AsyncSession,
    account_id: UUID,
    *,
    district_id: UUID | None,
    rules: TimeBankRules,
    actor: Actor,
    now: datetime,
    attending: Attending | None = None,
    guardian_id: UUID | None = None,
    student: Student | None = None,
) -> Member:
    """The account's member, made if there is none. A volunteer's account becomes a performer as well.

    The home branch is `district_id`, for an elder's own account the elder's district. A minor names a guardian and is
    pending until he consents; a student is one once that is proved. `Unknown`, `NotADistrict`, `GenderMissing` for a
    volunteer of whom it is not known, what `require_age` and `require_guardian` refuse, `StudentTaken`, `StudentKept`,
    `BirthDateKept`.
    """
    account = await tx.get(Account, account_id)
    if account is None or account.state != "active":
        raise Unknown(what="account")
    attending = attending or Attending()
    own = col(Elder.account_id) == account_id
    elder = await tx.scalar(select(Elder).where(own))  # visible: the account's own elder
    if elder is not None:
        member = await join_elder(tx, elder, rules=rules, actor=actor, now=now)
    else:
        row = {"account_id": account_id, "district_id": await _district(tx, district_id)}
        told = await _personal(tx, account_id, attending.birth_on, guardian_id, now=now)
        if student is not None:
            await require_free(tx, student, account_id)
        member = await _enrolled(tx, row | told, owner=f"account:{account_id}", rules=rules, actor=actor, now=now)
        await _complete(tx, member, told, actor=actor, now=now)
        if student is not None:
            await ask_first(tx, member, student, actor=actor, now=now)
    if Role.VOLUNTEER in account.roles:
        gender = elder.gender if elder is not None else attending.gender
        await _make_performer(tx, member, account, attending, gender, rules=rules, now=now)
    return member


async def home_of_account(tx: AsyncSession, account_id: UUID) -> UUID | None:
    """In which branch the account is a member, or would be as the elder that it is of; None where that is open."""
    member = select(col(Member.district_id)).where(col(Member.account_id) == account_id)
    elder = select(col(Elder.district_id)).where(col(Elder.account_id) == account_id)  # visible: whose officer may act
    return await tx.scalar(member) or await tx.scalar(elder)


async def _personal(
    tx: AsyncSession,
    account_id: UUID,
    birth_on: date | None,
    guardian_id: UUID | None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """The columns that say what kind of person joins."""
    row: dict[str, Any] = {"kind": "individual", "birth_on": birth_on}
    if birth_on is not None:
        require_plausible(birth_on, local_day(now))
    if birth_on is not None and is_minor(birth_on, local_day(now)):
        guardian = await require_guardian(tx, guardian_id, ward=account_id, on=local_day(now))
        row |= {"kind": "minor", "guardian_id": guardian.id, "state": "pending"}
    return row


async def _complete(tx: AsyncSession, member: Member, told: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    """Add what was not told before. A date of birth on record is corrected by an officer only, and not one's own."""
    birth_on: date | None = told["birth_on"]
    if birth_on is not None and member.birth_on != birth_on:
        if member.birth_on is not None:
            if not actor.is_any(Role.OFFICER) or await acts_for(tx, actor, member):
                raise BirthDateKept(pointer="/birth_on")
            await tell_member(tx, Acts(member, "officer"), "birth_date", actor=actor)
        member.birth_on = birth_on
        audit.note(tx, "member.birth_date", actor=actor, entity="member", entity_id=member.id)
    if "guardian_id" in told and member.guardian_id is None:
        member.guardian_id = told["guardian_id"]
        await move(tx, member, "pending", MEMBER_STEPS, actor=actor, now=now, reason="a minor")
    if told["kind"] == "minor" and member.kind == "individual":
        member.kind = "minor"
    if member.birth_on is not None and member.guardian_id is not None:
        of_age_on = member.birth_on + relativedelta(years=MAJORITY)
        await timers.set_timer(tx, OF_AGE_DUE, member.id, local_instant(of_age_on, time()))
    await tx.flush()


async def join_elder(tx: AsyncSession, elder: Elder, *, rules: TimeBankRules, actor: Actor, now: datetime) -> Member:
    """The elder's member in her district's branch, made if there is none. The caller may see the elder."""
    row = {
        "kind": "elder",
        "elder_id": elder.id,
        "account_id": elder.account_id,
        "district_id": elder.district_id,
    }
    return await _enrolled(tx, row, owner=f"elder:{elder.id}", rules=rules, actor=actor, now=now)


async def provider_account(tx: AsyncSession, provider_id: UUID, *, now: datetime) -> tuple[UUID, list[Command]]:
    """The account that a provider's hours go to, with the commands that open it if it is new. `Unknown`."""
    provider = await tx.get(Provider, provider_id)
    if provider is None:
        raise Unknown(what="provider")
    owner = f"provider:{provider_id}"
    account = member_account(provider.district_id, owner)
    row = {"kind": "provider", "provider_id": provider_id, "district_id": provider.district_id}
    if not await _add(tx, {**row, "ledger_account": account, "joined_at": now}):
        kept = await tx.scalar(select(col(Member.ledger_account)).where(col(Member.provider_id) == provider_id))
        return kept or account, []
    # an organisation's balance is what it gave, not a person's savings: no cap
    opening = open_member(provider.district_id, owner, cap_minutes=None)
    return account, [*await prepare_branch(tx, provider.district_id), opening]


async def _enrolled(
    tx: AsyncSession, row: dict[str, Any], *, owner: str, rules: TimeBankRules, actor: Actor, now: datetime
) -> Member:
    district_id: UUID = row["district_id"]
    made = await _add(tx, {**row, "ledger_account": member_account(district_id, owner), "joined_at": now})
    if made:
        opening = open_member(district_id, owner, cap_minutes=rules.balance_cap_minutes)
        openings = await opening_anew(tx, [opening], cause=f"member:{made}")
        await timebank.apply(tx, [*await prepare_branch(tx, district_id), *openings], now=now)
        audit.note(tx, "member.joined", actor=actor, entity="member", entity_id=made)
    key = "elder_id" if "elder_id" in row else "account_id"
    found = (await tx.scalars(select(Member).where(col(getattr(Member, key)) == row[key]))).one()
    returns = not made and found.state == "left"
    if not made:
        found = await come_back(tx, found, rules=rules, actor=actor, now=now)
    if (made or returns) and not actor.is_system and actor.account_id != found.account_id:
        await tell_member(tx, Acts(found, "officer"), "joined", actor=actor)
    return found


async def _add(tx: AsyncSession, row: dict[str, Any]) -> UUID | None:
    """Insert unless the owner is a member already; a rival's insert is waited for."""
    new = insert(Member).values(**{"id": new_id(), "state": "active", "version": 1} | row)
    return await tx.scalar(new.on_conflict_do_nothing().returning(col(Member.id)))


async def _district(tx: AsyncSession, district_id: UUID | None) -> UUID:
    region = await tx.get(Region, district_id) if district_id is not None else None
    if region is None or region.level != "district":
        raise NotADistrict(pointer="/district_id")
    return region.id


async def _make_performer(
    tx: AsyncSession,
    member: Member,
    account: Account,
    attending: Attending,
    gender: str | None,
    *,
    rules: TimeBankRules,
    now: datetime,
) -> None:
    if member.performer_id is not None:
        return
    if gender is None:
        raise GenderMissing(pointer="/gender")
    birth_on = await birth_of(tx, member)
    if birth_on is not None:
        require_age(birth_on, gender, on=local_day(now), rules=rules.earning)
    locked = await locked_member(tx, member.id)
    if locked.performer_id is not None:
        return
    if await kept_account(tx, account.id) is None:  # shut out at this moment; after the member, as whoever shuts it
        raise Unknown(what="account")
    performer = await add_performer(
        tx,
        kind="volunteer",
        account_id=account.id,
        provider_id=None,
        district_id=member.district_id,
        name=account.name,
        gender=gender,
        mode=attending.mode,
        skills=attending.skills,
    )
    locked.performer_id = performer.id
    await tx.flush()
