"""A member's standing: incidents, what follows from their number, and appeals."""
