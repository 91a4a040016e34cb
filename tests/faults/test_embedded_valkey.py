"""The embedded Valkey under faults: restarts, kill -9, a wrong password, a second start."""

import stat
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the wheel carries no types
import pytest
import redis

from marketplace.base.embedded import EmbeddedError, Valkey


def ask(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, decode_responses=True)


def test_what_was_written_is_there_after_a_stop_and_a_start_under_the_same_address(tmp_path: Path) -> None:
    with Valkey(tmp_path) as server:
        url = server.url
        with ask(url) as client:
            client.set("visit", "7")
    with Valkey(tmp_path) as server:
        assert server.url == url
        with ask(url) as client:
            assert client.get("visit") == "7"
            assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_after_kill_9_it_comes_back_under_the_same_address(tmp_path: Path) -> None:
    with Valkey(tmp_path) as server:
        before, pid = server.url, server.pid
        server.kill()
        assert not server.running
        assert not psutil.pid_exists(pid)
        assert server.start() == before
        with ask(server.url) as client:
            assert client.ping()


def test_deleting_all_its_files_leaves_an_empty_server_that_works(tmp_path: Path) -> None:
    with Valkey(tmp_path) as server:
        with ask(server.url) as client:
            client.set("visit", "7")
        server.kill()
        for path in sorted((tmp_path / "valkey.state").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        server.start()
        with ask(server.url) as client:
            assert client.get("visit") is None


def test_the_password_is_needed_and_stands_in_no_argument_list(tmp_path: Path) -> None:
    with Valkey(tmp_path) as server:
        password = server.url.split(":")[2].split("@")[0]
        assert len(password) >= 24
        assert not any(password in part for part in psutil.Process(server.pid).cmdline())
        assert stat.S_IMODE((tmp_path / "valkey.conf").stat().st_mode) == 0o600
        with pytest.raises(redis.AuthenticationError), ask(server.url.replace(password, "wrong")) as client:
            client.ping()
        with ask(server.url) as client:
            assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_a_second_start_on_the_same_directory_gives_one_line(tmp_path: Path) -> None:
    with Valkey(tmp_path), pytest.raises(EmbeddedError, match="another Liuzhu"):
        Valkey(tmp_path).start()
