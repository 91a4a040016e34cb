"""What closes a stretch of time: roots, snapshots, periods, nights."""

from tests.timebank.corruption.kinds import Corruption, entry_id
from tests.timebank.town import BAI_B, POOL_A

CYCLE, DEBT = "cycle_differs_from_postings", "cycle_debt_differs_from_postings"
PARTNERS, CAP = "cycle_partners_differ_from_postings", "cap_differs_from_command"


SAID = "sha256(convert_to((said->'command')::text, 'UTF8'))"


def lowered(day: str) -> tuple[str, str]:
    """A night's cap lowered where it is told and where it was said."""
    return (
        f"UPDATE ledger_cycle_line SET cap = 1 WHERE branch = 'A' AND on_day = '{day}'",
        (
            f"UPDATE ledger_command SET answer = said::text, payload_hash = {SAID}"
            " FROM (SELECT key AS there, jsonb_set(answer::jsonb, '{command,caps,A}', '1') AS said"
            f" FROM ledger_command) c WHERE key = there AND key = 'cycle:city:minute:{day}:caps'"
        ),
    )


NIGHTS = (
    Corruption(
        "changed root",
        ("UPDATE ledger_root SET root = sha256('x')",),
        "root_differs_from_leaves",
        "differs from its leaves",
    ),
    Corruption(
        "changed leaf",
        (f"UPDATE ledger_root_leaf SET head = sha256('x') WHERE account = '{BAI_B}'",),
        "root_leaf_differs_from_chain",
        "had another head",
    ),
    Corruption(
        "leaf removed",
        (f"DELETE FROM ledger_root_leaf WHERE account = '{POOL_A}'",),
        "root_differs_from_leaves",
        "differs from its leaves",
    ),
    Corruption(
        "changed snapshot",
        ("UPDATE ledger_snapshot SET amount = amount + 1 WHERE branch = 'A'",),
        "snapshot_differs_from_postings",
        "differs from its postings",
    ),
    Corruption(
        "entry in a closed period",
        ("UPDATE ledger_period SET ends_at = ends_at + interval '10 d', recorded_at = recorded_at - interval '9 h'",),
        "entry_in_closed_period",
        "in a closed period",
    ),
    Corruption(
        "changed gross of a night",
        ("UPDATE ledger_cycle_line SET owes = owes + 1, is_owed = is_owed + 1 WHERE branch = 'A'",),
        PARTNERS,
        "and its partners owe",
    ),
    Corruption(
        "changed net of a night", ("UPDATE ledger_cycle_line SET owes = owes + 1 WHERE branch = 'A'",), CYCLE, "settled"
    ),
    Corruption(
        "changed debt of a night",
        ("UPDATE ledger_cycle_line SET debt = debt + 1 WHERE branch = 'A'",),
        DEBT,
        "the debt of branch A",
    ),
    Corruption(
        "raised cap of a night",
        ("UPDATE ledger_cycle_line SET cap = 99999 WHERE branch = 'A'",),
        DEBT,
        "not what its cap allows",
    ),
    Corruption(
        "lowered cap of a night", ("UPDATE ledger_cycle_line SET cap = 1 WHERE branch = 'A'",), CAP, "had another cap"
    ),
    Corruption("lowered cap of a night, in its command as well", lowered("2026-03-02"), CAP, "drew by other caps"),
    Corruption(
        "lowered cap of a night that kept none",
        (
            "DELETE FROM ledger_command WHERE key LIKE 'cycle:%'",
            "UPDATE ledger_cycle_line SET cap = 1 WHERE branch = 'A'",
        ),
        CAP,
        "drew by other caps",
    ),
    Corruption("lowered cap of a night without a draw, in its command as well", lowered("2026-03-03"), None, None),
    Corruption(
        "caps of a later night removed",
        ("DELETE FROM ledger_command WHERE key = 'cycle:city:minute:2026-03-03:caps'",),
        CAP,
        "its caps are not kept",
    ),
    Corruption(
        "caps of a night that was not",
        (
            (
                "INSERT INTO ledger_command (key, payload_hash, answer)"
                f" SELECT replace(key, '03-03', '03-04'), {SAID}, said::text"
                " FROM (SELECT key, replace(answer, '03-03', '03-04')::jsonb AS said FROM ledger_command) c"
                " WHERE key LIKE '%03-03:caps'"
            ),
        ),
        CAP,
        "cycle of city minute 2026-03-04 is missing",
    ),
    Corruption(
        "changed draw of a night",
        ("UPDATE ledger_cycle_line SET drawn = drawn - 1 WHERE draw IS NOT NULL",),
        DEBT,
        "drew another amount",
    ),
    Corruption(
        "changed partner of a night",
        ("UPDATE ledger_cycle_partner SET partner = 'B' WHERE branch = 'B' AND partner = 'city'",),
        PARTNERS,
        "and its partners owe",
    ),
    Corruption(
        "night removed",
        ("DELETE FROM ledger_cycle_partner", "DELETE FROM ledger_cycle_line", "DELETE FROM ledger_cycle"),
        "settlement_without_cycle",
        "no cycle names entry",
    ),
    Corruption(
        "settlement removed",
        (
            f"DELETE FROM ledger_posting WHERE entry = {entry_id('cycle:city:minute:2026-03-02')}",
            "DELETE FROM ledger_entry WHERE key = 'cycle:city:minute:2026-03-02'",
        ),
        CYCLE,
        "snapshot of A clearing",
    ),
)
