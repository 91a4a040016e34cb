"""Ways to a leg that is not served yet, read from its own row of the tables.

A new place is measured once, which fills its row. Where travel is the same both ways, as it is by every model that
measures, the ways to it are that row too, but for the setup paid on arrival; its column, one number in each row of the
tables, would cost more to write than all else. So the column's numbers are written where a leg is put, one by one.
"""

from __future__ import annotations

from numba import int64, uint64

from dispatch.live.kernels.compiled import inner, woven
from dispatch.live.kernels.handle import MIRRORED
from dispatch.search.columns import ROUTE
from dispatch.search.linking import put


@woven
def seconds_in(facts, live, route, pred, leg):
    """From a departure at `pred` to the earliest start of `leg`, its setup included."""
    here, place, places = uint64(facts.stands[pred, 1]), uint64(facts.stands[leg, 0]), uint64(facts.clock.shape[1])
    table = uint64(facts.tabled[route, 0])
    if live.counters[MIRRORED] == 0:
        return int64(facts.clock_out[table + here * places + place])
    back = int64(facts.clock_out[table + place * places + here])
    return back if here == place else back - live.setup[here] + live.setup[place]


@woven
def cost_in(facts, live, route, pred, leg):
    """What that way costs."""
    here, place, places = uint64(facts.stands[pred, 1]), uint64(facts.stands[leg, 0]), uint64(facts.clock.shape[1])
    way = place * places + here if live.counters[MIRRORED] else here * places + place
    return int64(facts.price_out[uint64(facts.tabled[route, 1]) + way])


@inner
def put_behind(facts, state, live, leg, pred, key):
    """Link a leg into a route behind `pred`, having written the way there where the search reads it."""
    route = state.rows[pred, ROUTE]
    here, place, places = int64(facts.stands[pred, 1]), int64(facts.stands[leg, 0]), facts.clock.shape[1]
    facts.clock_out[facts.tabled[route, 0] + here * places + place] = seconds_in(facts, live, route, pred, leg)
    facts.price_out[facts.tabled[route, 1] + here * places + place] = cost_in(facts, live, route, pred, leg)
    put(facts, state, leg, pred, key)
