"""Who lives and works in the demo city: pure values made from a seed and a scale, before anything is written.

Seeding writes them down; the players of a simulated day use the same values to know whose telephone rings.
"""

from marketplace.demo.population.cast import Cast, cast_of
from marketplace.demo.population.roles import (
    CastCaregiver,
    CastElder,
    CastFamily,
    CastMinor,
    CastStaff,
    CastStudent,
    CastVolunteer,
)
from marketplace.demo.population.scale import FULL, Scale

__all__ = [
    "FULL",
    "Cast",
    "CastCaregiver",
    "CastElder",
    "CastFamily",
    "CastMinor",
    "CastStaff",
    "CastStudent",
    "CastVolunteer",
    "Scale",
    "cast_of",
]
