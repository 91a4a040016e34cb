"""The ledger's rules once more, in dictionaries: no SQL, no locks, no hashes. Only the commands are the ledger's."""

from tests.timebank.simulation.oracle.answers import Expected, Refused
from tests.timebank.simulation.oracle.ledger import Oracle
from tests.timebank.simulation.oracle.state import Account, Booked, Reserved

__all__ = ["Account", "Booked", "Expected", "Oracle", "Refused", "Reserved"]
