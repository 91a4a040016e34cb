"""Where compiled kernels are kept: under the hash of all their sources.

Numba's own cache looks at the file of a function and not at what it calls, so an edit in one kernel's file could leave
stale code in another's. A folder named by the hash of every source here, and of numba and Python, cannot be stale.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

SOURCES = Path(__file__).parent
READY = "ready"  # a file in the folder: everything is compiled


def sources_digest(*folders: Path) -> str:
    """A short hash of every kernel source in these folders (the search's if none), numba's version and Python's."""
    digest = hashlib.sha256(f"{version('numba')} {sys.version}".encode())
    for path in (path for folder in folders or (SOURCES,) for path in sorted(folder.glob("*.py"))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def cache_folder(*folders: Path, kind: str = "kernels") -> Path:
    """The folder for these sources (the search's if none), those of kernels first and those of what they call after:
    beside the first, else in the user's cache, else a temporary one. What other sources of that kind left beside it is
    removed."""
    name = f"{kind}-{sources_digest(*folders)}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for parent in ((folders or (SOURCES,))[0] / "__pycache__", home / "liuzhu-dispatch"):
        if _writable(parent):
            for other in parent.glob(f"{kind}-*"):
                if other.name != name:
                    shutil.rmtree(other, ignore_errors=True)
            return parent / name
    return Path(tempfile.gettempdir()) / f"liuzhu-dispatch-{os.getuid()}" / name


def is_warm(*folders: Path, kind: str = "kernels") -> bool:
    """Whether everything has been compiled on this machine."""
    return (cache_folder(*folders, kind=kind) / READY).exists()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
