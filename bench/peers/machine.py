"""What a figure was measured on: a table without it is no evidence."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from bench.peers.environment import ROOT


def machine() -> dict[str, str]:
    """Processor, cores, system, Python and the commit that was measured."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "commit": _commit(),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603  # git's own name

    commit = git("rev-parse", "--short", "HEAD")
    return f"{commit or 'unknown'}{' with changes' if git('status', '--porcelain') else ''}"
