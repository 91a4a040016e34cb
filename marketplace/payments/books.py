"""The money's books: what each event of payments moves in the ledger (unit fen, book `city`).

    gateway_cash     what lies with the gateway, negative: -posted is the balance it should show
    card_receivable  taken from payers and not yet earned; negative while earned and not yet taken
    provider_payable owed to a provider; a refund after a payout takes it below zero, the next payout nets it
    payout_transit   on its way to a provider
    platform_fee     earned by the platform
    programme_funds  paid in by an authority for redeemed hours; what its budget has paid is minus its account of the
                     time bank (issuance in fen), so the two together are what is left of the money

All functions return commands; the caller makes the transaction's one call of `timebank.apply`.
"""

from datetime import datetime
from uuid import UUID

from timebank import Command, Post, Reverse, Transfer, account_id, open_account

BOOK = "city"
UNIT = "fen"
CASH = "gateway_cash"
RECEIVABLE = "card_receivable"
PAYABLE = "provider_payable"
TRANSIT = "payout_transit"
FEE = "platform_fee"
FUNDS = "programme_funds"


def account(kind: str, provider_id: UUID | None = None) -> UUID:
    """The ledger account of this kind, of a provider where the kind is one per provider."""
    return account_id(BOOK, UNIT, kind, "" if provider_id is None else str(provider_id))


def fee_fen(gross_fen: int, fee_permille: int) -> int:
    """The platform's share of an amount, rounded half to even (as the city's plans prorate)."""
    whole, rest = divmod(gross_fen * fee_permille, 1000)
    return whole + (rest > 500 or (rest == 500 and whole % 2 == 1))


def settle_key(booking_id: UUID) -> str:
    """The key of the entry by which a booking's money was earned."""
    return f"card:{booking_id}:settle"


def settle_commands(
    *, provider_id: UUID, booking_id: UUID, gross_fen: int, fee_permille: int, occurred_at: datetime
) -> list[Command]:
    """The booking is served: `gross_fen` is earned, the provider's share becomes payable. 0 fen moves nothing."""
    fee = fee_fen(gross_fen, fee_permille)
    moves = {account(PAYABLE, provider_id): gross_fen - fee, account(FEE): fee}
    transfers = tuple(Transfer(account(RECEIVABLE), to, amount) for to, amount in moves.items() if amount)
    return _post(settle_key(booking_id), transfers, "card_settled", booking_id, occurred_at, provider_id)


def refund_commands(
    *, provider_id: UUID, booking_id: UUID, refund_fen: int, fee_permille: int, cause: str, occurred_at: datetime
) -> list[Command]:
    """Part of what was earned is given back: provider and platform each lose their share of it.

    `cause` names the decision (a refund's id), unique per booking.
    """
    fee = fee_fen(refund_fen, fee_permille)
    moves = {account(PAYABLE, provider_id): refund_fen - fee, account(FEE): fee}
    transfers = tuple(Transfer(source, account(RECEIVABLE), amount) for source, amount in moves.items() if amount)
    return _post(
        f"card:{booking_id}:refund:{cause}", transfers, "card_given_back", booking_id, occurred_at, provider_id
    )


def reverse_commands(*, booking_id: UUID, occurred_at: datetime, reason: str) -> list[Command]:
    """All that the booking earned is undone. Once per booking."""
    key = settle_key(booking_id)
    return [Reverse(key=f"{key}:reverse", entry_key=key, occurred_at=occurred_at, reason=reason)]


def captured_commands(payment_id: UUID, *, before_fen: int, after_fen: int, occurred_at: datetime) -> list[Command]:
    """The gateway took money from a payer: in all `after_fen` of this payment, `before_fen` of it known before."""
    moved = (Transfer(account(CASH), account(RECEIVABLE), after_fen - before_fen),) if after_fen > before_fen else ()
    return _post(f"payment:{payment_id}:captured:{after_fen}", moved, "card_captured", payment_id, occurred_at)


def refunded_commands(
    payment_id: UUID, *, before_fen: int, after_fen: int, turn: int, occurred_at: datetime
) -> list[Command]:
    """The payer has got back `after_fen` in all, `before_fen` of it known before; less when refunds failed later.

    `turn` grows with everything that is learnt of the payment's refunds, as the same sum may come twice.
    """
    if after_fen == before_fen:
        return []
    given = after_fen > before_fen
    source, destination = (RECEIVABLE, CASH) if given else (CASH, RECEIVABLE)
    moved = (Transfer(account(source), account(destination), abs(after_fen - before_fen)),)
    kind = "card_refunded" if given else "card_refund_failed"
    return _post(f"payment:{payment_id}:refunds:{turn}", moved, kind, payment_id, occurred_at)


def funded_commands(programme_id: UUID, reference: str, *, amount_fen: int, occurred_at: datetime) -> list[Command]:
    """An authority paid money for a programme into the gateway's account; `reference` is the bank's, once."""
    funds = account_id(BOOK, UNIT, FUNDS, str(programme_id))
    entry = Post(
        key=f"funds:{programme_id}:{reference}",
        transfers=(Transfer(account(CASH), funds, amount_fen),),
        kind="programme_funded",
        reference=str(programme_id),
        occurred_at=occurred_at,
    )
    return [*_opened({CASH}, None), open_account(BOOK, UNIT, FUNDS, owner=str(programme_id)), entry]


def payout_commands(
    payout_id: UUID, step: str, *, provider_id: UUID, amount_fen: int, occurred_at: datetime
) -> list[Command]:
    """A payout's `step`: `sent` sets the amount aside, `paid` says it left, `failed:N` makes it owed again."""
    source, destination = {
        "sent": (account(PAYABLE, provider_id), account(TRANSIT)),
        "paid": (account(TRANSIT), account(CASH)),
        "failed": (account(TRANSIT), account(PAYABLE, provider_id)),
    }[step.partition(":")[0]]
    moved = (Transfer(source, destination, amount_fen),)
    return _post(
        f"payout:{payout_id}:{step}", moved, f"payout_{step.partition(':')[0]}", payout_id, occurred_at, provider_id
    )


def _post(
    key: str,
    transfers: tuple[Transfer, ...],
    kind: str,
    reference: UUID,
    occurred_at: datetime,
    provider_id: UUID | None = None,
) -> list[Command]:
    if not transfers:
        return []
    entry = Post(key=key, transfers=transfers, kind=kind, reference=str(reference), occurred_at=occurred_at)
    return [*_opened({CASH, RECEIVABLE, TRANSIT, FEE}, provider_id), entry]


def open_payable(provider_id: UUID) -> list[Command]:
    """The command that opens what a provider is owed, for whoever else pays it; repeating it changes nothing."""
    return [open_account(BOOK, UNIT, PAYABLE, owner=str(provider_id), floor=None)]


def _opened(kinds: set[str], provider_id: UUID | None) -> list[Command]:
    # no floors: each of these runs below zero while the other side of its business is still to come
    shared: list[Command] = [open_account(BOOK, UNIT, kind, floor=None) for kind in sorted(kinds)]
    return shared if provider_id is None else [*shared, *open_payable(provider_id)]
