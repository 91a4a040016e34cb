"""The SQL of the write path, kept in frozen, numbered files that migrations run in order.

A released numbered file is never edited: a change is a new file with the next number and a new migration. The files
without a number are queries that are only read.
"""

from importlib.resources import files

SEPARATOR = "\n-- next\n"  # one statement per execution: asyncpg prepares each


def install_sql(*names: str) -> list[str]:
    """The statements of the named files (by default all numbered ones), in the order in which they must be run."""
    folder = files("timebank") / "sql"
    chosen = sorted(names or (file.name for file in folder.iterdir() if file.name[:1].isdigit()))
    return [
        statement.strip()
        for name in chosen
        for statement in (folder / name).read_text("utf-8").split(SEPARATOR)
        if statement.strip()
    ]


def grant_sql(role: str) -> list[str]:
    """What an application role that does not own the tables needs: to read them and to call the public functions."""
    quoted = '"' + role.replace('"', '""') + '"'
    return [f"GRANT SELECT ON {table} TO {quoted}" for table in TABLES] + [
        f"GRANT EXECUTE ON FUNCTION {function} TO {quoted}" for function in PUBLIC_FUNCTIONS
    ]


TABLES = (
    "ledger_book",
    "ledger_account",
    "ledger_entry",
    "ledger_posting",
    "ledger_hold",
    "ledger_command",
    "ledger_period",
    "ledger_snapshot",
    "ledger_root",
    "ledger_root_leaf",
    "ledger_root_node",
    "ledger_cycle",
    "ledger_cycle_line",
    "ledger_cycle_partner",
    "ledger_link",
    "ledger_relay",
    "ledger_leg_sum",
    "ledger_net_position",
)
PUBLIC_FUNCTIONS = (
    "ledger_apply(jsonb, timestamptz)",
    "ledger_transfer(text, uuid, uuid, bigint, text, text, timestamptz, timestamptz)",
    "ledger_open_book(text, text, text)",
    "ledger_close_book(text)",
    "ledger_close_period(text, timestamptz, timestamptz, timestamptz)",
    "ledger_take_snapshot()",
    "ledger_make_root(date)",
    "ledger_run_cycle(text, text, date, jsonb, timestamptz)",
    "ledger_prepare_out_of(text, uuid, uuid, uuid, bigint, text, text, timestamptz, timestamptz)",
    "ledger_open_link(uuid, uuid, uuid, text, text, timestamptz)",
    "ledger_hear_limit(uuid, bigint)",
    "ledger_turn_link(uuid, text, text, timestamptz)",
    "ledger_prepare_out(uuid, uuid, uuid, bigint, text, text, timestamptz, timestamptz)",
    "ledger_prepare_in(uuid, uuid, uuid, uuid, text, bigint, text, text, timestamptz, timestamptz)",
    "ledger_commit_out(uuid, uuid, timestamptz)",
    "ledger_commit_in(uuid, uuid, bytea, bigint, timestamptz, bytea, timestamptz)",
    "ledger_end_relay(uuid, uuid, text, text, text, boolean, timestamptz)",
    "ledger_confirm_relay(uuid, uuid, timestamptz)",
    "ledger_relay_root(uuid, text, text, text)",
)
