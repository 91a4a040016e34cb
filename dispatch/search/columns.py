"""The columns of the search's tables. All tables are int64; times in seconds, costs in the objective's units.

`STATE` rows, one per leg and per sentinel, hold all that changes. `LEG`, `ROUTE` and `TASK` rows never change.
Legs are numbered 0 … n−1; the sentinel of route r's start is n + r, of its end n + m + r.
"""

from __future__ import annotations

# state: one row per leg and sentinel
SUCC = 0  # next in the route; −1 while not served
PRED = 1  # previous in the route
ROUTE = 2  # the route it is on; −1 while not served
KEY = 3  # grows along a route; the legs of a crew share one
START = 4  # earliest start of service
DEP = 5  # earliest departure
LATEST = 6  # an upper bound on the latest start that what follows can bear
WAY = 7  # cost of the way to the next; at the start of an unused route what using it would cost, negated
COST = 8  # what this stop adds: way to it, lateness, waiting, preferences; at an end sentinel: way home, overtime, use
BREAKS = 9  # breaks of the shift that are behind
REST = 10  # seconds of them that lie inside the route
WAIT = 11  # seconds waited since the route began
SLACK = 12  # how much later the route could begin without a stop missing its window, were all waiting used up
BEGIN = 13  # when the route leaves its start
BOUND = 14  # a pickup's earliest start, raised so that what it takes along does not ride too long
STATE_WIDTH = 16  # two cache lines: what insertion asks of every candidate lies in the first
COUNT = PRED  # at a start sentinel: the legs on the route
TYPE_HERE = BOUND  # at a start sentinel: the route's type

# legs
PLACE = 0  # where it is
LEAVES = 1  # where one is afterwards
SERVICE = 2  # seconds
OPEN = 3  # first second of its first window
CLOSE = 4  # last second at which it may start; the horizon if its end is soft
KIND = 5
TASK = 6
PARTNER = 7  # the other end of a delivery; −1 none
SETUP = 8  # seconds of setup that the way to it contains
FIRST_WINDOW = 9  # its windows in the table of windows: [FIRST_WINDOW, LAST_WINDOW)
LAST_WINDOW = 10
SOFT = 11  # where lateness begins; the horizon if it never does
LATE = 12  # cost per second late
RIDE = 13  # most seconds from departure at the pickup to arrival here; −1 none
PICKED = 14  # when it was taken aboard before the horizon; −1 not
DIRECT = 15  # 1: nothing may come between the two ends
PUBLISHED = 16  # its start in the baseline; −1 none
MEMBER = 17
LEG_WIDTH = 18

# kinds of legs
VISIT = 0
PICKUP = 1
DROPOFF = 2  # its pickup is a leg too
LOADED = 3  # a drop-off whose load is taken along from the start
ABOARD = 4  # a drop-off whose load is aboard already

# routes
MODE = 0  # row of the travel tables
CLASS = 1  # row of the cost tables
BEGINS = 2  # place of its start, as the travel tables number it
ENDS = 3  # place of its end
OPENS = 4
CLOSES = 5
USED = 6  # cost of having any stop
LONGEST = 7  # most seconds of work; the horizon if unlimited
OVERTIME = 8  # seconds of work after which overtime begins; the horizon if never
OVERTIME_COST = 9  # per second
WAIT_COST = 10  # per second
FIRST_BREAK = 11  # its breaks in the table of breaks: [FIRST_BREAK, LAST_BREAK)
LAST_BREAK = 12
WHO = 13  # number of its caregiver
TYPE = 14  # routes of one type are interchangeable
HEAD = 15  # how many legs at its head are pinned there
ROUTE_WIDTH = 16

# tasks
FIRST_LEG = 0  # its legs: [FIRST_LEG, LAST_LEG)
LAST_LEG = 1
PENALTY = 2  # cost of leaving it out
LEAST = 3  # stagger of a crew
MOST = 4
FROZEN = 5  # 1: pinned to the head of a route, never taken out
BONDS = 6  # its relations in the table of bonds: [BONDS, BONDS_END)
BONDS_END = 7
DEARNESS = 8  # rank of its penalty among all penalties
TASK_WIDTH = 9

# bonds: (kind, other task, seconds, most seconds)
ELDER = 0  # not at the same time
BEFORE = 1  # this one ends, then a gap, then the other starts
AFTER = 2  # the other way round
SAME = 3  # the same first caregiver
DIFFERENT = 4  # no caregiver in common

FOREVER = 1 << 40  # later than any time of a document
NEVER = -(1 << 40)
