"""Orders: giving, collecting, passing on, moving; looking at them, agreeing to them, taking them back."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.base.actor import Role
from marketplace.base.errors import Unknown
from marketplace.hours.giving import (
    collecting,
    deciding,
    donations,
    gifts,
    homes,
    inheritance,
    listing,
    undoing,
)
from marketplace.hours.giving.entries import Placed
from marketplace.hours.giving.heirs import Heir
from marketplace.hours.giving.orders import acts_for_giver, locked
from marketplace.hours.giving.schemas import (
    AnswerIn,
    BecauseIn,
    CollectionIn,
    DecisionIn,
    DonationIn,
    GiftIn,
    InheritanceIn,
    LineOut,
    MoveIn,
    OrderOut,
    OrderPage,
    ShareIn,
    State,
)
from marketplace.hours.members.proxies import Acts, acting, is_officer_of
from marketplace.web.authentication import requires, signed_in
from marketplace.web.dependencies import Act, Acting, Doing, Now, Tx

TAGS = ["giving"]
STAFF = (Role.OFFICER, Role.OPERATOR)
# acts on what exists already are answered 200
decision = partial(post, tags=TAGS, guards=[requires(*STAFF)], status_code=200)
step = partial(post, tags=TAGS, guards=[signed_in], status_code=200)


@post("/v1/gifts", tags=TAGS, guards=[signed_in], operation_id="giveHours")
async def give(data: JSONBody[GiftIn], act: Doing) -> OrderOut:
    """Give own hours to one member or to many, as the rules let them go; above the limit a second person agrees."""

    async def work() -> OrderOut:
        acts = await acting(act.tx, data.on_behalf_of, scope="pay", actor=act.actor, now=act.now, reason=data.reason)
        placed = await gifts.give(
            act.tx, acts, _shares(data.to), reason=data.reason, policy=act.platform.policy, actor=act.actor, now=act.now
        )
        return shown(placed)

    return await act.once(OrderOut, work)


@post("/v1/donations", tags=TAGS, guards=[signed_in], operation_id="donateHours")
async def donate(data: JSONBody[DonationIn], act: Doing) -> OrderOut:
    """Donate hours to a person, a branch's pool or the city."""

    async def work() -> OrderOut:
        acts = await acting(act.tx, data.on_behalf_of, scope="pay", actor=act.actor, now=act.now, reason=data.reason)
        placed = await donations.donate(
            act.tx,
            acts,
            data.to,
            data.minutes,
            elder_id=data.elder_id,
            member_id=data.member_id,
            district_id=data.district_id,
            reason=data.reason,
            policy=act.platform.policy,
            actor=act.actor,
            now=act.now,
        )
        return shown(placed)

    return await act.once(OrderOut, work)


@post("/v1/collections", tags=TAGS, guards=[signed_in], operation_id="collectHours")
async def collect(data: JSONBody[CollectionIn], act: Doing) -> OrderOut:
    """Ask many to give to one. What each agrees to is held, and moves at once when all have answered or time is up."""

    async def work() -> OrderOut:
        acts = await acting(act.tx, data.on_behalf_of, scope="book", actor=act.actor, now=act.now, reason=data.reason)
        receiver = await donations.receiver_of(act.tx, None, data.member_id)
        placed = await collecting.collect(
            act.tx,
            acts,
            receiver,
            _shares(data.shares),
            ends_at=data.ends_at,
            reason=data.reason,
            policy=act.platform.policy,
            actor=act.actor,
            now=act.now,
        )
        return shown(placed)

    return await act.once(OrderOut, work)


@post("/v1/inheritances", tags=TAGS, guards=[requires(*STAFF)], operation_id="passHoursOn")
async def pass_on(data: JSONBody[InheritanceIn], act: Doing) -> OrderOut:
    """A member is gone: her balance goes to her heirs or her branch, and her account is closed."""

    async def work() -> OrderOut:
        heirs = [Heir(one.member_id, one.parts) for one in data.heirs] or [Heir(one) for one in [data.heir_id] if one]
        passing = inheritance.Passing(
            member_id=data.member_id, heirs=tuple(heirs), proof=data.proof, reason=data.reason
        )
        return shown(
            await inheritance.pass_on(act.tx, passing, policy=act.platform.policy, actor=act.actor, now=act.now)
        )

    return await act.once(OrderOut, work)


@post("/v1/me/branch", tags=TAGS, guards=[signed_in], operation_id="moveHomeBranch")
async def move_home(data: JSONBody[MoveIn], act: Doing) -> OrderOut:
    """Be at home in another branch from now on: the balance moves to its book."""

    async def work() -> OrderOut:
        acts = await acting(act.tx, data.on_behalf_of, scope=None, actor=act.actor, now=act.now, reason=data.reason)
        placed = await homes.move_home(
            act.tx, acts, data.district_id, reason=data.reason, policy=act.platform.policy, actor=act.actor, now=act.now
        )
        return shown(placed)

    return await act.once(OrderOut, work)


