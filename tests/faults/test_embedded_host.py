"""Which machines the embedded servers run on, and what the others are told."""

from pathlib import Path

import pytest

from marketplace.base.embedded import EmbeddedError
from marketplace.base.embedded.directory import ServerDirectory, free_port
from marketplace.base.embedded.host import Account, check_host, reachable


@pytest.mark.parametrize(
    ("system", "libc", "line"),
    [
        ("linux", "", "has musl"),
        ("linux", "glibc 2.27", "glibc 2.28 or newer, this is 2.27"),
        ("freebsd14", "", "Linux and macOS, not on freebsd14"),
    ],
)
def test_a_machine_without_a_wheel_gets_one_line_that_says_what_helps(system: str, libc: str, line: str) -> None:
    with pytest.raises(EmbeddedError, match=line) as caught:
        check_host(system, libc)
    assert "\n" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)


@pytest.mark.parametrize(("system", "libc"), [("linux", "glibc 2.28"), ("linux", "glibc 2.36"), ("darwin", "")])
def test_a_machine_with_a_wheel_is_accepted(system: str, libc: str) -> None:
    check_host(system, libc)


def test_a_closed_directory_above_makes_a_file_unreachable(tmp_path: Path) -> None:
    stranger = Account(uid=61234, gid=61234)
    inner = Path(tmp_path / "closed" / "inner")
    inner.mkdir(parents=True)
    assert reachable(Path("/"), stranger)
    inner.parent.chmod(0o700)
    assert not reachable(inner, stranger)


def test_an_unwritable_data_directory_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot write to"):
        ServerDirectory(tmp_path / "file" / "data", "postgres").lock()


def test_a_password_is_made_once_and_differs_between_directories(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = ServerDirectory(tmp_path / "a", "postgres").password()
    assert ServerDirectory(tmp_path / "a", "postgres").password() == first
    assert ServerDirectory(tmp_path / "b", "postgres").password() != first


def test_a_free_port_is_kept_and_an_impossible_one_replaced() -> None:
    port = free_port()
    assert free_port(port) == port
    assert 0 < free_port(99_999) < 65_536
