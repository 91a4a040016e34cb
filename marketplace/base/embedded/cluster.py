"""Making a PostgreSQL data directory: initdb, password, access rules and the database, or nothing at all.

Everything happens in a folder beside the real one, which is renamed when complete: kill -9 in between leaves
a draft that the next start throws away.
"""

import locale
import shutil
import subprocess
from pathlib import Path

from marketplace.base.embedded.binaries import postgres_major
from marketplace.base.embedded.directory import ServerDirectory
from marketplace.base.embedded.errors import EmbeddedError
from marketplace.base.embedded.host import Account, reachable
from marketplace.base.embedded.process import clean_environment, kill_all, launch_command

NAME = "liuzhu"  # of the database and of its owner
HERE = "/proc/self/cwd"
ACCESS_RULES = "host all all 127.0.0.1/32 scram-sha-256\n"


def path_for_server(folder: Path, account: Account | None) -> str:
    """Return the name by which the server, standing in the folder already, can reach it.

    Below a directory `nobody` may not enter (/root) an absolute name fails, but the working directory we hand
    over does not: Linux names it /proc/self/cwd. So data stays where it was asked for, and no mode is changed.
    """
    if account is None or reachable(folder, account):
        return str(folder)
    if not Path(HERE).exists():
        raise EmbeddedError(
            f"the user 'nobody' cannot enter {folder}: give --data a directory that everybody may enter", data=folder
        )
    return HERE


def check_version(cluster: Path) -> None:
    """Raise EmbeddedError when the folder was made by another major version of PostgreSQL."""
    found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(postgres_major()):
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {found} and this Liuzhu brings {postgres_major()}: dump it with the "
            "Liuzhu that made it and load the dump, or give --data another directory",
            data=cluster,
        )


def make_cluster(directory: ServerDirectory, home: Path, account: Account | None, *, durable: bool) -> None:
    """Create the cluster with its database; needs the directory's lock. EmbeddedError carries initdb's last line."""
    draft = directory.data / "postgres.draft"
    if draft.exists():
        kill_all(draft, patience_seconds=0.5)  # an initdb whose Liuzhu was killed
        shutil.rmtree(draft)
    directory.make_state(draft, account)
    place = path_for_server(draft, account)
    initdb = [
        *(str(home / "bin" / "initdb"), "-D", place, "-U", NAME, "--encoding=UTF8", "--locale=C"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--lc-ctype={_character_locale()}"),
        *("--auth=reject", "--no-instructions"),  # nobody may connect before the rules and the password stand
        *([] if durable else ["--no-sync"]),
    ]
    _run(initdb, draft, account)
    rules = draft / "pg_hba.conf"
    rules.write_text(ACCESS_RULES, encoding="ascii")
    sql = f"ALTER ROLE {NAME} PASSWORD '{directory.password()}';\nCREATE DATABASE {NAME};\n"
    single = [str(home / "bin" / "postgres"), "--single", "-D", place, "-c", "log_statement=none"]
    _run([*single, *([] if durable else ["-F"]), "postgres"], draft, account, sql=sql)
    draft.rename(directory.state)


def _character_locale() -> str:
    """Return a UTF-8 LC_CTYPE this system knows: trigram search must see Chinese characters as letters."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def _run(command: list[str], folder: Path, account: Account | None, *, sql: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - the command is ours
        launch_command(command, directory=folder, account=account),
        input=sql.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=clean_environment(),
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode != 0 or "ERROR:" in said:
        last = said.splitlines()[-1] if said else f"exit {done.returncode}"
        raise EmbeddedError(f"{Path(command[0]).name} failed in {folder}: {last}", data=folder)
