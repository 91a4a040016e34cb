"""What a partner bank calls. No token: the request's signature says who it is, and every answer to it is signed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.serialization import encode_json
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.clock import wall_now
from marketplace.base.database import transaction
from marketplace.base.errors import DomainError
from marketplace.base.platform import Platform
from marketplace.hours.links import receiving, rotating, withdrawing
from marketplace.hours.links.carrying import tell_divergence
from marketplace.hours.links.errors import LinkSignatureRefused, LinkTimestampStale, in_words
from marketplace.hours.links.finding import link_and_peer
from marketplace.hours.links.keys import signing_key
from marketplace.hours.links.models import LinkPeer
from marketplace.hours.links.schemas import (
    ChainOut,
    LinkHeadOut,
    LinkKeyGivenUpIn,
    LinkKeyIn,
    LinkKeyOut,
    LinkReasonIn,
    RelayCommitIn,
    RelayPrepareIn,
    RelayQuoteIn,
    RelayQuoteOut,
    RelayStateOut,
)
from marketplace.hours.links.signing import Answered, Asked, NotBelieved, NotOfNow, believe_any, sign
from marketplace.web.dependencies import Home
from marketplace.web.problem import MEDIA_TYPE, on_domain_error, on_ledger_error
from timebank import LedgerError, links
from timebank.links import ChainDiverged

TAGS = ["links between banks"]
LARGEST_MESSAGE = 16 * 1024
Asking = Request[Any, Any, Any]
Work = Callable[[AsyncSession], Awaitable[BaseModel]]


async def answered(request: Asking, platform: Platform, link_id: UUID, work: Work) -> Response[Any]:
    """Believe the request, do the work in one transaction, and sign its answer or refusal.

    Unsigned and refused are requests that cannot be believed.
    """
    nonce = await _believed(request, platform, link_id)
    status, body, media_type = 200, b"", "application/json"
    try:
        async with transaction(platform.db) as tx:
            body = encode_json((await work(tx)).model_dump(mode="json"))
    except (DomainError, LedgerError) as error:
        if isinstance(error, ChainDiverged):
            await _suspend(platform, link_id, error)
        refused = _problem(request, error)
        status, body, media_type = refused.status_code or 409, encode_json(refused.content), MEDIA_TYPE
    async with transaction(platform.db) as tx:
        own_key = await signing_key(tx, platform.vault, await tx.get_one(LinkPeer, link_id))
    headers = sign(Answered(status, body), own_key, link=str(link_id), nonce=nonce, at=wall_now())
    return Response(body, status_code=status, media_type=media_type, headers=headers)


async def _believed(request: Asking, platform: Platform, link_id: UUID) -> str:
    """The request's nonce. `LinkUnknown`, `LinkSignatureRefused`, `LinkTimestampStale`."""
    now = platform.now()
    async with transaction(platform.db) as tx:
        _, peer = await link_and_peer(tx, link_id)
        keys, changing = peer.believed_keys(now), peer.former_public_key is not None and peer.former_until is None
    asked = Asked(request.method, request.url.path, request.url.query, await request.body())
    try:
        nonce, key = believe_any(asked, request.headers, keys, link=str(link_id), now=wall_now())
    except NotOfNow as error:
        raise LinkTimestampStale from error
    except NotBelieved as error:
        raise LinkSignatureRefused from error
    if changing:
        async with transaction(platform.db) as tx:
            await rotating.note_use(tx, link_id, key, now=now)
    return nonce


def _problem(request: Asking, error: DomainError | LedgerError) -> Response[dict[str, Any]]:
    said = in_words(error) if isinstance(error, LedgerError) else error
    return on_ledger_error(request, said) if isinstance(said, LedgerError) else on_domain_error(request, said)


async def _suspend(platform: Platform, link_id: UUID, error: ChainDiverged) -> None:
    async with transaction(platform.db) as tx:
        reason = f"{error.code}, relay {error.data.get('relay')}"
        await links.suspend_link(tx, link_id, reason=reason, now=platform.now())
        await tell_divergence(tx, link_id, reason)


