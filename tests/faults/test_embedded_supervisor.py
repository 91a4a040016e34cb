"""The supervisor with real processes: readiness, restarts, order of the end, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the wheel carries no types
import pytest

from marketplace.base.embedded import Valkey
from marketplace.base.embedded.directory import free_port
from marketplace.up import ChildFailed, Supervisor, child

ROOT = Path(__file__).parents[2]
SLEEP = "import time; time.sleep(60)"
NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
HAS_A_CHILD = f"""
import subprocess, sys
started = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
print(started.pid, flush=True)
started.wait()
"""
SUPERVISES = f"""
import sys
from pathlib import Path
from marketplace.up import Supervisor
with Supervisor(Path(sys.argv[1]), say=print) as supervisor:
    pids = [supervisor.spawn(name, [sys.executable, "-c", {SLEEP!r}]).pid for name in ("api", "worker")]
    print(*pids, flush=True)
    sys.exit(supervisor.wait())
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    ends_at = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends_at, "it did not come true in time"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_spawn_returns_when_the_address_answers_and_the_output_is_in_the_log(tmp_path: Path) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with Supervisor(tmp_path / "logs", say=print) as supervisor:
        web = supervisor.spawn("web", argv, {"PYTHONUNBUFFERED": "1"}, ready=f"http://127.0.0.1:{port}/")
        assert web.pid is not None
    assert web.pid is None
    assert "GET / HTTP" in (tmp_path / "logs" / "web.log").read_text(encoding="utf-8")


def test_a_process_that_ends_before_it_is_ready_is_named_with_its_log(tmp_path: Path) -> None:
    with (
        Supervisor(tmp_path, say=print) as supervisor,
        pytest.raises(ChildFailed, match="web ended with 7 before") as caught,
    ):
        supervisor.spawn("web", python("raise SystemExit(7)"), ready=f"http://127.0.0.1:{free_port()}/")
    assert caught.value.log == tmp_path / "web.log"


def test_a_process_that_is_never_ready_is_given_up_in_time_and_ended(tmp_path: Path) -> None:
    with Supervisor(tmp_path, say=print) as supervisor:
        with pytest.raises(ChildFailed, match=r"not ready within 0.3 s"):
            supervisor.spawn("web", python(SLEEP), ready=f"http://127.0.0.1:{free_port()}/", ready_seconds=0.3)
        pid = next(part.pid for part in supervisor._parts if isinstance(part, child.Child))
    assert pid is not None
    assert gone(pid)


def test_a_killed_worker_is_started_again_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FIRST_WAIT_SECONDS", 0.05)
    lines: list[str] = []
    with Supervisor(tmp_path, say=lines.append) as supervisor:
        worker = supervisor.spawn("worker", python(SLEEP))
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def back() -> bool:
            supervisor.look()
            return worker.pid not in (None, first)

        until(back)
    assert lines == ["worker ended with -9; starting it again in 0.05 s"]


def test_a_worker_that_keeps_dying_is_given_up_after_growing_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "FIRST_WAIT_SECONDS", 0.01)
    lines: list[str] = []
    with Supervisor(tmp_path, say=lines.append) as supervisor:
        supervisor.spawn("worker", python("raise SystemExit(3)"))
        with pytest.raises(ChildFailed, match="worker ended 6 times in a row, last with 3"):
            supervisor.wait()
    assert [line.split(" in ")[1] for line in lines] == ["0.01 s", "0.02 s", "0.04 s", "0.08 s", "0.16 s"]


def test_a_process_without_restart_ends_the_watch(tmp_path: Path) -> None:
    with Supervisor(tmp_path, say=print) as supervisor:
        supervisor.spawn("once", python("raise SystemExit(4)"), restart=False)
        with pytest.raises(ChildFailed, match="once ended with 4"):
            supervisor.wait()


def test_children_end_in_reverse_order_each_after_the_one_started_later(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with Supervisor(tmp_path, say=print) as supervisor:
        for name in ("first", "second", "third"):
            supervisor.spawn(name, python(NOTES_ITS_END, str(ends), name))
            until(lambda name=name: "up" in (tmp_path / f"{name}.log").read_text(encoding="utf-8"))  # type: ignore[misc]
    assert ends.read_text(encoding="utf-8").split() == ["third", "second", "first"]


def test_what_ignores_sigterm_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    lines: list[str] = []
    with Supervisor(tmp_path, say=lines.append, stop_seconds=0.2) as supervisor:
        deaf = supervisor.spawn("deaf", python(IGNORES_SIGTERM))
        until(lambda: "up" in (tmp_path / "deaf.log").read_text(encoding="utf-8"))
    assert deaf.exit_code == -signal.SIGKILL
    assert lines == ["deaf did not end in time and is killed"]


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "parent.log"
    with Supervisor(tmp_path, say=print) as supervisor:
        supervisor.spawn("parent", python(HAS_A_CHILD))
        until(lambda: log.read_text(encoding="utf-8").endswith("\n"))
        grandchild = int(log.read_text(encoding="utf-8"))
        assert not gone(grandchild)
    until(lambda: gone(grandchild))


def test_a_kept_server_that_dies_is_started_again_and_ends_last(tmp_path: Path) -> None:
    lines: list[str] = []
    server = Valkey(tmp_path)
    server.start()
    with Supervisor(tmp_path, say=lines.append) as supervisor:
        supervisor.keep("valkey", server)
        first = server.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: not server.running)
        supervisor.look()
        assert server.running
        assert server.pid != first
    assert not server.running
    assert lines == ["valkey died and is started again"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_to_the_supervisor_ends_all_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    supervisor, pids = supervise(tmp_path)
    supervisor.send_signal(number)
    supervisor.communicate(timeout=20)
    assert supervisor.returncode == 0
    assert all(gone(pid) for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends children with their parent")
def test_kill_9_of_the_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    supervisor, pids = supervise(tmp_path)
    supervisor.kill()
    supervisor.communicate(timeout=20)
    until(lambda: all(gone(pid) for pid in pids))


def supervise(logs: Path) -> tuple[subprocess.Popen[str], list[int]]:
    started = subprocess.Popen(
        python(SUPERVISES, str(logs)),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert started.stdout is not None
    pids = [int(part) for part in started.stdout.readline().split()]
    assert len(pids) == 2
    return started, pids