@get("/v1/orders", tags=TAGS, guards=[signed_in], operation_id="listOrders")
async def list_orders(
    tx: Tx,
    actor: Acting,
    now: Now,
    only: FromQuery[Annotated[State | None, QueryParameter(name="state")]] = None,
    member_id: FromQuery[UUID | None] = None,
    after: FromQuery[UUID | None] = None,
    limit: FromQuery[Annotated[int, QueryParameter(ge=1, le=200)]] = 50,
) -> OrderPage:
    """Orders that concern one, or whom one acts for, newest first; for officers those of their branches."""
    found = await listing.orders_for(
        tx, actor=actor, now=now, state=only, member_id=member_id, after=after, limit=limit + 1
    )
    items = [shown(placed) for placed in found[:limit]]
    return OrderPage(items=items, next_after=items[-1].id if len(found) > limit else None)


@get("/v1/orders/{order_id:uuid}", tags=TAGS, guards=[signed_in], operation_id="showOrder")
async def show_order(order_id: FromPath[UUID], tx: Tx, actor: Acting, now: Now) -> OrderOut:
    """One order, for who asked, gives, receives or decides."""
    return shown(await listing.order_for(tx, order_id, actor=actor, now=now))


@decision("/v1/orders/{order_id:uuid}/approve", operation_id="approveOrder")
async def approve(
    order_id: FromPath[UUID],
    data: JSONBody[DecisionIn],
    act: Doing,
) -> OrderOut:
    """Agree to an order above the limit, as another person than who asked, gives or receives."""

    async def work() -> OrderOut:
        rules = act.platform.policy.timebank
        return shown(
            await deciding.approve(act.tx, order_id, rules=rules, actor=act.actor, now=act.now, reason=data.reason)
        )

    return await act.once(OrderOut, work)


@decision("/v1/orders/{order_id:uuid}/reject", operation_id="rejectOrder")
async def reject(order_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> OrderOut:
    """Do not agree: the minutes are free again."""

    async def work() -> OrderOut:
        return shown(await deciding.reject(act.tx, order_id, actor=act.actor, now=act.now, reason=data.reason))

    return await act.once(OrderOut, work)


@step("/v1/orders/{order_id:uuid}/cancel", operation_id="cancelOrder")
async def cancel(order_id: FromPath[UUID], data: JSONBody[BecauseIn], act: Doing) -> OrderOut:
    """Call off an order that still waits: who asked for it, its giver, or an officer of the branch."""

    async def work() -> OrderOut:
        placed = await locked(act.tx, order_id)
        order = placed.order
        asked = order.asked_by is not None and order.asked_by == act.actor.account_id
        mine = asked or await is_officer_of(act.tx, order.district_id, act.actor)
        if not (mine or await acts_for_giver(act.tx, order, actor=act.actor, now=act.now)):
            raise Unknown(what="order")
        await deciding.cancel(act.tx, placed, actor=act.actor, now=act.now, reason=data.reason)
        return shown(placed)

    return await act.once(OrderOut, work)


@step("/v1/orders/{order_id:uuid}/undo", operation_id="undoOrder")
async def undo(
    order_id: FromPath[UUID],
    data: JSONBody[BecauseIn],
    act: Doing,
) -> OrderOut:
    """Take a gift, a donation or an inheritance back, as long as the rules let it, if it is not spent."""

    async def work() -> OrderOut:
        rules = act.platform.policy.timebank.giving
        return shown(
            await undoing.undo(act.tx, order_id, rules=rules, actor=act.actor, now=act.now, reason=data.reason)
        )

    return await act.once(OrderOut, work)


@step("/v1/orders/{order_id:uuid}/consent", operation_id="consent")
async def consent(order_id: FromPath[UUID], data: JSONBody[AnswerIn], act: Doing) -> OrderOut:
    """Agree to what one is asked for by a collection: the minutes are held until it is carried out."""
    return await _answered(order_id, data, "given", act)


@step("/v1/orders/{order_id:uuid}/decline", operation_id="decline")
async def decline(order_id: FromPath[UUID], data: JSONBody[AnswerIn], act: Doing) -> OrderOut:
    """Do not take part in a collection."""
    return await _answered(order_id, data, "declined", act)


async def _answered(order_id: UUID, data: AnswerIn, word: Literal["given", "declined"], act: Act) -> OrderOut:
    async def work() -> OrderOut:
        acts = await acting(act.tx, data.on_behalf_of, scope="pay", actor=act.actor, now=act.now, reason=data.reason)
        placed = await locked(act.tx, order_id)
        await collecting.answer(act.tx, placed, acts, word, policy=act.platform.policy, actor=act.actor, now=act.now)
        return shown(_mine(placed, acts))

    return await act.once(OrderOut, work)


def _mine(placed: Placed, acts: Acts) -> Placed:
    """What a giver sees of a collection: her own line."""
    return Placed(placed.order, [line for line in placed.lines if line.giver_id == acts.member.id])


def _shares(given: Sequence[ShareIn]) -> list[gifts.Share]:
    return [gifts.Share(one.member_id, one.minutes) for one in given]


def shown(placed: Placed) -> OrderOut:
    """An order as an answer."""
    order = placed.order
    lines = [LineOut(**line.model_dump(include=set(LineOut.model_fields))) for line in placed.lines]
    return OrderOut(**order.model_dump(include=set(OrderOut.model_fields) - {"lines"}), lines=lines)


HANDLERS: list[Any] = [
    give,
    donate,
    collect,
    pass_on,
    move_home,
    list_orders,
    show_order,
    approve,
    reject,
    cancel,
    undo,
    consent,
    decline,
]
