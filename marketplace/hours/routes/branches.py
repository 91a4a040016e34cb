"""Public figures of the branches, as of the last night."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from marketplace.base.errors import Unknown
from marketplace.base.papers.tables import Cell, csv_text
from marketplace.hours.branches.nights import newest
from marketplace.hours.branches.schemas import BranchList, BranchOut, branch_out
from marketplace.web.dependencies import Home, Now, Tx
from marketplace.web.formats import file_answer, wanted

TAGS = ["public figures"]
PLAIN = [name for name in BranchOut.model_fields if name not in {"district_id", "stars"}]


@get("/v1/hours/branches", tags=TAGS, operation_id="branchFigures", exclude_from_auth=True)
async def list_branches(request: Request[Any, Any, Any], tx: Tx, now: Now, platform: Home) -> Response[Any]:
    """Every branch's figures as of the last night; with `Accept` or `?format=csv` as CSV."""
    found = [branch_out(one) for one in await newest(tx, platform.policy.timebank, now=now)]
    if wanted(request, "json", "csv") == "csv":
        return file_answer(as_csv(found), "csv", name="branches")
    return Response(BranchList(items=found))


@get("/v1/hours/branches/{district:str}", tags=TAGS, operation_id="oneBranchFigures", exclude_from_auth=True)
async def show_branch(
    request: Request[Any, Any, Any], district: FromPath[str], tx: Tx, now: Now, platform: Home
) -> Response[Any]:
    """One branch's figures, by the district's id or code."""
    found = [branch_out(one) for one in await newest(tx, platform.policy.timebank, now=now)]
    branch = next((one for one in found if district in {str(one.district_id), one.code}), None)
    if branch is None:
        raise Unknown(what="branch")
    if wanted(request, "json", "csv") == "csv":
        return file_answer(as_csv([branch]), "csv", name=f"branch-{branch.code}")
    return Response(branch)


def as_csv(branches: Sequence[BranchOut]) -> str:
    """A row per branch, its stars in columns of their own."""
    most = max((len(one.stars) for one in branches), default=1)
    header = [*PLAIN, *(f"stars_{number}" for number in range(most))]
    return csv_text(header, [[*_cells(one), *one.stars] for one in branches])


def _cells(branch: BranchOut) -> list[Cell]:
    values = [getattr(branch, name) for name in PLAIN]
    return [value.isoformat() if hasattr(value, "isoformat") else value for value in values]


HANDLERS: list[Any] = [list_branches, show_branch]
