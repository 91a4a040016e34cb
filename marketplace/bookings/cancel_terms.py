"""Cancellation terms: copied onto a booking when it is made, so that a later policy never reaches it.

Free until a while before the start (a meal: until the order cut-off), then a fee by step: late, or departed once a
caregiver is on her way. Illness, hospital and bereavement are never charged for, nor what the provider caused, nor
hours: they are never turned into money (practice of home service platforms, softened for elders).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from marketplace.base.policy import CancelRules

Step = Literal["free", "late", "departed", "waived"]
Reason = Literal["changed_mind", "illness", "hospital", "bereavement", "other", "provider"]


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """What a booking's cancellation costs. `departed_fee_fen` is for the whole crew."""

    free_until_at: datetime
    late_fee_fen: int
    departed_fee_fen: int
    waived_reasons: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The terms as they are stored with the booking."""
        return {
            "free_until_at": self.free_until_at.isoformat(),
            "late_fee_fen": self.late_fee_fen,
            "departed_fee_fen": self.departed_fee_fen,
            "waived_reasons": list(self.waived_reasons),
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """The stored terms."""
        return cls(
            free_until_at=datetime.fromisoformat(document["free_until_at"]),
            late_fee_fen=document["late_fee_fen"],
            departed_fee_fen=document["departed_fee_fen"],
            waived_reasons=tuple(document["waived_reasons"]),
        )


@dataclass(frozen=True, slots=True)
class Charge:
    """What cancelling costs now, and which step of the terms says so."""

    step: Step
    fee_fen: int


def terms_of(rules: CancelRules, *, window_start: datetime, crew_size: int, cutoff: datetime | None) -> CancelTerms:
    """The terms of a booking as the policy in force has them; `cutoff` is a meal's, None for a home visit."""
    free_until = window_start - timedelta(hours=rules.free_until_hours)
    if cutoff is not None and rules.meal_free_until_cutoff:
        free_until = cutoff
    return CancelTerms(free_until, rules.late_fee_fen, rules.departed_fee_fen * crew_size, rules.waived_reasons)


def charge(terms: CancelTerms, *, amount_fen: int, reason: str, waived: bool, departed: bool, now: datetime) -> Charge:
    """The fee of cancelling at `now`; never more than the price. `amount_fen` is 0 for what is paid in hours."""
    if waived or reason in terms.waived_reasons or reason == "provider":
        return Charge("waived", 0)
    if now < terms.free_until_at and not departed:
        return Charge("free", 0)
    if departed:
        return Charge("departed", min(terms.departed_fee_fen, amount_fen))
    return Charge("late", min(terms.late_fee_fen, amount_fen))
