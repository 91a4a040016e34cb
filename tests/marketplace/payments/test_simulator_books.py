"""Whatever is asked in whatever order, the simulator's books balance and no limit is crossed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from stripe._encode import _api_encode  # the SDK's own way of writing nested parameters

from marketplace.payments.simulator.control import summary
from marketplace.payments.simulator.desk import Desk
from marketplace.payments.simulator.objects import accounts, payment_intents, refunds, transfers
from marketplace.payments.simulator.store import Store
from marketplace.payments.simulator.wire import form
from marketplace.payments.simulator.wire.errors import ApiError
from marketplace.payments.simulator.wire.params import Params

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "pay", "capture", "cancel", "refund", "send_back", "transfer", "reverse", "pay_out"]),
        st.integers(0, 3),
        st.integers(1, 400),
    ),
    max_size=40,
)
TREES = st.recursive(
    st.text(min_size=1, max_size=8),
    lambda leaf: (
        st.lists(leaf, min_size=1, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), leaf, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


class Player:
    """Asks for one step after the other, each in its own savepoint as the application does."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.desk = Desk(db, wall=1_772_000_000.0)
        self.account = str(accounts.create(self.desk, Params({}))["id"])
        self.made: dict[str, list[str]] = {"payment_intent": [], "transfer": [], "refund": []}

    def ask(self, answerer: Callable[..., dict[str, Any]], *ids: str, **params: Any) -> None:
        self.desk.db.execute("SAVEPOINT step")
        try:
            made = answerer(self.desk, Params({name: str(value) for name, value in params.items()}), *ids)
        except ApiError as error:
            if not error.keeps_effects:
                self.desk.db.execute("ROLLBACK TO step")
            return
        if made["object"] in self.made and made["id"] not in self.made[made["object"]]:
            self.made[made["object"]].append(made["id"])

    def play(self, verb: str, which: int, amount: int) -> None:
        intents, moved = self.made["payment_intent"], self.made["transfer"]
        if verb in {"hold", "pay"}:
            manual = {"capture_method": "manual"} if verb == "hold" else {}
            pay = {"currency": "cny", "confirm": "true", "payment_method": "pm_card_visa", **manual}
            self.ask(payment_intents.create, amount=amount, **pay)
        elif verb == "transfer":
            self.ask(transfers.create, amount=amount, currency="cny", destination=self.account)
        elif verb == "pay_out":
            self.ask(accounts.pay_out, self.account, amount=amount)
        elif verb == "send_back":
            with suppress(IndexError):
                self.ask(refunds.settle, self.made["refund"][which], outcome="failure")
        elif verb == "reverse":
            with suppress(IndexError):
                self.ask(transfers.reverse, moved[which], amount=amount)
        else:
            with suppress(IndexError):
                self.on_intent(verb, intents[which], amount)

    def on_intent(self, verb: str, intent_id: str, amount: int) -> None:
        if verb == "capture":
            self.ask(payment_intents.capture, intent_id, amount_to_capture=amount)
        elif verb == "cancel":
            self.ask(payment_intents.cancel, intent_id)
        else:
            self.ask(refunds.create, payment_intent=intent_id, amount=amount)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_money_is_neither_made_nor_lost_by_any_order_of_requests(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder, closing(Store(Path(folder) / "s.db")) as store, store.transaction() as db:
        player = Player(db)
        for step in steps:
            player.play(*step)
            sums = summary(player.desk, b"")
            flows = sums["captured_fen"] - sums["refunded_fen"] - sums["transferred_fen"] + sums["reversed_fen"]
            assert sums["balance_fen"] == flows == player.desk.total("balance_transaction", "net")
            assert 0 <= sums["refunded_fen"] <= sums["captured_fen"]
            assert 0 <= sums["reversed_fen"] <= sums["transferred_fen"]
            assert sums["accounts_fen"] >= 0
            assert sums["authorised_fen"] >= 0


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), TREES, max_size=4))
def test_what_the_sdk_writes_as_a_form_is_read_back_as_it_was(tree: dict[str, Any]) -> None:
    assert form.parse(urlencode(list(_api_encode(tree))).encode()) == tree


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_named_error(raw: bytes) -> None:
    with suppress(ApiError):
        form.parse(raw)
