"""How minutes of an old bank pass from the programme that issues them to its members: through accounts of transit.

A row that is updated a thousand times within one transaction becomes slow, for none of its versions can be cleaned up
before the end. So the programme fills some transit accounts, each for at most 500 entries, and is moved once per each;
what the old bank took back goes to transit as well. At the end transit is emptied into the programme and closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from marketplace.hours.books import CITY, MINUTE
from marketplace.hours.importing.joining import IMPORTED
from timebank import CloseAccount, Command, OpenAccount, Post, Transfer, open_account

EACH = 500
KIND = "transit"


def accounts_for(moves: int) -> int:
    """How many accounts of transit so many moves need."""
    return -(-moves // EACH)


@dataclass(frozen=True, slots=True)
class Move:
    """Minutes from one old id to another; an empty one is the old bank itself."""

    key: str
    source: str
    destination: str
    minutes: int
    occurred_at: datetime


@dataclass(frozen=True)
class Transit:
    """The moves of an import, and the accounts between the programme's `issuance` and the members."""

    issuance: UUID
    import_id: UUID
    moves: Sequence[Move]

    @cached_property
    def issued(self) -> int:
        """What the programme must issue at first; part of it may come back."""
        return sum(move.minutes for move in self.moves if not move.source)

    @cached_property
    def opening(self) -> list[OpenAccount]:
        """The accounts of transit."""
        return [self.account_of(self.import_id, number) for number in range(accounts_for(len(self.moves)))]

    @staticmethod
    def account_of(import_id: UUID, number: int) -> OpenAccount:
        """The command that opens one of them, and its name."""
        return open_account(CITY, MINUTE, KIND, owner=f"import:{import_id}:{number}")

    def filled(self, start: int, stop: int) -> list[Command]:
        """Each account from `start` to `stop` gets what its moves give out, on the day of the first of them."""
        filled: list[Command] = []
        for number, opening in list(enumerate(self.opening))[start:stop]:
            own = self.moves[number * EACH : (number + 1) * EACH]
            minutes = sum(move.minutes for move in own if not move.source)
            if minutes:
                moved = Transfer(self.issuance, opening.account, minutes)
                filled.append(self._post(f"import:{self.import_id}:filled:{number}", moved, own[0].occurred_at))
        return filled

    def names(self, start: int, stop: int) -> set[str]:
        """The old ids between which the moves from `start` to `stop` go."""
        return {name for move in self.moves[start:stop] for name in (move.source, move.destination) if name}

    def posts(self, accounts: Mapping[str, UUID], start: int, stop: int) -> list[Command]:
        """An entry per move from `start` to `stop`, between the accounts of its `names`."""
        posts: list[Command] = []
        for place, move in enumerate(self.moves[start:stop], start=start):
            between = (
                self.account_of(self.import_id, place // EACH).account
                if not (move.source and move.destination)
                else self.issuance
            )
            source, destination = accounts.get(move.source, between), accounts.get(move.destination, between)
            posts.append(self._post(move.key, Transfer(source, destination, move.minutes), move.occurred_at))
        return posts

    def emptied(self, now: datetime, start: int, stop: int) -> list[Command]:
        """What the old bank took back returns to the programme, and each account from `start` to `stop` is closed."""
        commands: list[Command] = []
        for number, opening in list(enumerate(self.opening))[start:stop]:
            own = self.moves[number * EACH : (number + 1) * EACH]
            back = sum(move.minutes for move in own if not move.destination)
            if back:
                moved = Transfer(opening.account, self.issuance, back)
                commands.append(self._post(f"import:{self.import_id}:emptied:{number}", moved, now))
            commands.append(CloseAccount(f"import:{self.import_id}:closed:{number}", opening.account))
        return commands

    def _post(self, key: str, moved: Transfer, occurred_at: datetime) -> Post:
        reference = f"import:{self.import_id}"
        return Post(key=key, transfers=(moved,), kind=IMPORTED, reference=reference, occurred_at=occurred_at)
