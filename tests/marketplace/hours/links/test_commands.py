"""`liuzhu ledger link …` on a real database: a link's whole life from a terminal."""

import re

import pytest
from typer.testing import CliRunner

from marketplace import cli
from marketplace.base.platform import Platform
from marketplace.commands import links
from marketplace.hours.links.comparing import Comparison
from tests.marketplace.hours.builders import Bank
from tests.marketplace.hours.links.partners import NOBODY

KEY = "ed25519:" + "A" * 43 + "="


@pytest.fixture
def terminal(city: tuple[Platform, Bank], monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A terminal in the city's environment."""
    for name, value in city[0].settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "250")
    return CliRunner()


def test_a_link_is_opened_accepted_limited_suspended_resumed_compared_and_closed(terminal: CliRunner) -> None:
    def run(*words: str, status: int = 0) -> str:
        said = terminal.invoke(cli.app, ["ledger", "link", *words])
        assert said.exit_code == status, said.output
        return said.output

    opened = run("open", "jinzhong", "--as", "taiyuan", "--limit", "600")
    link = re.search(r"link (\S+) of taiyuan to jinzhong: suspended \(awaiting the partner's key\)", opened)
    assert link is not None
    assert "our public key ed25519:" in opened
    assert "suspended" in run("list")
    assert "to jinzhong: open" in run("accept", link[1], "--address", NOBODY, "--key", KEY)
    assert "we grant 500 min, they grant 0 min, balance 0 min" in run("limit", link[1], "--limit", "500")
    rotated = run("rotate", link[1])
    made = re.search(r"our next one, not taken by the partner yet: (ed25519:\S+)", rotated)
    assert made is not None
    assert made[1] not in opened  # it is announced under the old one, which goes on signing meanwhile
    assert run("rotate", link[1]) == rotated  # one change at a time
    silent = "The partner bank does not answer: ConnectError"
    assert silent in run("give-up-key", link[1], status=1)  # it may have taken it
    assert "our next one" not in run("give-up-key", link[1], "--unanswered")
    ended = run("give-up-key", link[1])  # nothing is pending
    assert "our next one" not in ended
    assert re.search(r"ours, given up on \d{4}-\d\d-\d\d: " + re.escape(made[1]), ended)
    assert "suspended (a doubt)" in run("suspend", link[1], "--reason", "a doubt")
    assert "to jinzhong: open" in run("resume", link[1])
    assert silent in run("compare", link[1], status=1)
    assert "There is a link of this id or to this bank already." in run(
        "open", "jinzhong", "--as", "taiyuan", "--limit", "600", status=1
    )
    assert "A partner's address is https://host[:port]." in run(
        "accept", link[1], "--address", "http://a.b", "--key", KEY, status=1
    )
    assert "closed (the end)" in run("close", link[1], "--reason", "the end")


def test_a_comparison_that_finds_a_difference_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Comparison(["sent_chain_differs"], None, 3)
    monkeypatch.setattr(links, "with_platform", lambda _work: found)
    said = CliRunner().invoke(cli.app, ["ledger", "link", "compare", "00000000-0000-7000-8000-000000000000"])
    assert said.exit_code == 1
    assert "✗ sent_chain_differs" in said.stderr
    assert "first at height 3, relay unknown here" in said.stderr
