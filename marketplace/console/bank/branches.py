"""The branches' figures, for anybody."""

from typing import Any

from litestar import Request, Response, get

from marketplace.console.bank.pairs import pairs
from marketplace.console.rendering import language, page
from marketplace.hours.branches.nights import newest
from marketplace.hours.branches.schemas import BranchOut, branch_out
from marketplace.web.dependencies import Home, Now, Tx


@get("/time-bank", include_in_schema=False, exclude_from_auth=True)
async def show_branches(request: Request[Any, Any, Any], tx: Tx, now: Now, platform: Home) -> Response[str]:
    """What every branch gave and received, as of the last night."""
    zh = language(request) == "zh"
    found = [branch_out(one) for one in await newest(tx, platform.policy.timebank, now=now)]
    picture = pairs([(_name(one, zh=zh), one.received_minutes, one.given_minutes) for one in found])
    rules = platform.policy.timebank
    return page(
        request,
        "branches.html",
        title=rules.title_zh if zh else rules.title_en,
        branches=[(_name(one, zh=zh), one) for one in found],
        picture=picture,
        stars=len(rules.stars_hours),
        stars_hours=rules.stars_hours,
    )


def _name(branch: BranchOut, *, zh: bool) -> str:
    return branch.name_zh if zh else branch.name_en


HANDLERS: list[Any] = [show_branches]
