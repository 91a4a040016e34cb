"""Issuing a certificate: minutes are chosen, spent where the rules say so, signed and kept, in one transaction.

The member's row is locked first, so that two requests of hers choose one after the other; should anybody write past
that, the database's exclusion constraint refuses a minute that is certified already.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.base import audit
from marketplace.base.actor import Actor
from marketplace.base.clock import local_day
from marketplace.base.crypto import Vault
from marketplace.base.ids import new_id
from marketplace.base.policy import Policy
from marketplace.hours.books import MINUTE, book_of
from marketplace.hours.certificates import holder as holders
from marketplace.hours.certificates.document import Facts, as_pdf
from marketplace.hours.certificates.errors import MinutesSpent, NothingToCertify, PeriodToCertify
from marketplace.hours.certificates.holder import Holder
from marketplace.hours.certificates.minutes import Part, by_kind, choose, served
from marketplace.hours.certificates.models import Certificate, CertifiedMinutes
from marketplace.hours.certificates.signing import Signer, keep_public_key, signed_text
from marketplace.hours.members.finding import locked_member
from marketplace.hours.members.notices import tell_member_and_guardian
from marketplace.hours.members.proxies import Acts, right_over
from marketplace.hours.models import Member
from marketplace.people.models import Region
from timebank import Command, Post, Transfer, open_account
from timebank.errors import AccountClosed, InsufficientBalance

CERTIFIED = "certified"  # the kind of entry, and of the branch's account, by which certified minutes leave circulation
LONGEST_DAYS = 3660
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no letter that reads like a digit
CODE_LENGTH = 16  # 80 bits: nobody guesses one


@dataclass(frozen=True, slots=True)
class Desk:
    """Who issues: the rules in force, the key that signs, the vault that seals, the address that is printed."""

    policy: Policy
    signer: Signer
    vault: Vault
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for: hours of a period, all of them or the first `up_to_minutes`.

    School and number are printed from the membership; who tells them too wants to be told if they differ.
    """

    since: date
    until: date
    school: str | None = None
    student_number: str | None = None
    up_to_minutes: int | None = None


async def issue(tx: AsyncSession, desk: Desk, member_id: UUID, ask: Ask, *, actor: Actor, now: datetime) -> Certificate:
    """A new certificate. The caller may act for the member.

    `PeriodToCertify`, `NotAStudent`, `StudentNotProved`, `StudentDiffers`, `NothingToCertify`, `MinutesSpent`.
    """
    member = await locked_member(tx, member_id)
    certificate, commands = await prepare(tx, desk, member, ask, actor=actor, now=now)
    await spend(tx, certificate, commands, now=now)
    right = await right_over(tx, member, scope=None, actor=actor, now=now)
    if right is not None:
        await tell_member_and_guardian(tx, Acts(member, right), "certificate", actor=actor)
    return certificate


async def prepare(
    tx: AsyncSession,
    desk: Desk,
    member: Member,
    ask: Ask,
    *,
    actor: Actor,
    now: datetime,
    replaces: UUID | None = None,
    paid_from: UUID | None = None,
) -> tuple[Certificate, list[Command]]:
    """Write the certificate of a locked member; the commands that spend its minutes are left to the caller.

    They are `paid_from` an account, hers in her home branch if none is named.
    """
    if not ask.since <= ask.until <= local_day(now) or (ask.until - ask.since).days >= LONGEST_DAYS:
        raise PeriodToCertify(pointer="/until", longest_days=LONGEST_DAYS)
    holder = await holders.student_of(tx, desk.vault, member, school=ask.school, student_number=ask.student_number)
    tasks = await served(tx, member.id, ask.since, ask.until)
    parts = choose(tasks, ask.up_to_minutes)
    if not parts:
        certified = sum(end - start for task in tasks for start, end in task.taken)
        raise NothingToCertify(verified_minutes=sum(task.verified for task in tasks), certified_minutes=certified)
    certificate = await _written(tx, desk, member, holder, ask, parts, actor=actor, now=now, replaces=replaces)
    audit.note(tx, "certificate.issued", actor=actor, entity="certificate", entity_id=certificate.id)
    if certificate.spent_minutes == 0:
        return certificate, []
    opening = open_account(book_of(member.district_id), MINUTE, CERTIFIED)
    moved = Transfer(paid_from or member.ledger_account, opening.account, certificate.spent_minutes)
    entry = Post(
        key=certificate.entry_key,
        transfers=(moved,),
        kind=CERTIFIED,
        reference=certificate.entry_key,
        occurred_at=now,
    )
    return certificate, [opening, entry]


