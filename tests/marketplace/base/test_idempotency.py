import asyncio

import pytest

from marketplace.base.database import transaction
from marketplace.base.errors import InProgress, KeyReused
from marketplace.base.idempotency import Once
from marketplace.base.platform import Platform
from marketplace.web.schemas import Out


class Answer(Out):
    number: int


class Counting:
    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> Answer:
        self.times += 1
        return Answer(number=self.times)


async def test_the_same_key_and_payload_get_the_first_answer_again(platform: Platform) -> None:
    work, once = Counting(), Once("a POST /x", "k", b"{}")
    for _ in range(3):
        async with transaction(platform.db) as tx:
            assert (await once(tx, Answer, work)).number == 1
    assert work.times == 1


async def test_another_payload_under_the_same_key_is_refused(platform: Platform) -> None:
    async with transaction(platform.db) as tx:
        await Once("a POST /x", "k", b"{}")(tx, Answer, Counting())
    with pytest.raises(KeyReused):
        async with transaction(platform.db) as tx:
            await Once("a POST /x", "k", b'{"other": 1}')(tx, Answer, Counting())


async def test_another_actors_same_key_is_another_key(platform: Platform) -> None:
    work = Counting()
    for scope in ("a POST /x", "b POST /x"):
        async with transaction(platform.db) as tx:
            await Once(scope, "k", b"{}")(tx, Answer, work)
    assert work.times == 2


async def test_a_second_request_while_the_first_runs_is_told_so(platform: Platform) -> None:
    working, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Answer:
        working.set()
        await go_on.wait()
        return Answer(number=1)

    async def first() -> None:
        async with transaction(platform.db) as tx:
            await Once("a POST /x", "k", b"{}")(tx, Answer, slow)

    task = asyncio.create_task(first())
    await working.wait()
    with pytest.raises(InProgress):
        async with transaction(platform.db) as tx:
            await Once("a POST /x", "k", b"{}")(tx, Answer, Counting())
    go_on.set()
    await task


async def test_a_failed_request_leaves_no_answer_behind(platform: Platform) -> None:
    async def failing() -> Answer:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        async with transaction(platform.db) as tx:
            await Once("a POST /x", "k", b"{}")(tx, Answer, failing)
    async with transaction(platform.db) as tx:
        assert (await Once("a POST /x", "k", b"{}")(tx, Answer, Counting())).number == 1
