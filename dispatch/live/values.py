"""What a live plan answers with: proposals, what a change moves, what a drop-out or a delay does. All immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dispatch.places import Place
from dispatch.plan import Plan, PlanStopKind
from dispatch.tasks import Task

StopKey = tuple[str, str, int]  # kind, id, member


@dataclass(frozen=True, slots=True)
class Move:
    """A stop that a change starts at another time or gives to another shift. `before` or `after` None: it was, or will
    be, no stop (a break outside the route, a task out of the plan)."""

    kind: PlanStopKind
    id: str
    member: int
    shift: str  # where it is afterwards; where it was if it is no more
    before: int | None
    after: int | None
    from_shift: str | None = None  # where it was, if that is another shift

    @property
    def seconds(self) -> int | None:
        """How much later it starts (negative: earlier); None if it did not or does not start."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Placement:
    """One stop of the proposed task: on which shift, where among its stops (the start is 0), and when."""

    kind: PlanStopKind
    member: int
    shift: str
    position: int
    start: int


@dataclass(frozen=True, slots=True)
class Base:
    """What happens to the plan before a proposal's task is placed: a delay, tasks taken out. `behind` names the stop
    (kind, id, member) that she leaves late if that is not the last one to have begun by the plan; `loose`: her breaks
    that have not begun are taken wherever they fit; `excuses`: what is late whatever is left out."""

    shift: str = ""
    late_seconds: int = 0
    taken_out: tuple[str, ...] = ()
    behind: StopKey | None = None
    loose: bool = False
    excuses: tuple[Endangered, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A way to serve a task, good for one version of the plan. `cost` is what the routes cost more; what leaving the
    task out would cost is not in it. A repair after a delay moves a task that is served already, and may leave out
    others that the delay endangers too."""

    task: Task
    placements: tuple[Placement, ...]
    cost: int
    moves: tuple[Move, ...]
    overtime_seconds: int  # added, over all shifts
    version: int
    way: tuple[int, ...] = field(repr=False)  # how the engine gets there
    places: tuple[Place, ...] = field(default=(), repr=False)  # new ones
    base: Base = field(default=Base(), repr=False)

    @property
    def leaves_out(self) -> tuple[str, ...]:
        """Other tasks that are no longer served."""
        return tuple(name for name in self.base.taken_out if name != self.task.id)

    @property
    def start(self) -> int:
        """The start promised to whoever is visited: of the first member, or of the drop-off."""
        return self.placements[-1 if self.placements[0].kind == "pickup" else 0].start


@dataclass(frozen=True, slots=True)
class Removal:
    """The plan after tasks or a shift were taken out of it."""

    plan: Plan
    moves: tuple[Move, ...]
    unserved: tuple[str, ...]  # tasks served before and no longer
    stranded: tuple[
        str, ...
    ] = ()  # deliveries aboard when she dropped out: they stay with her, somebody must see to it
    late_breaks: tuple[str, ...] = ()  # shifts of others whose break has no place any more but after its window


Danger = Literal["window", "shift_window", "max_ride", "break", "max_work", "gap", "stagger", "elder"]


@dataclass(frozen=True, slots=True)
class Endangered:
    """What a delay breaks, and by how many seconds. `start` is when the stop would start."""

    cause: Danger
    shift: str
    kind: PlanStopKind
    id: str
    member: int
    start: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """What becomes of a plan if a shift runs late: every stop that starts later than promised, the rules this breaks
    (the earliest first), and ways to serve the first endangered task elsewhere."""

    shift: str
    seconds: int
    moves: tuple[Move, ...]
    endangered: tuple[Endangered, ...]
    repairs: tuple[Proposal, ...]
    version: int
    base: Base = field(default=Base(), repr=False)
