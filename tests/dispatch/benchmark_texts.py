"""Instances small enough to work out by hand, in the original formats.

Places: the depot at (0, 0), node 1 at (3, 4), node 2 at (3, 0): 5, 4 and 3 apart.
"""

from __future__ import annotations

VRPTW = """TINY

VEHICLE
NUMBER CAPACITY
2 5

CUSTOMER
CUST NO. XCOORD. YCOORD. DEMAND READY DUE SERVICE
0 0 0 0 0 100 0
1 3 4 4 0 10 2
2 3 0 1 12 12 1
3 1 1 1 0 50 0
"""

LILIM = """2 3 1
0 0 0 0 0 100 0 0 0
1 3 4 2 0 10 2 0 2
2 3 0 -2 0 50 0 1 0
3 0 2 2 0 50 0 0 4
4 0 1 -2 0 50 0 3 0
"""

# Patient 0 needs service 0. Patient 1 needs service 0 and, 2 to 5 minutes after its start, service 1. The first
# caregiver gives service 0, the second both. Every service takes ten minutes.
MANKOWSKA = """nbNodes
4
nbVehi
2
nbServi
2
r
1 1
1 0
1 1
1 1
DS
3
a
1 0
1 1
x
0 3 3 0
y
0 4 0 0
d
0 5 3 0
5 0 4 5
3 4 0 3
0 5 3 0
p
0 0
0 0
10 10
10 10
10 10
10 10
0 0
0 0
mind
0 0 2 0
maxd
0 0 5 0
e
0 0 20 0
l
100 20 30 100
"""
