"""What comes next for a relay, and what an answer means: pure functions, so that every interleaving can be tried.

The payer's side decides alone. The partner's answer `prepared` to `Step.PREPARE` allows the decision `Move.COMMIT`;
from the commit of that transaction on the payment is final, and `Step.COMMIT` is repeated until the partner knows.
Until the decision the payer's side may end the relay at any time, by its own clock (`Step.EXPIRE`). The payee's side
never decides: it holds room on its mirror, nobody's minutes, until it is told, and asks when the relay is overdue
(`Step.ASK`). A relay of which the payer's side knows nothing was never decided (presumed abort). No step compares two
clocks.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from timebank.links.relays import Relay


class Step(StrEnum):
    """What a side has to do for a relay now. EXPIRE is a decision of its own, the others are messages."""

    PREPARE = "prepare"
    COMMIT = "commit"
    ABORT = "abort"
    ASK = "ask"
    EXPIRE = "expire"


class Move(StrEnum):
    """What a side records after an answer."""

    COMMIT = "commit"  # decide (out), or do as was decided (in)
    END = "end"  # aborted or expired, as `Answer.state` says
    CONFIRM = "confirm"  # the partner knows the end
    SUSPEND = "suspend"  # the two sides do not have the same history: a person must look
    WAIT = "wait"  # nothing new; try again later


@dataclass(frozen=True, slots=True)
class Answer:
    """The partner's signed word: the relay's state there, `unknown`, or a refusal with its code.

    `seq`, `decided_at` and `head` come with `committed`.
    """

    state: str
    code: str | None = None
    seq: int | None = None
    decided_at: datetime | None = None
    head: bytes | None = None


REFUSED = "refused"
UNKNOWN = "unknown"
ENDED = frozenset({"aborted", "expired"})


def next_step(relay: Relay, *, now: datetime) -> Step | None:
    """What to do for a relay now; None when there is nothing, or nothing yet."""
    if relay.direction == "in":
        return Step.ASK if relay.state == "prepared" and now >= relay.expires_at else None
    if relay.state == "prepared":
        return Step.PREPARE if now < relay.expires_at else Step.EXPIRE
    if relay.confirmed_at is not None:
        return None
    return Step.COMMIT if relay.state == "committed" else Step.ABORT


def move_after(step: Step, answer: Answer) -> Move:
    """What an answer to a step's message makes of the relay."""
    return _AFTER[step](answer)


def _after_prepare(answer: Answer) -> Move:
    if answer.state == "prepared":
        return Move.COMMIT
    # committed there before it was decided here: our books were set back
    return Move.SUSPEND if answer.state == "committed" else Move.END


def _after_commit(answer: Answer) -> Move:
    if answer.state == "committed":
        return Move.CONFIRM
    # an earlier commit has to arrive first; everything else cannot be with a common history
    return Move.WAIT if answer.code == "relay_out_of_order" else Move.SUSPEND


def _after_abort(answer: Answer) -> Move:
    return Move.CONFIRM if answer.state in ENDED or answer.state == UNKNOWN else Move.SUSPEND


def _after_ask(answer: Answer) -> Move:
    if answer.state == "committed":
        return Move.COMMIT
    return Move.END if answer.state in ENDED or answer.state == UNKNOWN else Move.WAIT


_AFTER = {
    Step.PREPARE: _after_prepare,
    Step.COMMIT: _after_commit,
    Step.ABORT: _after_abort,
    Step.ASK: _after_ask,
}
