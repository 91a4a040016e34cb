"""A side of a link in dictionaries: no SQL, its own hashes. It answers and records what the ledger's side should."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from tests.timebank.links.banks import GRANTED
from timebank.links import Relay
from timebank.links.protocol import REFUSED, UNKNOWN, Answer, Move, Step, move_after, next_step

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANYONE = UUID(int=0)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _fields(*values: object) -> bytes:
    return b"".join(b"%d:%b" % (len(str(value).encode()), str(value).encode()) for value in values)


def root(link: UUID, payer_bank: str, payee_bank: str) -> bytes:
    """Where the chain of a direction begins."""
    return sha256(_fields(link, "minute", payer_bank, payee_bank)).digest()


def linked(head: bytes, relay: Relay, seq: int, decided_at: datetime) -> bytes:
    """The next head of a chain."""
    tail = seq.to_bytes(8, "big") + _microseconds(decided_at).to_bytes(8, "big", signed=True)
    return sha256(head + relay.contents + tail).digest()


@dataclass
class Model:
    """`payer` and `payee` are balances; `ours` is what the partner may owe, `theirs` what we may."""

    name: str
    partner: str
    id: UUID
    ours: int
    theirs: int
    skew: timedelta = timedelta()
    payer: int = GRANTED
    payee: int = 0
    balance: int = 0
    state: str = "open"
    relays: dict[UUID, Relay] = field(default_factory=dict)
    heights: dict[str, int] = field(default_factory=lambda: {"out": 0, "in": 0})
    heads: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heads = {"out": root(self.id, self.name, self.partner), "in": root(self.id, self.partner, self.name)}

    def pending(self, direction: str) -> int:
        """What is prepared in a direction."""
        return sum(r.amount for r in self.relays.values() if r.direction == direction and r.state == "prepared")

    async def begin_relay(self, amount: int, relay: UUID, *, now: datetime, lives: timedelta) -> str | None:
        """Prepare an outgoing relay, or name the refusal."""
        if self.state != "open":
            return "link_suspended"
        if self.balance + self.pending("out") + amount > self.theirs:
            return "limit_reached"
        if self.payer - self.pending("out") < amount:
            return "insufficient_balance"
        local = now + self.skew
        self.relays[relay] = Relay(
            link=self.id,
            id=relay,
            direction="out",
            account=ANYONE,
            amount=amount,
            payer=f"{self.name}/bai",
            payee=f"{self.partner}/vera",
            expires_at=local + lives,
            contents=sha256(
                _fields(
                    self.id,
                    relay,
                    "minute",
                    amount,
                    f"{self.name}/bai",
                    f"{self.partner}/vera",
                    _microseconds(local + lives),
                )
            ).digest(),
            state="prepared",
            reason=None,
            seq=None,
            decided_at=None,
            head=None,
            prepared_at=local,
            ended_at=None,
            confirmed_at=None,
        )
        return None

    async def flying(self) -> list[Relay]:
        waiting = [relay for relay in self.relays.values() if relay.confirmed_at is None]
        return sorted(waiting, key=lambda one: (one.seq is None, one.seq or 0, one.prepared_at, one.id))

    async def receive(self, step: Step, relay: Relay, *, now: datetime) -> Answer:
        local, known = now + self.skew, self.relays.get(relay.id)
        if step is Step.PREPARE and known is None:
            refusal = self._refusal(relay, local)
            if refusal is not None:
                return Answer(REFUSED, refusal)
            self.relays[relay.id] = replace(relay, direction="in", prepared_at=local)
        elif step is Step.COMMIT:
            refusal = self._follow(known, relay, local)
            if refusal is not None:
                return Answer(REFUSED, refusal)
        elif step is Step.ABORT and known is not None:
            if known.state == "committed":
                return Answer(REFUSED, "relay_ended")
            if known.state == "prepared":
                self._end(known, "aborted", "told", local, confirmed=True)
        return self._answer(relay.id, local)

    def _refusal(self, relay: Relay, local: datetime) -> str | None:
        if self.state != "open":
            return "link_suspended"
        if relay.expires_at <= local:
            return "relay_expired"
        return "limit_reached" if self.balance - self.pending("in") - relay.amount < -self.ours else None

    def _follow(self, known: Relay | None, told: Relay, local: datetime) -> str | None:
        if known is None:
            return "unknown_relay"
        if known.state == "committed":
            return None if (known.seq, known.head) == (told.seq, told.head) else "relay_ended"
        if known.state != "prepared":
            return "relay_ended"
        assert told.seq is not None
        assert told.decided_at is not None
        if told.seq > self.heights["in"] + 1:
            return "relay_out_of_order"
        if linked(self.heads["in"], known, told.seq, told.decided_at) != told.head:
            return "chain_diverged"
        self._commit(known, told.seq, told.decided_at, local)
        return None

    def _answer(self, relay: UUID, local: datetime) -> Answer:
        found = self.relays.get(relay)
        if found is None:
            return Answer(UNKNOWN)
        if next_step(found, now=local) is Step.EXPIRE:
            found = self._end(found, "expired", "expired", local, confirmed=False)
        code = found.reason if found.state in {"aborted", "expired"} else None
        return Answer(found.state, code, found.seq, found.decided_at, found.head)

    def _end(self, relay: Relay, state: str, reason: str, local: datetime, *, confirmed: bool) -> Relay:
        known = local if confirmed else None
        self.relays[relay.id] = replace(
            relay,
            state="expired" if state == "expired" else "aborted",
            reason=reason,
            ended_at=local,
            confirmed_at=known,
        )
        return self.relays[relay.id]

    def _commit(self, relay: Relay, seq: int, decided_at: datetime, local: datetime) -> None:
        out = relay.direction == "out"
        head = linked(self.heads[relay.direction], relay, seq, decided_at)
        self.heads[relay.direction], self.heights[relay.direction] = head, seq
        self.balance += relay.amount if out else -relay.amount
        self.payer -= relay.amount if out else 0
        self.payee += 0 if out else relay.amount
        ends = {"ended_at": local, "confirmed_at": None if out else local}
        self.relays[relay.id] = replace(
            relay,
            state="committed",
            seq=seq,
            decided_at=decided_at,
            head=head,
            **ends,  # type: ignore[arg-type]
        )

    async def record(self, relay: Relay, step: Step, answer: Answer, *, now: datetime) -> Move:
        local, fresh = now + self.skew, self.relays[relay.id]
        move = move_after(step, answer)
        if (fresh.state, fresh.confirmed_at) != (relay.state, relay.confirmed_at) or move is Move.WAIT:
            return Move.WAIT
        if move is Move.CONFIRM:
            self.relays[relay.id] = replace(fresh, confirmed_at=local)
        elif move is Move.END:
            self._end(fresh, answer.state, answer.code or answer.state, local, confirmed=True)
        elif move is Move.COMMIT and fresh.direction == "out":
            return self._decide(fresh, local)
        elif move is Move.COMMIT:
            told = replace(fresh, seq=answer.seq, decided_at=answer.decided_at, head=answer.head)
            return move if self._follow(fresh, told, local) is None else Move.WAIT
        return move

    def _decide(self, relay: Relay, local: datetime) -> Move:
        if local >= relay.expires_at:
            return Move.WAIT
        if self.state != "open":
            self._end(relay, "aborted", "link_suspended", local, confirmed=False)
            return Move.END
        self._commit(relay, self.heights["out"] + 1, local, local)
        return Move.COMMIT

    async def expire(self, relay: Relay, *, now: datetime) -> None:
        fresh = self.relays[relay.id]
        if next_step(fresh, now=now + self.skew) is Step.EXPIRE:
            self._end(fresh, "expired", "expired", now + self.skew, confirmed=False)

    async def turn(self, state: str) -> None:
        self.state = state

    async def wealth(self) -> int:
        return self.payer + self.payee

    async def ends(self) -> dict[UUID, tuple[str, str | None, int | None, bytes | None]]:
        """How every relay stands."""
        return {one.id: (one.state, one.reason, one.seq, one.head) for one in self.relays.values()}

    async def mirror(self) -> tuple[int, int, bytes, int, bytes]:
        """Balance, and the chains sent and received."""
        return self.balance, self.heights["out"], self.heads["out"], self.heights["in"], self.heads["in"]
