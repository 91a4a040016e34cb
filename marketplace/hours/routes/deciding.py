"""Waiting orders decided by a second person, many at once."""

from typing import Any
from uuid import UUID

from litestar import Request, post
from litestar.params import JSONBody

from marketplace.base.actor import Role
from marketplace.base.errors import Language
from marketplace.hours.giving.batches import Decision, Row, decide_all, waiting_grants
from marketplace.hours.giving.schemas import MOST_DECIDED, DecidedOut, DecisionsIn, DecisionsOut
from marketplace.web.authentication import requires
from marketplace.web.dependencies import Act, Doing
from marketplace.web.problem import language_of


@post(
    "/v1/orders/decisions",
    tags=["giving"],
    guards=[requires(Role.OFFICER, Role.OPERATOR)],
    status_code=200,
    operation_id="decideOrders",
)
async def decide_orders(
    request: Request[Any, Any, Any],
    data: JSONBody[DecisionsIn],
    act: Doing,
) -> DecisionsOut:
    """Agree, or do not agree, to many orders; each is judged by itself and has an answer of its own."""

    async def work() -> DecisionsOut:
        decision = Decision(verdict=data.verdict, reason=data.reason, dry_run=data.dry_run)
        ids = await _asked(data, act)
        rules = act.platform.policy.timebank
        rows = await decide_all(act.tx, ids[:MOST_DECIDED], decision, rules=rules, actor=act.actor, now=act.now)
        more = ids[MOST_DECIDED - 1] if len(ids) > MOST_DECIDED else None
        return _out(rows, decision, language_of(request), next_after=more)

    return await act.once(DecisionsOut, work)


async def _asked(data: DecisionsIn, act: Act) -> list[UUID]:
    """The orders named, or one more of the month's than are decided at a time."""
    if data.district_id is None or data.month is None:
        return list(data.order_ids or ())
    limit = MOST_DECIDED + 1
    return await waiting_grants(act.tx, data.district_id, data.month, after=data.after, limit=limit, actor=act.actor)


def _out(rows: list[Row], decision: Decision, language: Language, *, next_after: UUID | None) -> DecisionsOut:
    done = [row for row in rows if row.refusal is None]
    return DecisionsOut(
        dry_run=decision.dry_run,
        decided=len(done),
        refused=len(rows) - len(done),
        minutes=sum(row.minutes for row in done),
        rows=[_row(row, "done" if decision.verdict == "approve" else "rejected", language) for row in rows],
        next_after=next_after,
    )


def _row(row: Row, to: str, language: Language) -> DecidedOut:
    return DecidedOut.model_validate(
        {
            "order_id": row.order_id,
            "kind": row.kind,
            "receiver_ids": row.receivers,
            "minutes": row.minutes,
            "excess_minutes": row.excess_minutes,
            "outcome": to if row.refusal is None else "refused",
            "code": row.refusal.code if row.refusal else None,
            "detail": row.refusal.sentence(language) if row.refusal else None,
        }
    )


HANDLERS: list[Any] = [decide_orders]
