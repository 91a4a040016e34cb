from typing import Annotated

import httpx
import pytest
from pydantic import Field, ValidationError

from marketplace.web.problem import on_ledger_error
from marketplace.web.schemas import In
from timebank.errors import LedgerError


class Sample(In):
    name: str = ""
    count: Annotated[int, Field(ge=0)] = 0
    share: float | None = None


@pytest.mark.parametrize("given", [{"count": "5"}, {"count": True}, {"share": "0.5"}, {"name": "a\x00b"}])
def test_json_is_taken_at_its_word(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(given)


def test_what_is_right_is_taken() -> None:
    assert Sample.model_validate({"name": "a", "count": 5, "share": 1}) == Sample(name="a", count=5, share=1.0)


@pytest.mark.parametrize(
    "body",
    [b'{"phone": "\xff"}', b'{"phone": "1990000\\u00001234"}', b'{"phone": 19900001234}', b"\x00", b"", b"[" * 100_000],
)
async def test_an_unreadable_body_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/sign-in/code", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_refusal_of_the_ledger_has_its_line() -> None:
    from marketplace.web.problem import HANDLERS

    assert HANDLERS[LedgerError] is on_ledger_error
