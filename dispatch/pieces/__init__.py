"""Large days by pieces: a day of thousands of tasks is cut, each piece is solved by itself, then the borders are
opened again (POPMUSIC, Taillard & Voss 2002).

A piece is a problem of its own that any worker can take, and there is a few hundred tasks in it, so nothing that grows
with the square of the day is ever made. See `cut`, `work`, `opening`, `borders`, then `planner`, the loop.
"""

from dispatch.pieces.merge import merge
from dispatch.pieces.piece import Piece, piece_problem
from dispatch.pieces.solving import by_pieces, piece_size

__all__ = ["Piece", "by_pieces", "merge", "piece_problem", "piece_size"]
