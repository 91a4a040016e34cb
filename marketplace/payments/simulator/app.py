"""The ASGI program: each request is read, judged by key and switches, run in one transaction, and answered.

Nothing awaits inside a transaction, so requests run one after another and a state check cannot be overtaken.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from marketplace.payments.simulator.delivery import Courier
from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.objects.attempts import expire_due
from marketplace.payments.simulator.store import Store
from marketplace.payments.simulator.switches import FailureMode, take_failure
from marketplace.payments.simulator.switches import read as switches_of
from marketplace.payments.simulator.wire import form, http, idempotency, routes
from marketplace.payments.simulator.wire.errors import ApiError
from marketplace.payments.simulator.wire.expand import expand
from marketplace.payments.simulator.wire.http import Answer, Request
from marketplace.payments.simulator.wire.params import Params

log = logging.getLogger(__name__)
BROKEN = ApiError(500, "api_error", "An unknown error occurred.")
AWAY = ApiError(503, "api_error", "The service is unavailable.", began=False)
TOO_MANY = ApiError(429, "invalid_request_error", "Too many requests.", code="rate_limit", began=False)


class Simulator:
    """The application; `wall` tells Unix seconds. The courier runs for as long as the server does."""

    def __init__(self, store: Store, courier: Courier, *, wall: Callable[[], float]) -> None:
        self._store = store
        self._courier = courier
        self._wall = wall
        self._keys_in_use: set[str] = set()

    async def __call__(self, scope: http.Scope, receive: http.Receive, send: http.Send) -> None:
        """Speak ASGI: lifespan and http."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await http.write(send, await self._answer(scope, receive))

    async def _live(self, receive: http.Receive, send: http.Send) -> None:
        await receive()
        running = asyncio.create_task(self._courier.run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        self._store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: http.Scope, receive: http.Receive) -> Answer:
        request_id = self._request_id()
        try:
            request = await http.read(scope, receive)
            if f"{request.method} {request.path}" in routes.CONTROL:
                answer = self._control(request)
            else:
                answer = await self._api(request, request_id)
        except ApiError as error:
            answer = Answer(error.status, error.body)
        except Exception:
            log.exception("the simulator itself failed")
            answer = Answer(BROKEN.status, BROKEN.body)
        self._courier.wake()
        answer.headers.setdefault("request-id", request_id)
        return answer

    def _request_id(self) -> str:
        with self._store.transaction() as db:
            return Desk(db, wall=self._wall()).new_id("req")

    def _control(self, request: Request) -> Answer:
        answerer = routes.CONTROL[f"{request.method} {request.path}"]
        with self._store.transaction() as db:
            return Answer(200, answerer(Desk(db, wall=self._wall()), request.body))

    async def _api(self, request: Request, request_id: str) -> Answer:
        _check_caller(request)
        tree = form.parse(request.query if request.method == "GET" else request.body)
        with self._store.transaction() as db:
            failure = take_failure(db, request.method, request.path)
            latency_ms = switches_of(db).latency_ms
        if (early := _before_anything(failure)) is not None:
            return early
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is not None:
            idempotency.check_length(key)
            if key in self._keys_in_use:
                raise idempotency.in_use(key)
            self._keys_in_use.add(key)
        try:
            await asyncio.sleep(latency_ms / 1000)
            return self._run(request, tree, key=key, request_id=request_id, failure=failure)
        finally:
            self._keys_in_use.discard(key or "")

    def _run(
        self, request: Request, tree: Body, *, key: str | None, request_id: str, failure: FailureMode | None
    ) -> Answer:
        cut = failure is FailureMode.CUT_AFTER_EFFECT
        print_ = idempotency.fingerprint(request.method, request.path, tree)
        with self._store.transaction() as db:
            desk = Desk(db, wall=self._wall(), base_url=request.base_url, request_id=request_id, key=key)
            expire_due(desk)
            if key is not None and (stored := idempotency.find(desk, key, print_)):
                headers = {"idempotent-replayed": "true", "original-request": stored.request_id}
                return Answer(stored.status, stored.body, headers, cut=cut)
            status, body, began = _effect(desk, request, tree, failure)
            if key is not None and began:
                idempotency.keep(desk, key, print_, idempotency.Stored(status, body, request_id))
        return Answer(status, body, {} if key is None else {"idempotency-key": key}, cut=cut)


def _before_anything(failure: FailureMode | None) -> Answer | None:
    if failure is FailureMode.UNAVAILABLE_503:
        return Answer(AWAY.status, AWAY.body)
    if failure is FailureMode.RATE_LIMIT_429:
        return Answer(TOO_MANY.status, TOO_MANY.body)
    return Answer(500, {}, cut=True) if failure is FailureMode.CUT_BEFORE_EFFECT else None


def _effect(desk: Desk, request: Request, tree: dict[str, Any], failure: FailureMode | None) -> tuple[int, Body, bool]:
    """Run the request to a status, a body, and whether it had begun; a refusal takes its writes back."""
    desk.db.execute("SAVEPOINT effect")
    try:
        if failure is FailureMode.ERROR_500:
            raise BROKEN
        body = _call(desk, request, tree)
    except ApiError as error:
        if not error.keeps_effects:
            desk.db.execute("ROLLBACK TO effect")
        return error.status, error.body, error.began
    if failure is FailureMode.ERROR_500_AFTER_EFFECT:
        return BROKEN.status, BROKEN.body, True
    return 200, body, True


def _call(desk: Desk, request: Request, tree: dict[str, Any]) -> Body:
    found = routes.find(request.method, request.path)
    if found is None:
        words = f"Unrecognized request URL ({request.method}: {request.path})."
        raise ApiError(404, "invalid_request_error", words, began=False)
    answerer, ids = found
    params = Params(tree)
    paths = params.texts("expand")
    return expand(desk, answerer(desk, params, *ids), paths)


def _check_caller(request: Request) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.startswith("sk_test_"):
        if request.path.startswith("/_simulator/"):
            return
        words = "Invalid API Key provided: the simulator takes any key that begins with sk_test_."
        raise ApiError(401, "invalid_request_error", words, began=False)
    if "stripe-account" in request.headers:
        words = "Requests on behalf of a connected account are not simulated."
        raise ApiError(400, "invalid_request_error", words, began=False)
