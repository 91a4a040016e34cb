"""What can be proved of a small day by CP-SAT: no plan costs less, no plan serves these tasks together.

The statement holds for every plan that the checker passes, and for a few more: where a rule or a cost is stated a hair
too mildly, a bound is lower than it could be and a proof may fail, never the other way round.
"""

from dispatch.proof.bound import Bound, lower_bound
from dispatch.proof.conflict import conflict

__all__ = ["Bound", "conflict", "lower_bound"]
