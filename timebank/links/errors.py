"""Named refusals of links and relays."""

from timebank.errors import LedgerError


class UnknownLink(LedgerError):
    """No such link. data: link."""

    code, sqlstate = "unknown_link", "LZ101"


class LinkSuspended(LedgerError):
    """The link takes no new relays: it is suspended or closed. data: link, state."""

    code, sqlstate = "link_suspended", "LZ102"


class LimitReached(LedgerError):
    """The amount passes a trust limit: `ours` on what the partner owes, or `theirs` on what we owe.

    data: link, whose, room, amount.
    """

    code, sqlstate = "limit_reached", "LZ103"


class RelayExpired(LedgerError):
    """The relay's time was over before it was decided. data: link, relay, expires_at."""

    code, sqlstate = "relay_expired", "LZ104"


class RelayConflict(LedgerError):
    """The relay's id is known with other contents. data: link, relay."""

    code, sqlstate = "relay_conflict", "LZ105"


class UnknownRelay(LedgerError):
    """No relay of this id and direction was prepared. data: link, relay."""

    code, sqlstate = "unknown_relay", "LZ106"


class RelayEnded(LedgerError):
    """The relay has another end. data: link, relay, state."""

    code, sqlstate = "relay_ended", "LZ107"


class RelayOutOfOrder(LedgerError):
    """A commit came before that of an earlier relay of the same direction. data: link, relay, height, seq."""

    code, sqlstate = "relay_out_of_order", "LZ108"


class ChainDiverged(LedgerError):
    """The commit does not continue our chain: the two sides do not have the same history.

    data: link, relay, height, seq.
    """

    code, sqlstate = "chain_diverged", "LZ109"


class MirrorLocked(LedgerError):
    """A link's mirror moves with a relay only, never by a post or a reversal. data: account."""

    code, sqlstate = "mirror_locked", "LZ110"


class LinkExists(LedgerError):
    """The id, or the partner's name in this book and unit, is taken by another link. data: link, partner."""

    code, sqlstate = "link_exists", "LZ111"


class LinkNotEmpty(LedgerError):
    """A link closes only at balance zero with nothing in flight. data: link, balance, in_flight."""

    code, sqlstate = "link_not_empty", "LZ112"
