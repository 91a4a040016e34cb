"""What seeding passes from step to step: the cast, the open transaction, and the rows made so far."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.crypto import Vault
from marketplace.base.policy import Policy
from marketplace.demo.names import Gender
from marketplace.demo.population import Cast
from marketplace.hours.models import Member
from marketplace.people.models import Region

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


def silent(_step: str, _done: int, _total: int) -> None:
    """No progress is shown."""


@dataclass(slots=True)
class Scene:
    """One seeding under way. Lists are in the order of the cast's."""

    cast: Cast
    tx: AsyncSession
    vault: Vault
    policy: Policy
    now: datetime
    progress: Progress
    city: Region | None = None
    districts: list[Region] = field(default_factory=list)
    communities: dict[str, Region] = field(default_factory=dict)
    operator: Actor = field(default_factory=Actor.system)
    officers: dict[int, Actor] = field(default_factory=dict)
    providers: list[UUID] = field(default_factory=list)
    admins: list[Actor] = field(default_factory=list)
    elders: list[UUID] = field(default_factory=list)
    volunteers: list[Member] = field(default_factory=list)

    def told(self, step: str, items: Iterable[T], total: int) -> Iterator[T]:
        """The items, with the progress told after each."""
        for done, item in enumerate(items, start=1):
            yield item
            self.progress(step, done, total)


def letter(gender: Gender) -> str:
    """The gender as rows have it."""
    return gender[0]
