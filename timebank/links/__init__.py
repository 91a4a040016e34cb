"""Trade with outside banks, each with its own ledger: links with two-sided trust limits, relays in two phases.

    ours                                              theirs
    prepare_out: payer's minutes held     ── prepare ─▶   prepare_in: room on the mirror held
    commit_out: the decision, final       ── commit ──▶   commit_in: the payee has them
    end_relay: aborted or expired         ── abort ───▶   end_relay: room is free again
                                          ◀── ask ─────   what became of a relay that is overdue

The payer's side alone decides, so no clock of the other side matters; `protocol` says what comes next, `moves` does it,
`mirrors` compares both sides' books. No network here: the caller carries the messages.
"""

from timebank.links.errors import (
    ChainDiverged,
    LimitReached,
    LinkExists,
    LinkNotEmpty,
    LinkSuspended,
    MirrorLocked,
    RelayConflict,
    RelayEnded,
    RelayExpired,
    RelayOutOfOrder,
    UnknownLink,
    UnknownRelay,
)
from timebank.links.links import (
    Link,
    close_link,
    find_link,
    find_links,
    hear_limit,
    open_link,
    resume_link,
    set_our_limit,
    suspend_link,
)
from timebank.links.relays import (
    Relay,
    commit_in,
    commit_out,
    confirm_relay,
    end_relay,
    find_relay,
    in_flight,
    prepare_in,
    prepare_out,
)

__all__ = [
    "ChainDiverged",
    "LimitReached",
    "Link",
    "LinkExists",
    "LinkNotEmpty",
    "LinkSuspended",
    "MirrorLocked",
    "Relay",
    "RelayConflict",
    "RelayEnded",
    "RelayExpired",
    "RelayOutOfOrder",
    "UnknownLink",
    "UnknownRelay",
    "close_link",
    "commit_in",
    "commit_out",
    "confirm_relay",
    "end_relay",
    "find_link",
    "find_links",
    "find_relay",
    "hear_limit",
    "in_flight",
    "open_link",
    "prepare_in",
    "prepare_out",
    "resume_link",
    "set_our_limit",
    "suspend_link",
]
