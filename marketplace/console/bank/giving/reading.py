"""Orders and standing orders as an officer's page shows them: with names, and with what she may do about each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.base.timebank_rules import GivingRules
from marketplace.console.bank.giving.reasons import spoken
from marketplace.console.bank.naming import Names, Reader
from marketplace.console.words import Say
from marketplace.hours.giving.batches import SIMPLE
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.models import KINDS, TransferLine, TransferOrder, TransferSchedule
from marketplace.hours.giving.phrases import of_kind
from marketplace.hours.giving.undoing import undoable_until

SHOWN_NAMES = 3  # of an order to many; the rest is counted


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order in words. `own`: the reader asked for it, so another person decides. `asked`: whose file shows it, where
    it is a collection that waits for her word."""

    order: TransferOrder
    reason: str
    givers: str
    receivers: str
    asked_by: str
    decided_by: str
    own: bool
    undo_until: datetime | None
    answers: tuple[int, int, int]
    asked: UUID | None = None

    @property
    def many(self) -> bool:
        """May it be decided together with others?"""
        return self.order.state == "pending" and not self.own and self.order.kind in SIMPLE

    @property
    def steps(self) -> tuple[tuple[str, dict[str, str], str, bool], ...]:
        """What the page offers: step, body, words, whether a reason is needed; the API has the last word."""
        if self.order.state == "pending" and not self.own:
            return ("approve", {}, "order_approve", False), ("reject", {}, "order_reject", True)
        if self.asked is not None:
            behalf = {"on_behalf_of": str(self.asked)}
            return ("consent", behalf, "order_consent", True), ("decline", behalf, "order_decline", True)
        if self.order.state in {"pending", "collecting"}:
            return (("cancel", {}, "order_cancel", True),)
        return (("undo", {}, "order_undo", True),) if self.undo_until else ()


def shown_order(
    placed: Placed, names: Names, reader: Reader, rules: GivingRules, *, file: UUID | None = None
) -> ShownOrder:
    """The order in the reader's language; in a member's file with what may be answered for her."""
    order, lines, actor, say = placed.order, placed.lines, reader.actor, reader.say
    until = undoable_until(order, rules)
    consents = [line.consent for line in lines]
    if order.giver_id is not None:
        givers = [names.member(order.giver_id, say("none"))]
    else:
        givers = _each(names.member(line.giver_id, _source(line, names, say)) for line in lines)
    return ShownOrder(
        order=order,
        reason=spoken(order.reason, say),
        givers=_few(givers, say),
        receivers=_few(_each(_receiver(line, names, say) for line in lines), say),
        asked_by=names.accounts.get(order.asked_by, say("by_rule")) if order.asked_by else say("by_rule"),
        decided_by=names.accounts.get(order.decided_by, "") if order.decided_by else "",
        own=order.asked_by is not None and order.asked_by == actor.account_id,
        undo_until=until if until is not None and until >= reader.now and _another(order, actor) else None,
        asked=file if _is_asked(placed, file) else None,
        answers=(consents.count("given"), consents.count("asked"), consents.count("declined")),
    )


def _is_asked(placed: Placed, member_id: UUID | None) -> bool:
    asked = (line.giver_id for line in placed.lines if line.consent == "asked")
    return placed.order.state == "collecting" and member_id is not None and member_id in asked


def _another(order: TransferOrder, actor: Actor) -> bool:
    """An inheritance is taken back by another officer than asked or agreed."""
    return order.kind != "inheritance" or actor.account_id not in {order.asked_by, order.decided_by}


def _source(line: TransferLine, names: Names, say: Say) -> str:
    return names.pools.get(line.source_account, say("a_programme"))


def _receiver(line: TransferLine, names: Names, say: Say) -> str:
    if line.destination == "member":
        return names.member(line.receiver_id, say("none"))
    return say("the_city") if line.destination == "city" else names.pools.get(line.destination_account, say("none"))


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def kinds_in(reader: Reader) -> dict[str, str]:
    """Every kind of order in words."""
    return {kind: of_kind(kind)[0 if reader.zh else 1] for kind in KINDS}


def _few(names: Sequence[str], say: Say) -> str:
    text = say("and").join(names[:SHOWN_NAMES]) or say("none")
    more = len(names) - SHOWN_NAMES
    return f"{text}{say('and_more', count=more)}" if more > 0 else text


def members_in(orders: Iterable[Placed], schedules: Iterable[TransferSchedule] = ()) -> set[UUID]:
    """Every member that these orders and schedules speak of."""
    found = {placed.order.giver_id for placed in orders} | {placed.order.on_behalf_of for placed in orders}
    found |= {one for placed in orders for line in placed.lines for one in (line.giver_id, line.receiver_id)}
    for row in schedules:
        found |= {row.giver_id, *(receiver for receiver, _ in scheduled(row))}
    return {one for one in found if one is not None}


def accounts_in(orders: Iterable[Placed]) -> set[UUID]:
    """Everybody who asked or decided."""
    found = {one for placed in orders for one in (placed.order.asked_by, placed.order.decided_by)}
    return {one for one in found if one is not None}


def scheduled(row: TransferSchedule) -> list[tuple[UUID | None, int]]:
    """To which members a standing order gives how much each time; None: to a pool, the city or an elder."""
    if row.kind == "gift":
        return [(UUID(one["member_id"]), int(one["minutes"])) for one in row.what["to"]]
    named = row.what.get("member_id")
    return [(UUID(named) if named else None, int(row.what["minutes"]))]
