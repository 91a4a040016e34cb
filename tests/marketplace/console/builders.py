"""Signing in to the console in tests, and a small planned Monday to look at."""

from dataclasses import dataclass

import httpx

from marketplace.base.actor import Role
from marketplace.base.database import transaction
from marketplace.base.platform import Platform
from marketplace.people.accounts import open_account
from marketplace.people.models import Region
from marketplace.visits.models import Visit
from tests.builders import next_phone
from tests.marketplace.planning.builders import Team, a_booked_visit, a_lunch, a_team, plan_now
from tests.marketplace.visits.builders import at

PASSWORD = "a-long-password-1"
SAME = {"Sec-Fetch-Site": "same-origin"}


async def staff(platform: Platform, region: Region | None, *roles: Role) -> str:
    """An account that signs in by password; returns its telephone."""
    phone = next_phone()
    async with transaction(platform.db) as tx:
        await open_account(
            tx,
            platform.vault,
            name="示例调度",
            phone=phone,
            roles=roles or (Role.DISPATCHER,),
            region_id=region.id if region else None,
            password=PASSWORD,
        )
    return phone


async def sign_in(client: httpx.AsyncClient, phone: str, lang: str = "zh") -> httpx.Response:
    """Post the form; the client keeps the cookies."""
    form = {"phone": phone, "password": PASSWORD, "code": ""}
    return await client.post(f"/console/sign-in?lang={lang}", data=form, headers=SAME)


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned Monday: one caregiver; a cleaning at nine, a lunch, and a medical visit that nobody can make."""

    team: Team
    cleaning: Visit
    lunch: Visit
    medical: Visit

    def address(self, lang: str = "zh", page: str = "day") -> str:
        return f"/console/{page}?district={self.team.district.id}&day=2026-03-02&lang={lang}"


async def a_planned_monday(platform: Platform) -> Planned:
    """Planned by the engine at six o'clock."""
    async with transaction(platform.db) as tx:
        team = await a_team(platform, tx, size=1)
        cleaning = await a_booked_visit(platform, tx, team)
        lunch = await a_lunch(platform, tx, team)
        medical = await a_booked_visit(
            platform, tx, team, service="medical", skills=("medical",), window_start=at(14), window_end=at(15)
        )
    await plan_now(platform, team)
    return Planned(team, cleaning, lunch, medical)
