"""The peers' environment: a folder of its own under var/, made by the bench and by nothing else.

The engine never sees these packages, and they never see ours: peers read an .npz of plain arrays.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "bench" / "peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
STAMP = FOLDER / "requirements.txt"  # what is installed; written last
PYTHON = FOLDER / "bin" / "python"


def ensure_peers() -> str | None:
    """Make the environment unless it is there and as required. None, or why it cannot be made."""
    wanted = REQUIREMENTS.read_text("utf-8")
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text("utf-8") == wanted:
        return None
    print("installing the peers ...", file=sys.stderr, flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        venv.create(FOLDER, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no environment could be made: {error}"
    install: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ]
    done = subprocess.run(install, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        return f"pip could not install them: {lines[-1] if lines else done.returncode}"
    STAMP.write_text(wanted, encoding="utf-8")
    return None


def versions() -> dict[str, str]:
    """The peers' versions, as required."""
    lines = REQUIREMENTS.read_text("utf-8").split()
    return {name: version for name, _, version in (line.partition("==") for line in lines)}
