"""Verify an exported ledger: `python -m timebank.verify EXPORT [--root [DAY=]HEX ...] [--statement FILE ...]`.

A separate small program: it reads nothing but the export, shares no code with the ledger, and recomputes every digest,
chain, balance, mirror, snapshot, cycle and root from the legs. It names the first bad row and exits 1; 0 when all is
whole. A history that its owner rewrote from beginning to end, or whose last entries he took out, is whole in itself:
such a one is found by what was given away before, roots (`--root`) and statements (`--statement`).
"""

from timebank.verify.reading import BadRow, Verifier, verify

__all__ = ["BadRow", "Verifier", "verify"]
