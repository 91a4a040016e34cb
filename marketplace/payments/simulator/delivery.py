"""Delivery of events to the webhook: in order, signed, each again until it is accepted.

In order means that a refused event holds the later ones back; `shuffle` lifts that. What is pending lies in the
file, so a killed simulator goes on where it was, and may repeat the one event whose answer it did not hear.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from marketplace.payments.simulator.signature import sign
from marketplace.payments.simulator.store import Store
from marketplace.payments.simulator.switches import read as switches_of

log = logging.getLogger(__name__)
FIRST_BACKOFF_SECONDS = 0.05
LONGEST_BACKOFF_SECONDS = 2.0
LOOK_AGAIN_SECONDS = 0.5  # also the longest time a changed switch waits to be noticed
SHUFFLED_TOGETHER = 20
ACCEPT_WITHIN_SECONDS = 10
PENDING = """
    SELECT d.seq, d.attempts, d.next_at, o.body FROM deliveries d
    JOIN objects o ON o.id = d.event WHERE d.copies_left > 0 """
IN_ORDER = PENDING + "ORDER BY d.seq LIMIT ?"
ANY_ORDER = PENDING + "ORDER BY d.next_at LIMIT ?"


@dataclass(frozen=True, slots=True)
class Pending:
    """One event that still has copies to deliver."""

    seq: int
    attempts: int
    next_at: float
    text: str

    def body(self) -> bytes:
        """Write it out in the provider's way; parsing and writing it again anywhere else breaks the signature."""
        return json.dumps(json.loads(self.text), indent=2, ensure_ascii=False).encode()


class Courier:
    """Carries events to one address. `wall` tells Unix seconds; `chance` decides the order when shuffling."""

    def __init__(
        self, store: Store, *, url: str | None, secret: str, wall: Callable[[], float], chance: random.Random
    ) -> None:
        self._store = store
        self._url = url
        self._secret = secret
        self._wall = wall
        self._chance = chance
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that something may have become due."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        if self._url is None:
            return
        async with httpx.AsyncClient(timeout=ACCEPT_WITHIN_SECONDS, trust_env=False) as client:
            while True:
                try:
                    await self._step(client)
                except Exception:
                    log.exception("the courier stumbled and goes on")
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _step(self, client: httpx.AsyncClient) -> None:
        self._woken.clear()
        due = self._next()
        if due is None or due.next_at > self._wall():
            await self._rest(due)
        else:
            await self._attempt(client, due)

    async def _rest(self, due: Pending | None) -> None:
        wait = LOOK_AGAIN_SECONDS if due is None else min(LOOK_AGAIN_SECONDS, due.next_at - self._wall())
        try:
            await asyncio.wait_for(self._woken.wait(), max(wait, 0.001))
        except TimeoutError:
            return

    def _next(self) -> Pending | None:
        with self._store.transaction() as db:
            switches = switches_of(db)
            if switches.paused:
                return None
            query, most = (ANY_ORDER, SHUFFLED_TOGETHER) if switches.shuffle else (IN_ORDER, 1)
            rows = db.execute(query, (most,)).fetchall()
        pending = [Pending(*row) for row in rows]
        due = [each for each in pending if each.next_at <= self._wall()]
        return self._chance.choice(due) if due else next(iter(pending), None)

    async def _attempt(self, client: httpx.AsyncClient, due: Pending) -> None:
        with self._store.transaction() as db:
            lost = due.attempts < switches_of(db).drop_first_attempts
        accepted = not lost and await self._post(client, due.body())
        with self._store.transaction() as db:
            if accepted:
                db.execute(
                    "UPDATE deliveries SET accepted = 1, copies_left = copies_left - 1, "
                    "attempts = attempts + 1 WHERE seq = ?",
                    (due.seq,),
                )
                return
            pause = min(FIRST_BACKOFF_SECONDS * 2 ** min(due.attempts, 10), LONGEST_BACKOFF_SECONDS)
            db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = ? WHERE seq = ?",
                (self._wall() + pause, due.seq),
            )

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> bool:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(body, self._secret, int(self._wall())),
        }
        try:
            answer = await client.post(self._url or "", content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success
