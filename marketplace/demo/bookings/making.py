"""Making bookings as a real client does: search, free slots, quote, booking, each with its Idempotency-Key.

Keys are made from the seed and the wish, so that a start that was killed in between goes on where it stopped.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from marketplace.demo.bookings.wishes import Wish
from marketplace.demo.callers import Caller, Exchange, Refused
from marketplace.demo.callers.exchange import together
from marketplace.demo.seeding.scene import Progress, silent

STEP = "bookings"
HITS = 4  # so many offers are looked at before a wish is given up
FULL = frozenset({"slot_taken", "sold_out"})


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a wish: a booking, or the code of why there is none."""

    wish: Wish
    booking_id: str | None
    refused: str | None = None


async def make_all(line: Exchange, found: list[Wish], day: date, *, progress: Progress = silent) -> list[Made]:
    """All wishes, a few at once, in the order of their numbers as far as the exchange keeps it."""

    async def make(wish: Wish) -> Made:
        return await _make(line.caller(wish.phone), wish, day, seed=line.cast.seed)

    return await together(make, found, told=lambda done, total: progress(STEP, done, total))


async def _make(caller: Caller, wish: Wish, day: date, *, seed: int) -> Made:
    elder_id = (await caller.get("/v1/elders"))["elders"][0]["id"]
    hits = (await caller.get("/v1/search", service=wish.service, elder_id=elder_id, tier=wish.tier))["hits"]
    refused = "nothing_found"
    for attempt, hit in enumerate(hits[:HITS]):
        window = await _window(caller, wish, hit["offer_id"], elder_id, day, chance=wish.share)
        if window is None:
            refused = "no_slot"
            continue
        try:
            return await _book(caller, wish, hit["offer_id"], elder_id, window, f"demo:{seed}:{wish.number}:{attempt}")
        except Refused as problem:
            if problem.code not in FULL:
                return Made(wish, None, problem.code)
            refused = problem.code
    return Made(wish, None, refused)


async def _window(
    caller: Caller, wish: Wish, offer_id: str, elder_id: str, day: date, *, chance: float
) -> dict[str, Any] | None:
    """A meal is ordered by its sitting; a home visit takes one of the free slots, by the wish's own chance."""
    if wish.is_meal:
        return {"day": day.isoformat(), "sitting": "lunch"}
    answer = await caller.get("/v1/slots", offer_id=offer_id, elder_id=elder_id, day=day, unit=wish.unit)
    slots = answer["slots"]
    if not slots:
        return None
    slot = slots[int(chance * len(slots))]
    return {"window_start": slot["window_start"], "window_end": slot["window_end"]}


async def _book(caller: Caller, wish: Wish, offer_id: str, elder_id: str, window: dict[str, Any], key: str) -> Made:
    asked = {"offer_id": offer_id, "elder_id": elder_id, "unit": wish.unit, **window}
    quote = await caller.post("/v1/quotes", asked, key=f"{key}:quote")
    agreed = {"quote_id": quote["id"], **({"payment_method": wish.method} if wish.method else {})}
    booking = await caller.post("/v1/bookings", agreed, key=f"{key}:booking")
    return Made(wish, booking["id"])
