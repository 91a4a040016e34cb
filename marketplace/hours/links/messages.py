"""The messages and the timer of links, by name; who hears them stands in `marketplace/subscriptions.py`."""

REQUESTED = "relay.requested"  # a member pays or calls off: link_id, relay_id
ENDED = "relay.ended"  # committed, aborted or expired here: link_id, relay_id
CHECK = "link.check"  # compare with the partner: link_id
DIVERGED = "link.diverged"  # the two banks do not agree, the link is suspended: link_id, reason
REQUEST_CHANGED = "payment_request.changed"  # it waits for a second person, or was decided: request_id, state
REQUEST_DUE = "payment_request.due"  # the timer of one that waits
KEY_MADE = "link.key_made"  # a new key of ours waits to be announced: link_id
LINK_DUE = "link.due"  # the link's timer
