import httpx

from marketplace.base.actor import Role
from marketplace.base.platform import Platform
from marketplace.console.bank.cycles import matrix
from tests.conftest import MovableClock
from tests.marketplace.console.builders import sign_in, staff
from tests.marketplace.console.test_branches_page import svg_of
from tests.marketplace.hours.test_cycle_routes import a_night


async def test_an_operator_sees_who_owes_whom(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    await a_night(platform, clock)
    await sign_in(client, await staff(platform, None, Role.OPERATOR))
    for lang, words in (("zh", ("谁欠谁", "示例1区")), ("en", ("Who owes whom", "D1"))):
        shown = await client.get(f"/console/cycles?day=2026-03-02&lang={lang}")
        assert shown.status_code == 200, shown.text
        for part in (*words, '<td class="shade-4">90</td>', "<td>-510</td>", "<td>600</td>"):
            assert part in shown.text, part
        assert len(list(svg_of(shown.text).iter("rect"))) == 4
        assert (await client.get(f"/console/cycles?lang={lang}")).text == shown.text  # the newest


async def test_an_officer_sees_her_own_branch(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    bank = await a_night(platform, clock)
    await sign_in(client, await staff(platform, bank.town.districts[1], Role.OFFICER))
    shown = (await client.get("/console/cycles?lang=en")).text
    assert '<th scope="row">D2' in shown
    assert '<th scope="row">D1' not in shown


async def test_who_may_not_see_cycles_is_told_so(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    await a_night(platform, clock)
    assert (await client.get("/console/cycles")).status_code == 303  # to the sign-in
    await sign_in(client, await staff(platform, None, Role.DISPATCHER))
    assert (await client.get("/console/cycles")).status_code == 403
    await sign_in(client, await staff(platform, None, Role.OPERATOR))
    for wrong in ("soon", "2026-01-01"):
        assert (await client.get(f"/console/cycles?day={wrong}")).status_code == 404


async def test_before_the_first_night_the_page_says_so(platform: Platform, client: httpx.AsyncClient) -> None:
    await sign_in(client, await staff(platform, None, Role.OPERATOR))
    assert "尚未运行清算" in (await client.get("/console/cycles")).text


def test_a_matrix_of_nothing_is_empty() -> None:
    assert matrix(None) == {}
