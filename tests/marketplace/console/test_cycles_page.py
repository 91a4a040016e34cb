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
        newest = (await client.get(f"/console/cycles?lang={lang}")).text
        assert newest.replace("?lang", "?day=2026-03-02&amp;lang") == shown.text.replace(
            "?lang", "?day=2026-03-02&amp;lang"
        )


async def test_an_officer_sees_her_own_branch(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    bank = await a_night(platform, clock)
    await sign_in(client, await staff(platform, bank.town.districts[1], Role.OFFICER))
    shown = (await client.get("/console/cycles?lang=en")).text
    own, partners = shown.split("Each branch with its partners")
    assert '<th scope="row">D2' in own
    assert '<th scope="row">D1' not in own
    assert '<th scope="row">D1</th><td>0</td><td>90</td><td>-90</td>' in partners  # whom hers dealt with
    one = await client.get("/console/cycles/2026-03-02?format=csv")
    assert one.text.count("\n") == 1 + 2  # the header, her partner, the sum


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


async def test_a_regulator_begins_at_the_cycles_takes_them_along_and_sees_no_person(
    platform: Platform, clock: MovableClock, client: httpx.AsyncClient
) -> None:
    await a_night(platform, clock)
    signed_in = await sign_in(client, await staff(platform, None, Role.REGULATOR), lang="en")
    assert signed_in.headers["location"] == "/console/cycles?lang=en"
    shown = (await client.get("/console/cycles?lang=en")).text
    # the first branch owes the second 90 and is owed 600 by the city
    for part in (
        "<td>90</td><td>0</td><td>90</td>",
        "owes 90, is owed 600, net -510",
        "/console/cycles/2026-03-02?format",
    ):
        assert part in shown, part
    for page in ("giving", "grants", "members", "day"):
        assert f'href="/console/{page}?' not in shown
    csv = await client.get("/console/cycles/2026-03-02?format=csv")
    assert csv.headers["content-disposition"] == 'attachment; filename="cycle-2026-03-02.csv"'
    assert csv.text.splitlines()[0] == "on_day,unit,branch,partner,owes,is_owed,net,debt,cap,drawn"
    told = (await client.get("/console/cycles/2026-03-02?format=json")).json()
    assert sorted((line["name_en"], line["net"]) for line in told["lines"]) == [("D1", -510), ("D2", -90)]
    client.cookies.delete("liuzhu_access")
    again = await client.get("/console/cycles/2026-03-02?format=csv")  # her sign-in is renewed on the way
    assert (again.text, "liuzhu_access" in again.headers["set-cookie"]) == (csv.text, True)
    assert (await client.get("/console/cycles/2026-01-01?format=csv")).status_code == 404
    assert (await client.get("/console/cycles/2026-03-02?format=pdf")).status_code == 400


async def test_before_the_first_night_the_page_says_so(platform: Platform, client: httpx.AsyncClient) -> None:
    await sign_in(client, await staff(platform, None, Role.OPERATOR))
    assert "尚未运行清算" in (await client.get("/console/cycles")).text


def test_a_matrix_of_nothing_is_empty() -> None:
    assert matrix(None) == {}
