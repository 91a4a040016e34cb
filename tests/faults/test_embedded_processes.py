"""Servers and the process that started them: killed parents, orphans, two processes, a plain user."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # the wheel carries no types
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from marketplace.base.embedded import Postgres, Valkey, host
from marketplace.base.embedded.process import working_in

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("embedded_child.py")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory whose servers do not outlive the test, whatever fails in it."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        for state in Path(folder).rglob("*.state"):
            for process in working_in(state):
                process.kill()


def start(data: Path, *, outlives: bool, python: str = sys.executable, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python, str(CHILD), str(data), "outlives" if outlives else "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(ROOT), *packages()])},
        **options,
    )


def packages() -> list[str]:
    return [part for part in sys.path if part.endswith("site-packages")]


def first_line(child: subprocess.Popen[str]) -> dict[str, Any]:
    assert child.stdout is not None
    said: dict[str, Any] = json.loads(child.stdout.readline())
    return said


def close(child: subprocess.Popen[str]) -> None:
    child.communicate(timeout=30)  # closes its input, which ends it


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends children with their parent")
def test_servers_end_when_their_liuzhu_is_killed_with_9(place: Path) -> None:
    child = start(place, outlives=False)
    pids = first_line(child)["pids"]
    child.kill()
    close(child)
    ends_at = time.monotonic() + 10
    while not all(gone(pid) for pid in pids) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert all(gone(pid) for pid in pids)


async def test_orphans_of_a_killed_liuzhu_are_taken_over_with_their_data(place: Path) -> None:
    child = start(place, outlives=True)
    said = first_line(child)
    engine = create_async_engine(said["postgres"].replace("postgresql:", "postgresql+asyncpg:"))
    connection = await engine.connect()
    await connection.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
    await connection.commit()
    os.kill(child.pid, signal.SIGKILL)
    close(child)
    with Postgres(place) as postgres, Valkey(place) as valkey:
        assert [postgres.pid, valkey.pid] == said["pids"]
        assert [postgres.url, valkey.url] == [said["postgres"], said["valkey"]]
        assert await connection.scalar(text("SELECT n FROM kept")) == 7  # the very same connection
        await connection.close()
        await engine.dispose()
    assert all(gone(pid) for pid in said["pids"])


def test_an_orphan_less_durable_than_asked_is_replaced(place: Path) -> None:
    child = start(place, outlives=True)
    said = first_line(child)
    child.kill()
    close(child)
    with Postgres(place, durable=False) as postgres:
        assert postgres.pid != said["pids"][0]
    with Valkey(place):
        pass


def test_a_second_liuzhu_on_the_same_data_gets_one_line_naming_the_first(place: Path) -> None:
    first = start(place, outlives=False)
    assert "postgres" in first_line(first)
    second = start(place, outlives=False)
    error = first_line(second)["error"]
    assert error.startswith(f"another Liuzhu (process {first.pid}) is using {place}")
    close(second)
    close(first)
    assert first.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="run by a plain user, every other test here is this one")
def test_a_plain_user_runs_the_servers_as_itself(place: Path) -> None:
    nobody = host.server_account()
    minor = f"python3.{sys.version_info.minor}"
    pythons = [Path(sys.executable), Path("/usr/bin") / minor, Path("/usr/local/bin") / minor]
    python = next((one for one in pythons if one.exists() and host.reachable(one, nobody)), None)
    if (
        python is None
        or nobody is None
        or not all(host.reachable(Path(one), nobody) for one in [str(ROOT), *packages()])
    ):
        pytest.skip("no Python of this version here that the user 'nobody' may run")
    place.chmod(0o755)
    data = place / "data"
    data.mkdir()
    os.chown(data, nobody.uid, nobody.gid)
    child = start(data, outlives=False, python=str(python), user=nobody.uid, group=nobody.gid, extra_groups=[])
    said = first_line(child)
    assert [Path(f"/proc/{pid}").stat().st_uid for pid in said["pids"]] == [nobody.uid, nobody.uid]
    close(child)
    assert child.returncode == 0
