"""Verify an exported ledger: `python -m timebank.verify EXPORT [--root [DAY=]HEX ...]`.

A separate small program: it reads nothing but the export, shares no code with the ledger, and recomputes every digest,
chain, balance, mirror, snapshot, cycle and root from the legs. It names the first bad row and exits 1; 0 when all is
whole. A history that its owner rewrote from beginning to end, roots included, is whole in itself: such a one is found
by a root that was given away before, handed in with `--root`.
"""

from timebank.verify.reading import BadRow, Verifier, verify

__all__ = ["BadRow", "Verifier", "verify"]
