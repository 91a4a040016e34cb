"""The steps by which a bank comes in, each small enough for a transaction of its own and done once.

First the people, whom nobody meets yet: their accounts cannot sign in and their memberships wait. Then the books:
members' accounts open without floor and cap, since history may pass below zero on its way; what the old bank issued
comes from a programme of its own, by way of `transit`; then members get their floor of 0 and their cap, and the
programme's ceiling becomes what its members have. Then the old bank's words. When all of everybody is there,
people are let in and the files are forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from functools import cached_property
from typing import Literal

from marketplace.base.clock import local_instant
from marketplace.base.crypto import Vault
from marketplace.base.policy import Policy
from marketplace.hours.books import programme_account
from marketplace.hours.importing.columns import MemberRow
from marketplace.hours.importing.joining import Incoming, entry_key
from marketplace.hours.importing.judging import Bank
from marketplace.hours.importing.models import BankImport
from marketplace.hours.importing.transit import Move, Transit, accounts_for

PORTION = 1_000  # rows of one step
Part = Literal[
    "people", "branches", "opening", "filling", "posting", "emptying", "limiting", "words", "letting_in", "ending"
]


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the work, from a row on."""

    part: Part
    start: int = 0


@dataclass
class Work:
    """What the steps of an import are made from. `incoming` is filled once the people are there."""

    made: BankImport
    bank: Bank
    policy: Policy
    vault: Vault
    incoming: dict[str, Incoming] = field(default_factory=dict)

    @cached_property
    def steps(self) -> list[Step]:
        """All of them, in order."""
        return steps_of(self.bank)

    @cached_property
    def people(self) -> list[MemberRow]:
        """Members in an order in which guardians and contacts come before those whom they answer for."""
        return sorted(self.bank.members, key=lambda row: bool(row.guardian or row.contact))

    @cached_property
    def transit(self) -> Transit:
        """The way between the programme and the members."""
        return Transit(programme_account(self.made.programme_id), self.made.id, self.moves)

    @cached_property
    def moves(self) -> list[Move]:
        """An entry per row of history on its own day, of one day in the file's order; else one per balance."""
        if not self.bank.has_history:
            return self._balances()
        return [
            Move(
                entry_key(self.made.id, row.key),
                row.source,
                row.destination,
                row.minutes,
                local_instant(row.day, time()),
            )
            for row in sorted(self.bank.history, key=lambda row: row.day)
        ]

    def _balances(self) -> list[Move]:
        """At the end of the day it was taken."""
        return [
            Move(
                entry_key(self.made.id, f"opening:{row.member}"),
                "",
                row.member,
                row.minutes,
                min(self.made.imported_at, local_instant(row.as_of, time(23, 59, 59))),
            )
            for row in self.bank.balances
            if row.minutes
        ]


def steps_of(bank: Bank) -> list[Step]:
    """The steps by which this bank comes in; the same files make the same steps."""
    members = len(bank.members)
    moves = len(bank.history) if bank.has_history else sum(1 for row in bank.balances if row.minutes)
    ways = accounts_for(moves)
    lengths: Sequence[tuple[Part, int]] = (
        ("people", members),
        ("branches", 1),
        ("opening", 1 + ways + members),
        ("filling", ways),
        ("posting", moves),
        ("emptying", ways),
        ("limiting", members + 1),
        ("words", len(bank.history)),
        ("letting_in", members),
        ("ending", 1),
    )
    return [Step(part, start) for part, length in lengths for start in range(0, length, PORTION)]
