"""Accounts: opening them, finding them by telephone, and the actor that an account makes."""

from collections.abc import Iterable
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from marketplace.base.actor import Actor, Role
from marketplace.base.crypto import Vault
from marketplace.base.errors import Conflict, Language
from marketplace.base.ids import new_id
from marketplace.people.models import Account, Region

HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's floor for argon2id


class PhoneTaken(Conflict):
    """The telephone number has an account already."""

    code = "phone_taken"
    zh = "该电话号码已注册。"
    en = "This telephone number has an account already."


def normal_phone(phone: str) -> str:
    """One spelling per number: digits only, without China's prefix."""
    digits = "".join(c for c in phone if c.isdigit())
    return digits.removeprefix("86") if len(digits) == 13 else digits


async def open_account(
    tx: AsyncSession,
    vault: Vault,
    *,
    name: str,
    phone: str,
    roles: Iterable[Role],
    region_id: UUID | None = None,
    provider_id: UUID | None = None,
    password: str | None = None,
    language: Language = "zh",
) -> Account:
    """A new account. `PhoneTaken` when the number has one."""
    number = normal_phone(phone)
    phone_hash = vault.hash("phone", number)
    if await tx.scalar(select(col(Account.id)).where(col(Account.phone_hash) == phone_hash)):
        raise PhoneTaken
    account_id = new_id()
    account = Account(
        id=account_id,
        name=name,
        phone_sealed=await vault.seal(tx, account_id, "phone", number),
        phone_hash=phone_hash,
        password_hash=HASHER.hash(password) if password else None,
        roles=sorted(Role(role) for role in roles),
        region_id=region_id,
        provider_id=provider_id,
        language=language,
    )
    tx.add(account)
    await tx.flush()
    return account


async def account_by_phone(tx: AsyncSession, vault: Vault, phone: str) -> Account | None:
    """The active account of a telephone number, if any."""
    return await tx.scalar(
        select(Account).where(
            col(Account.phone_hash) == vault.hash("phone", normal_phone(phone)), col(Account.state) == "active"
        )
    )


async def kept_account(tx: AsyncSession, account_id: UUID) -> Account | None:
    """The account if it may sign in, kept from being closed until the transaction ends; others may keep it as well."""
    account = await tx.get(Account, account_id, with_for_update={"read": True}, populate_existing=True)
    return account if account is not None and account.state == "active" else None


def password_fits(account: Account, password: str) -> bool:
    """Is this the account's password? An account without one has none that fits."""
    if account.password_hash is None:
        return False
    try:
        return HASHER.verify(account.password_hash, password)
    except Argon2Error:
        return False


async def actor_of(tx: AsyncSession, account: Account) -> Actor:
    """The actor an account is, with its reach in the region tree."""
    path = ""
    if account.region_id is not None:
        region = await tx.get(Region, account.region_id)
        # the city's path would be as good as none, but an unknown region must not open the whole city
        path = "-" if region is None else "" if region.level == "city" else region.path
    return Actor(
        account_id=account.id,
        roles=frozenset(Role(role) for role in account.roles),
        region_path=path,
        provider_id=account.provider_id,
        language="en" if account.language == "en" else "zh",
    )
