"""What the oracle answers."""

from dataclasses import dataclass


class Refused(Exception):
    """The ledger must refuse, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer to one command; whether it has an entry, not which number it got."""

    key: str
    state: str
    amount: int = 0
    excess: int = 0
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """A branch in a cycle: gross sums, debt, cap, draw, and gross per partner."""

    branch: str
    owes: int
    is_owed: int
    debt: int
    cap: int | None
    drawn: int
    partners: tuple[tuple[str, int, int], ...]
