"""The engine in a process of its own: it searches for seconds, and the event loop may not wait for it.

The child gets two files and no secrets. It ends by its own time limit, so even an orphan does not linger.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dispatch
from dispatch import check, parse_plan, parse_problem
from dispatch.search.cache import is_warm
from marketplace.planning.errors import SolverFailed

WARM_UP_SECONDS = 600.0  # compiling takes about 30 on an idle machine, once per version
PATIENCE_SECONDS = 20.0  # beyond the limit, for starting up, closing and a busy machine
WITH_A_PLAN = (0, 1)  # 1: something mandatory is unserved; the plan is valid all the same


async def warm_up() -> None:
    """Have the engine compiled, once per version and machine; at once where that is done. `SolverFailed`."""
    if not is_warm() and (code := await _run(["warm-up"], limit_seconds=WARM_UP_SECONDS)) != 0:
        raise SolverFailed(exit_code=code)


async def solve(problem: dict[str, Any], *, seconds: float, seed: int) -> dict[str, Any]:
    """The engine's plan document for a problem document. `SolverFailed` carries the exit code."""
    await warm_up()
    with TemporaryDirectory(prefix="liuzhu-plan-") as folder:
        asked, answer = Path(folder) / "problem.json", Path(folder) / "plan.json"
        asked.write_text(json.dumps(problem))
        code = await _run(
            ["solve", str(asked), "-o", str(answer), "--seconds", str(seconds), "--seed", str(seed)],
            limit_seconds=2 * seconds + PATIENCE_SECONDS,
        )
        if code not in WITH_A_PLAN or not answer.exists():
            raise SolverFailed(exit_code=code)
        plan: dict[str, Any] = json.loads(answer.read_text())
        return plan


async def _run(arguments: list[str], *, limit_seconds: float) -> int:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dispatch",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
    )
    try:
        return await asyncio.wait_for(child.wait(), limit_seconds)
    except TimeoutError as error:
        raise SolverFailed(exit_code="timeout") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _environment() -> dict[str, str]:
    home = str(Path(dispatch.__file__).parents[1])
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return passed | {"PYTHONPATH": home}


async def violations(problem: dict[str, Any], plan: dict[str, Any]) -> list[str]:
    """What the independent checker finds wrong, judged here and not in the child: empty means publishable."""

    def judge() -> list[str]:
        found = check(parse_problem(json.dumps(problem)), parse_plan(json.dumps(plan)))
        return [str(violation) for violation in found]

    return await asyncio.to_thread(judge)
