"""One person with a telephone: signs in when needed, and repeats what the server asks to be repeated."""

import asyncio
from typing import Any

import httpx

TRIES = 6
LONGEST_WAIT_SECONDS = 5.0
BUSY = frozenset({429, 503})
IN_PROGRESS = "idempotency_in_progress"


class Refused(Exception):
    """The API answered with a problem: its status, its stable code, the document itself."""

    def __init__(self, method: str, path: str, status: int, document: dict[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code", "unknown"))
        self.document = document
        super().__init__(f"{method} {path}: {status} {self.code} {document.get('detail', '')}")


class Caller:
    """A client that acts as the account of `phone`; staff give their password, the others get the demo's code."""

    def __init__(self, http: httpx.AsyncClient, phone: str, *, password: str | None = None) -> None:
        self.phone = phone
        self._http = http
        self._password = password
        self._token: str | None = None
        self._signing_in = asyncio.Lock()

    async def get(self, path: str, **query: Any) -> Any:
        """The answer's document. `Refused` with the problem otherwise."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return await self._call("GET", path, query=given)

    async def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> Any:
        """The answer's document; `key` names the effect, so that repeating it is harmless. `Refused`."""
        return await self._call("POST", path, body=body, headers={"Idempotency-Key": key} if key else {})

    async def pages(self, path: str, items: str, **query: Any) -> list[Any]:
        """All items of a listing, page by page; the cursor's name is the one the page uses."""
        found: list[Any] = []
        after: str | None = None
        while True:
            page = await self.get(path, **query, after=after)
            found += page[items]
            after = page.get("next_cursor") or page.get("next_after")
            if after is None:
                return found

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        for attempt in range(1, TRIES + 1):
            token = await self._signed_in()
            answer = await self._http.request(
                method,
                path,
                params=query,
                json=body,
                headers={"Authorization": f"Bearer {token}", "Accept-Language": "en", **(headers or {})},
            )
            if answer.is_success:
                return answer.json() if answer.content else None
            problem = _document(answer)
            if answer.status_code == 401 and attempt == 1:
                self._token = None
            elif attempt < TRIES and (answer.status_code in BUSY or problem.get("code") == IN_PROGRESS):
                await asyncio.sleep(min(float(answer.headers.get("retry-after", 1)), LONGEST_WAIT_SECONDS))
            else:
                break
        raise Refused(method, path, answer.status_code, problem)

    async def _signed_in(self) -> str:
        async with self._signing_in:
            if self._token is None:
                given = {"password": self._password} if self._password else {"code": await self._code()}
                session = await self._plain("/v1/sign-in", {"phone": self.phone, **given})
                self._token = str(session["access_token"])
            return self._token

    async def _code(self) -> str:
        code = (await self._plain("/v1/sign-in/code", {"phone": self.phone}))["demo_code"]
        if code is None:
            raise Refused("POST", "/v1/sign-in/code", 404, {"code": "no_demo_code"})
        return str(code)

    async def _plain(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._http.post(path, json=body)
        if answer.is_error:
            raise Refused("POST", path, answer.status_code, _document(answer))
        document: dict[str, Any] = answer.json()
        return document


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {"code": "no_document", "detail": answer.text[:200]}
    return found if isinstance(found, dict) else {"code": "no_document"}