async def spend(tx: AsyncSession, certificate: Certificate, commands: Sequence[Command], *, now: datetime) -> None:
    """Let the ledger take the minutes. `MinutesSpent` with the figures, also of who left: her account is empty."""
    try:
        await timebank.apply(tx, list(commands), now=now)
    except (InsufficientBalance, AccountClosed) as error:
        available = error.data.get("available", 0)
        raise MinutesSpent(needed_minutes=certificate.spent_minutes, available_minutes=available) from error


async def _written(
    tx: AsyncSession,
    desk: Desk,
    member: Member,
    holder: Holder,
    ask: Ask,
    parts: Sequence[Part],
    *,
    actor: Actor,
    now: datetime,
    replaces: UUID | None,
) -> Certificate:
    facts = await _facts(tx, desk, member, ask, parts, now=now)
    document = as_pdf(facts, holder)
    digest = hashlib.sha256(document).digest()
    statement = signed_text(public_facts(facts, digest))
    owner = holders.owner_of(member)
    await keep_public_key(tx, desk.signer, now=now)
    stays = desk.policy.timebank.students.stays_spendable
    certificate = Certificate(
        id=new_id(),
        code=facts.code,
        member_id=member.id,
        district_id=member.district_id,
        since=ask.since,
        until=ask.until,
        minutes=dict(facts.minutes),
        total_minutes=facts.total_minutes,
        spent_minutes=0 if stays else sum(part.spent for part in parts),
        hours_per_credit=facts.hours_per_credit,
        credits=facts.credits,
        holder_sealed=await holders.sealed(tx, desk.vault, member, holder),
        document_sealed=await desk.vault.seal(
            tx, owner, f"certificate:{facts.code}", base64.b64encode(document).decode()
        ),
        document_sha256=digest,
        statement=statement,
        signature=desk.signer.sign(statement),
        key_id=desk.signer.key_id,
        policy=desk.policy.stamp,
        replaces=replaces,
        issued_by=actor.account_id,
        issued_at=now,
    )
    tx.add(certificate)
    await tx.flush()
    tx.add_all(
        CertifiedMinutes(
            certificate_id=certificate.id, task_id=part.task_id, from_minute=part.start, until_minute=part.end
        )
        for part in parts
    )
    await tx.flush()
    return certificate


async def _facts(
    tx: AsyncSession, desk: Desk, member: Member, ask: Ask, parts: Sequence[Part], *, now: datetime
) -> Facts:
    rules = desk.policy.timebank
    branch = await tx.get_one(Region, member.district_id)
    minutes = by_kind(parts)
    code = new_code()
    return Facts(
        code=code,
        issuer=(rules.title_zh, rules.title_en),
        branch=(branch.name_zh, branch.name_en),
        since=ask.since,
        until=ask.until,
        minutes=minutes,
        hours_per_credit=rules.students.hours_per_credit,
        credits=sum(minutes.values()) // (60 * rules.students.hours_per_credit),
        issued_at=now,
        key_id=desk.signer.key_id,
        policy=desk.policy.stamp,
        address=f"{desk.address}/certificates/{code}",
    )


def public_facts(facts: Facts, document_sha256: bytes) -> dict[str, object]:
    """What is signed and told to anybody: hours, and the hash that binds the document with its names."""
    return {
        "format": 1,
        "code": facts.code,
        "issuer_zh": facts.issuer[0],
        "issuer_en": facts.issuer[1],
        "branch_zh": facts.branch[0],
        "branch_en": facts.branch[1],
        "since": facts.since.isoformat(),
        "until": facts.until.isoformat(),
        "minutes": dict(facts.minutes),
        "total_minutes": facts.total_minutes,
        "hours_per_credit": facts.hours_per_credit,
        "credits": facts.credits,
        "issued_at": facts.issued_at.isoformat(),
        "key_id": facts.key_id,
        "policy": facts.policy,
        "document_sha256": document_sha256.hex(),
    }


def new_code() -> str:
    """A fresh public code, in groups of four: `7Q2M-…`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LENGTH, 4))