@put(
    "/v1/links/{link_id:uuid}/relays/{relay_id:uuid}",
    tags=TAGS,
    operation_id="prepareRelay",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def prepare(
    request: Asking, link_id: FromPath[UUID], relay_id: FromPath[UUID], data: JSONBody[RelayPrepareIn], platform: Home
) -> Response[RelayStateOut]:
    """First phase: hold room for a payment to a member of ours. The answer `prepared` lets the other bank decide."""
    now = platform.now()
    return await answered(
        request, platform, link_id, lambda tx: receiving.prepare(tx, link_id, relay_id, data, now=now)
    )


@post(
    "/v1/links/{link_id:uuid}/relays/{relay_id:uuid}/commit",
    tags=TAGS,
    operation_id="commitRelay",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def commit(
    request: Asking, link_id: FromPath[UUID], relay_id: FromPath[UUID], data: JSONBody[RelayCommitIn], platform: Home
) -> Response[RelayStateOut]:
    """Second phase: the payer's bank has decided; it is done here however late, in the order of its chain."""
    now = platform.now()
    return await answered(request, platform, link_id, lambda tx: receiving.commit(tx, link_id, relay_id, data, now=now))


@post(
    "/v1/links/{link_id:uuid}/relays/{relay_id:uuid}/abort",
    tags=TAGS,
    operation_id="abortRelay",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def abort(
    request: Asking, link_id: FromPath[UUID], relay_id: FromPath[UUID], data: JSONBody[LinkReasonIn], platform: Home
) -> Response[RelayStateOut]:
    """The payer's bank has ended the payment; the room is free again."""
    reason, now = data.reason, platform.now()
    return await answered(
        request, platform, link_id, lambda tx: receiving.abort(tx, link_id, relay_id, reason=reason, now=now)
    )


@get("/v1/links/{link_id:uuid}/relays/{relay_id:uuid}", tags=TAGS, operation_id="askRelay")
async def show(
    request: Asking, link_id: FromPath[UUID], relay_id: FromPath[UUID], platform: Home
) -> Response[RelayStateOut]:
    """How a payment stands here; `unknown` is an answer too."""
    now = platform.now()
    return await answered(request, platform, link_id, lambda tx: receiving.state(tx, link_id, relay_id, now=now))


@post(
    "/v1/links/{link_id:uuid}/quotes",
    tags=TAGS,
    operation_id="quoteRelay",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def quote(
    request: Asking, link_id: FromPath[UUID], data: JSONBody[RelayQuoteIn], platform: Home
) -> Response[RelayQuoteOut]:
    """Whether a member of ours could be paid this now. Nothing is held."""
    return await answered(request, platform, link_id, lambda tx: receiving.quote(tx, link_id, data))


@post(
    "/v1/links/{link_id:uuid}/key",
    tags=TAGS,
    operation_id="announceLinkKey",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def key(
    request: Asking, link_id: FromPath[UUID], data: JSONBody[LinkKeyIn], platform: Home
) -> Response[LinkKeyOut]:
    """The partner's new key, announced under the one in force. Both are believed for a while."""
    return await answered(request, platform, link_id, lambda tx: rotating.take(tx, link_id, data))


@post(
    "/v1/links/{link_id:uuid}/key/withdraw",
    tags=TAGS,
    operation_id="withdrawLinkKey",
    status_code=200,
    request_max_body_size=LARGEST_MESSAGE,
)
async def withdraw_key(
    request: Asking, link_id: FromPath[UUID], data: JSONBody[LinkKeyGivenUpIn], platform: Home
) -> Response[LinkKeyOut]:
    """The partner gives up a new key that we have not taken: we never will. Refused once we have it."""
    given_up, now = data.public_key, platform.now()
    return await answered(request, platform, link_id, lambda tx: withdrawing.hear(tx, link_id, given_up, now=now))


@get("/v1/links/{link_id:uuid}/head", tags=TAGS, operation_id="showLinkHead")
async def head(
    request: Asking,
    link_id: FromPath[UUID],
    platform: Home,
    received: FromQuery[Annotated[int, QueryParameter(ge=0, le=10**15)]] = 0,
) -> Response[LinkHeadOut]:
    """Our word on the link: balance, limit, chains, what is in flight; asked with the height received from us."""
    return await answered(request, platform, link_id, lambda tx: receiving.head(tx, link_id, received=received))


@get("/v1/links/{link_id:uuid}/chain/{direction:str}/{seq:int}", tags=TAGS, operation_id="showLinkChain")
async def chain(
    request: Asking,
    link_id: FromPath[UUID],
    direction: FromPath[Literal["out", "in"]],
    seq: FromPath[int],
    platform: Home,
) -> Response[ChainOut]:
    """The head of our chain of relays sent (`out`) or received (`in`) at a height, to find where two histories part."""
    return await answered(request, platform, link_id, lambda tx: receiving.chain(tx, link_id, direction, seq))


HANDLERS: list[Any] = [prepare, commit, abort, show, quote, key, withdraw_key, head, chain]
