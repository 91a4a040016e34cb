"""The compiled search: ruin and recreate and walks of moves over keyed routes, in one state with one evaluation.

A *leg* is one stop to make: a crew member's part of a visit, or one end of a delivery. Routes are linked lists of
legs between two sentinels. Every leg carries the label of its earliest timing (`columns`), made from its
predecessor's by one transition (`timing`). All legs of a crew share one *key* and routes increase in key, so waiting
for one another can never form a circle; after a change only what changes is timed again, in the order of the keys.
A change is written to a log first, so that undoing costs as much as doing.
"""
