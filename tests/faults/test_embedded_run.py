"""The `run` script and the set-up behind it: what is cheap to prove without installing anything."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.up import environment

ROOT = Path(__file__).parents[2]


def run(root: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(root / "run"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.defpath, **environ},
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a path with a space whose environment is current; its Python says its arguments."""
    root = tmp_path / "a checkout"
    for name in ("run", "marketplace/up/environment.py", *environment.LOCKS):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in (".venv/pyvenv.cfg", environment.LEAFLET):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("version = 3.11\n", encoding="utf-8")
    script(root / ".venv" / "bin" / "python", 'echo "$@"')
    (root / environment.STAMP).write_text(environment.stamp_of(root), encoding="utf-8")
    return root


def script(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_names_every_verb_and_needs_no_environment(tmp_path: Path, word: str) -> None:
    shutil.copy(ROOT / "run", tmp_path)
    done = run(tmp_path, word)
    assert done.returncode == 0
    for verb in ("day", "test", "check", "bench", "lock", "help"):
        assert f"./run {verb}" in done.stdout


def test_an_unknown_verb_gives_the_help_and_exit_2(checkout: Path) -> None:
    done = run(checkout, "nonsense")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "unknown command 'nonsense'" in done.stderr
    assert "./run day" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ((), "-P -m marketplace.cli up"),
        (("--port", "8080"), "-P -m marketplace.cli up --port 8080"),
        (("up", "--no-demo"), "-P -m marketplace.cli up --no-demo"),
        (("day", "--seed", "1"), "-P -m marketplace.cli day --seed 1"),
        (("liuzhu", "ledger", "verify"), "-P -m marketplace.cli ledger verify"),
        (("test", "-k", "hour"), "-m pytest -n 2 --dist loadfile --no-loadscope-reorder -k hour"),
    ],
)
def test_with_a_current_environment_each_verb_goes_straight_to_its_command(
    checkout: Path, arguments: tuple[str, ...], command: str
) -> None:
    done = run(checkout, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, command + "\n", "")


@pytest.mark.parametrize("changed", environment.LOCKS)
def test_a_changed_lock_makes_set_up_due(checkout: Path, tmp_path: Path, changed: str) -> None:
    with (checkout / changed).open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    script(tmp_path / "base", '[ "$2" != "$0" ] && case "$*" in *environment.py) echo due; exit 3 ;; esac')
    done = run(checkout, PYTHON=str(tmp_path / "base"))
    assert (done.returncode, done.stdout) == (3, "due\n")
    assert not environment.is_current(checkout)


def test_a_moved_checkout_makes_set_up_due(checkout: Path, tmp_path: Path) -> None:
    moved = checkout.rename(tmp_path / "elsewhere")
    assert not environment.is_current(moved)


def test_a_machine_without_a_fitting_python_gets_one_line(checkout: Path, tmp_path: Path) -> None:
    (checkout / environment.STAMP).unlink()
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "cat", "cmp"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    script(tools / "python3.13", "exit 127")  # as a version manager leaves them
    done = run(checkout, PATH=str(tools))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no Python 3.11, 3.12 or 3.13 found" in done.stderr


def test_a_python_without_ensurepip_gets_one_line_naming_the_package(checkout: Path, tmp_path: Path) -> None:
    (checkout / environment.STAMP).unlink()
    script(tmp_path / "bare", 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.12 ;; esac')
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "cat", "cmp"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = run(checkout, PYTHON=str(tmp_path / "bare"), PATH=str(tools))
    assert done.returncode == 1
    assert "install the package python3.12-venv" in done.stderr


def test_an_unknown_benchmark_gives_the_list_and_exit_2(checkout: Path) -> None:
    (checkout / "bench").mkdir()
    (checkout / "bench" / "ledger.py").touch()
    done = run(checkout, "bench", "nonsense")
    assert done.returncode == 2
    assert "no benchmark 'nonsense'" in done.stderr
    assert "  ledger\n" in done.stderr
    assert run(checkout, "bench").stdout.endswith("  ledger\n")
    assert run(checkout, "bench", "ledger", "--quick").stdout == f"{checkout}/bench/ledger.py --quick\n"


def test_a_second_set_up_waits_for_the_first_and_then_has_nothing_to_do(checkout: Path) -> None:
    command = [sys.executable, "-I", str(checkout / "marketplace" / "up" / "environment.py")]
    with (checkout / "run").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert second.stderr is not None
        assert "waiting for it" in second.stderr.readline()
        assert second.poll() is None
    _, said = second.communicate(timeout=30)
    assert (second.returncode, said) == (0, "")


def test_a_half_made_environment_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "left").touch()
    (tmp_path / environment.MAKING).touch()
    python = environment.make_venv(tmp_path)
    assert environment.attempt([str(python), "-c", "import pip"]) is None
    assert not (folder / "left").exists()
    assert not (tmp_path / environment.MAKING).exists()
    (folder / "kept").touch()
    assert environment.make_venv(tmp_path) == python
    assert (folder / "kept").exists()


@pytest.mark.parametrize(("system", "libc"), [("linux", ""), ("linux", "glibc 2.27"), ("win32", "")])
def test_set_up_on_a_system_without_wheels_says_so_before_installing(system: str, libc: str) -> None:
    with pytest.raises(environment.SetupFailed, match=r"^this (needs|runs)"):
        environment.check_host(system, libc)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "package-lock.json", "deploy/bootstrap.lock", "deploy/node.lock"]
)
def test_no_lock_names_a_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "resolved" not in text
