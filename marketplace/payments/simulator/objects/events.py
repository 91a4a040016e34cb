"""Events: a snapshot of the object at the moment of its change, kept for 30 days, and queued for delivery."""

from typing import Any

from marketplace.payments.simulator.desk import Body, Desk
from marketplace.payments.simulator.switches import read as switches_of
from marketplace.payments.simulator.wire.listing import Filter, page
from marketplace.payments.simulator.wire.params import Params

API_VERSION = "2026-10-28.endive"
KEPT_SECONDS = 30 * 24 * 3600


def emit(desk: Desk, kind: str, body: Body) -> None:
    """Record an event in the request's own transaction; it leaves after the commit."""
    switches = switches_of(desk.db)
    event: dict[str, Any] = {
        "id": desk.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": desk.now,
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": desk.request_id, "idempotency_key": desk.key},
        "type": kind,
    }
    desk.add(event)
    desk.db.execute(
        "INSERT INTO deliveries (event, copies_left, next_at) VALUES (?, ?, ?)",
        (event["id"], switches.duplicates, desk.wall + switches.delay_ms / 1000),
    )


def retrieve(desk: Desk, params: Params, event_id: str) -> Body:
    """Answer GET /v1/events/{id}."""
    params.done()
    return desk.get("event", event_id)


def listing(desk: Desk, params: Params) -> Body:
    """Answer GET /v1/events: newest first, with `type`, `types` and `delivery_success`."""
    chosen = Filter("event")
    chosen.where("o.created > ?", desk.now - KEPT_SECONDS)
    kinds = params.texts("types") or [kind for kind in [params.text("type")] if kind is not None]
    if kinds:
        marks = ", ".join("?" * len(kinds))
        chosen.where(f"json_extract(o.body, '$.type') IN ({marks})", *kinds)
    delivered = params.flag("delivery_success")
    if delivered is not None:
        chosen.where("d.accepted = ?", int(delivered))
    return page(desk, params, chosen, url="/v1/events", joined="JOIN deliveries d ON d.event = o.id")
