"""A history's course: founding the city in both worlds, then step after step, compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.timebank.simulation.author import Author
from tests.timebank.simulation.comparison import Comparison, Diverged
from tests.timebank.simulation.oracle import Oracle
from tests.timebank.simulation.steps import BookCloses, BookOpens, Root, Snapshot, Step
from tests.timebank.simulation.town import BOOKS, DAWN, founding
from tests.timebank.simulation.whole import everything, proof_holds
from tests.timebank.simulation.world import World
from timebank import apply, open_book
from timebank.schema import TABLES

EVERYTHING_EVERY = 250
OracleMaker = Callable[[], Oracle]


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where ledger and oracle parted: the step (from 0), and what was expected and found."""

    number: int
    subject: str
    expected: str
    found: str


@dataclass
class Course:
    """A history played so far."""

    comparison: Comparison
    steps: list[Step] = field(default_factory=list)
    sound: int = 0  # after so many steps everything agreed and the proof was empty
    divergence: Divergence | None = None


async def found(world: World) -> None:
    """The city in the ledger."""
    async with world.begin() as tx:
        for book, city in BOOKS:
            await open_book(tx, book, city=city)
    async with world.begin() as tx:
        await apply(tx, founding(), now=DAWN)


async def afresh(world: World) -> None:
    """An empty ledger, and the city founded again: as a fresh database, and ten times sooner."""
    tables = ", ".join(name for name in TABLES if name not in {"ledger_leg_sum", "ledger_net_position"})
    truncate = f"TRUNCATE {tables} RESTART IDENTITY CASCADE"
    await world.eye.execute(f"SET session_replication_role = replica; {truncate}; RESET session_replication_role")
    await found(world)


def founded(oracle: Oracle) -> Oracle:
    """The city in the oracle."""
    for book, city in BOOKS:
        oracle.open_book(book, city)
    oracle.apply(founding(), DAWN)
    return oracle


def now_of(step: Step, before: datetime) -> datetime:
    """The caller's clock after a step."""
    return before if isinstance(step, Snapshot | Root | BookOpens | BookCloses) else step.now


async def play(
    world: World,
    seed: int,
    count: int,
    *,
    make_oracle: OracleMaker = Oracle,
    deaths_of_the_server: int = 0,
    proofs: int = 5,
    tell: Callable[[Course], None] = lambda _course: None,
) -> Course:
    """Draw and play so many steps; ends at the first divergence."""
    oracle = founded(make_oracle())
    author = Author(seed, oracle, deaths_of_the_server=deaths_of_the_server)
    course = Course(Comparison(world, oracle))
    proof_every = max(1, count // proofs)
    for number in range(count):
        step = author.step(number)
        course.steps.append(step)
        last = number == count - 1
        await checked(
            course,
            author.now,
            all_of_it=last or not (number + 1) % EVERYTHING_EVERY,
            proof=last or not (number + 1) % proof_every,
        )
        if course.divergence is not None:
            break
        tell(course)
    return course


async def replay(world: World, steps: Sequence[Step], *, make_oracle: OracleMaker = Oracle) -> Course:
    """Play given steps on a fresh ledger, and compare everything and prove at the end."""
    await afresh(world)
    course = Course(Comparison(world, founded(make_oracle())))
    now = DAWN
    for number, step in enumerate(steps):
        course.steps.append(step)
        now = now_of(step, now)
        last = number == len(steps) - 1
        await checked(course, now, all_of_it=last, proof=last)
        if course.divergence is not None:
            break
    return course


async def checked(course: Course, now: datetime, *, all_of_it: bool, proof: bool) -> None:
    """Play the course's last step and compare."""
    comparison = course.comparison
    try:
        await comparison.step(course.steps[-1])
        if all_of_it:
            await everything(comparison, now)
        if proof:
            await proof_holds(comparison)
            course.sound = len(course.steps)
    except Diverged as diverged:
        number = len(course.steps) - 1
        course.divergence = Divergence(number, diverged.subject, str(diverged.expected), str(diverged.found))
