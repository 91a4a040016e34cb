"""The books of hours: one per district's branch under the city's, and the names of the accounts in them.

    branch   member (one each) · pool (what was donated) · expired · relief
    city     issuance (one per programme, floor = minus its ceiling; in fen: its budget) · reserve

Ids are made from what an account is for, so that a command can name an account without a look-up.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import timebank
from marketplace.hours.errors import NotADistrict
from marketplace.hours.nights import arm
from marketplace.people.models import Region
from timebank import CloseAccount, Command, OpenAccount, ReopenAccount, SetLimits, account_id, open_account
from timebank.accounts import EXPIRED, ISSUANCE, MEMBER, POOL, RELIEF, RESERVE
from timebank.errors import UnknownAccount

CITY = "city"
MINUTE = "minute"
FEN = "fen"
_CLOSED = text("SELECT id FROM ledger_account WHERE id = ANY(:accounts) AND state = 'closed'")


def book_of(district_id: UUID) -> str:
    """The book of a district's branch."""
    return str(district_id)


def pool_account(district_id: UUID) -> UUID:
    """A branch's pool of donated minutes."""
    return account_id(book_of(district_id), MINUTE, POOL)


def reserve_account() -> UUID:
    """The city's own minutes: what is given to the city, and helps branches in debt at night."""
    return account_id(CITY, MINUTE, RESERVE)


def excess_account(district_id: UUID, excess_to: str) -> UUID:
    """Where a member of this branch lets go what passes her caps: `branch` or `city`."""
    return reserve_account() if excess_to == "city" else pool_account(district_id)


def member_account(district_id: UUID, owner: str) -> UUID:
    """A member's account in the home branch; `owner` is `account:ID`, `elder:ID` or `provider:ID`."""
    return account_id(book_of(district_id), MINUTE, MEMBER, owner)


def programme_account(programme_id: UUID) -> UUID:
    """The account from which a programme issues."""
    return account_id(CITY, MINUTE, ISSUANCE, f"programme:{programme_id}")


def open_programme(programme_id: UUID, ceiling_minutes: int) -> OpenAccount:
    """The command that opens a programme's issuance: it never issues more than the ceiling."""
    return open_account(CITY, MINUTE, ISSUANCE, owner=f"programme:{programme_id}", floor=-ceiling_minutes)


def budget_account(programme_id: UUID) -> UUID:
    """The account in fen from which a programme pays for redeemed hours."""
    return account_id(CITY, FEN, ISSUANCE, f"programme:{programme_id}")


def open_budget(programme_id: UUID, budget_fen: int) -> OpenAccount:
    """The command that opens a programme's budget: it never pays more."""
    return open_account(CITY, FEN, ISSUANCE, owner=f"programme:{programme_id}", floor=-budget_fen)


def open_member(district_id: UUID, owner: str, *, cap_minutes: int | None) -> OpenAccount:
    """The command that opens a member's account: floor 0, and the balance cap for persons."""
    return open_account(book_of(district_id), MINUTE, MEMBER, owner=owner, cap=cap_minutes)


async def opening_anew(tx: AsyncSession, openings: Sequence[OpenAccount], *, cause: str) -> list[Command]:
    """The commands that open these accounts of new members.

    An elder's is there already, and closed, where an import that brought her was taken back: it opens again, with these
    limits. `cause` makes the keys.
    """
    closed = set(await tx.scalars(_CLOSED, {"accounts": [one.account for one in openings]}))
    commands: list[Command] = []
    for one in openings:
        if one.account in closed:
            commands.append(ReopenAccount(f"{cause}:reopen:{one.account}", one.account))
            commands.append(SetLimits(f"{cause}:relimit:{one.account}", one.account, one.floor, one.cap))
        else:
            commands.append(one)
    return commands


async def passing_through(
    tx: AsyncSession, account: UUID, *, key: str, now: datetime
) -> tuple[list[Command], list[Command]]:
    """The commands that open a closed account for what passes through it, and close it at zero again; none for an open
    one. `key` is the cause."""
    if (await timebank.balance(tx, account, now=now)).state == "open":
        return [], []
    return [ReopenAccount(f"{key}:reopen", account)], [CloseAccount(f"{key}:close", account)]


async def prepare_branch(tx: AsyncSession, district_id: UUID) -> list[Command]:
    """Open the branch's book and return the commands for its shared accounts. Repeating it changes nothing."""
    await timebank.open_book(tx, CITY)
    await timebank.open_book(tx, book_of(district_id), city=CITY)
    shared: list[Command] = [open_account(book_of(district_id), MINUTE, kind) for kind in (POOL, EXPIRED, RELIEF)]
    return [*shared, open_account(CITY, MINUTE, RESERVE)]


async def open_branch(tx: AsyncSession, district: Region, *, now: datetime) -> None:
    """Make a district's branch ready for members, and arm the night. Repeating it changes nothing. `NotADistrict`."""
    if district.level != "district":
        raise NotADistrict(level=district.level)
    await timebank.apply(tx, await prepare_branch(tx, district.id), now=now)
    await arm(tx, now=now)


async def available_minutes(tx: AsyncSession, account: UUID, *, now: datetime) -> int:
    """What the account can give now; 0 for one that was never opened or is closed."""
    try:
        found = await timebank.balance(tx, account, now=now)
    except UnknownAccount:
        return 0
    return found.available or 0 if found.state == "open" else 0
