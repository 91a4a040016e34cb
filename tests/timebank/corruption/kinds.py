"""A kind of corruption, and the words of SQL that several kinds share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Corruption:
    """What is planted, the proof's check that finds it, and what the verifier says of the row; None: it cannot know."""

    what: str
    planted: tuple[str, ...]
    proof: str | None
    verifier: str | None


def entry_id(key: str) -> str:
    return f"(SELECT id FROM ledger_entry WHERE key = '{key}')"


def leg_of(key: str, leg: int) -> str:
    return f"entry = {entry_id(key)} AND leg = {leg}"


def forget(key: str) -> tuple[str, ...]:
    """An entry's removal that leaves everything else agreeing: of an account's last entry nothing else is missed."""
    return (
        (
            "UPDATE ledger_account a SET posted = a.posted - p.amount, version = a.version - 1, owed = 0,"
            " chain_head = (SELECT COALESCE((SELECT hash FROM ledger_posting b WHERE b.account = a.id"
            " AND b.version = p.version - 1), sha256(uuid_send(a.id))))"
            f" FROM ledger_posting p WHERE p.account = a.id AND p.entry = {entry_id(key)}"
        ),
        f"DELETE FROM ledger_posting WHERE entry = {entry_id(key)}",
        f"DELETE FROM ledger_entry WHERE key = '{key}'",
    )


def no_check(name: str) -> str:
    return f"ALTER TABLE ledger_account DROP CONSTRAINT {name}"
