"""A digest of every row of every table of the ledger: equal before and after means that nothing changed."""

from tests.timebank.town import Town
from timebank.schema import TABLES

VIEWS = {"ledger_leg_sum", "ledger_net_position"}


async def digest(town: Town) -> dict[str, str]:
    """By table."""
    found = {}
    for table in TABLES:
        if table not in VIEWS:
            sql = f"SELECT md5(COALESCE(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
            [[found[table]]] = await town.rows(sql)
    return found
