"""A page about one branch: who opens it, the branches in her reach, the one it shows. Such pages open and end alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Actor
from marketplace.base.platform import Platform
from marketplace.console.bank.frame import Asked, framed, opened
from marketplace.console.bank.naming import Reader
from marketplace.console.day.districts import NoDistrict, chosen, districts_for
from marketplace.console.rendering import language
from marketplace.console.sign_in.visitor import Visitor
from marketplace.people.models import Region


@dataclass(frozen=True, slots=True)
class BranchPage:
    """What every page of a branch knows: `here` is the branch it shows, one of the `branches` its reader may choose."""

    request: Asked
    tab: str
    visitor: Visitor
    branches: Sequence[Region]
    here: Region
    reader: Reader

    @property
    def actor(self) -> Actor:
        """Who reads it."""
        return self.reader.actor

    def framed(self, template: str, **values: Any) -> Response[str]:
        """The page in its frame, with the branch and those to choose from."""
        return framed(
            self.request,
            template,
            self.visitor,
            self.tab,
            districts=self.branches,
            district=self.here,
            branch=self.here.name_zh if self.reader.zh else self.here.name_en,
            **values,
        )


async def open_branch(
    request: Asked, tx: AsyncSession, platform: Platform, tab: str, district: str | None, *, now: datetime
) -> BranchPage:
    """Open a page of the branch that was asked for, or of the first. `SignInNeeded`, `StaffOnly`, `NoDistrict`."""
    visitor = await opened(request, platform, tab)
    branches = await _in_reach(tx, visitor.actor)
    here = chosen(branches, district or None)
    return BranchPage(request, tab, visitor, branches, here, Reader(visitor.actor, now, language(request)))


async def _in_reach(tx: AsyncSession, actor: Actor) -> list[Region]:
    """The districts whose branches the actor is an officer of: all of each, not a street in it. `NoDistrict`."""
    found = [one for one in await districts_for(tx, actor) if one.path.startswith(actor.region_path)]
    if not found:
        raise NoDistrict
    return found
