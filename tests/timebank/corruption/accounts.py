"""Accounts and books: balances, limits, states, who and where they are."""

from tests.timebank.corruption.kinds import Corruption, no_check
from tests.timebank.town import BAI_B, LIU_A, POOL_A, VERA_A

ACCOUNTS = (
    Corruption(
        "changed balance",
        (f"UPDATE ledger_account SET posted = posted + 60 WHERE id = '{VERA_A}'",),
        "balance_differs_from_postings",
        "differs from its postings",
    ),
    Corruption(
        "changed balance of the issuance",
        ("UPDATE ledger_account SET posted = posted + 1 WHERE kind = 'reserve'",),
        "supply_differs_from_issuance",
        "differs from its postings",
    ),
    Corruption(
        "changed held",
        (f"UPDATE ledger_account SET held = held - 1 WHERE id = '{BAI_B}'",),
        "held_differs_from_holds",
        "differs from its postings or holds",
    ),
    Corruption(
        "changed owed", (f"UPDATE ledger_account SET owed = 7 WHERE id = '{BAI_B}'",), "below_floor", "below its floor"
    ),
    Corruption(
        "changed floor",
        (f"UPDATE ledger_account SET floor = -5000 WHERE id = '{VERA_A}'",),
        "limits_differ_from_command",
        "other limits than were set",
    ),
    Corruption(
        "changed cap",
        (f"UPDATE ledger_account SET cap = 90000 WHERE id = '{LIU_A}'",),
        "limits_differ_from_command",
        "other limits than were set",
    ),
    Corruption(
        "lowered ceiling",
        (no_check("ledger_account_floor"), "UPDATE ledger_account SET floor = -100, owed = 0 WHERE kind = 'issuance'"),
        "issued_beyond_authorised",
        "below its floor",
    ),
    Corruption(
        "closed account reopened",
        ("UPDATE ledger_account SET state = 'open' WHERE owner = 'gone'",),
        "state_differs_from_command",
        "is open, which nobody said",
    ),
    Corruption(
        "account closed with minutes",
        (f"UPDATE ledger_account SET state = 'closed' WHERE id = '{VERA_A}'",),
        "closed_not_empty",
        "closed, but not empty",
    ),
    Corruption(
        "account moved to another book",
        ("UPDATE ledger_account SET book = 'A' WHERE owner = 'gone'",),
        "account_differs_from_command",
        "is another than was opened",
    ),
    Corruption(
        "account of another owner",
        (f"UPDATE ledger_account SET owner = 'me' WHERE id = '{VERA_A}'",),
        "account_differs_from_command",
        "is another than was opened",
    ),
    Corruption(
        "account removed",
        (f"DELETE FROM ledger_account WHERE id = '{POOL_A}'",),
        "posting_in_foreign_book",
        "unknown account",
    ),
    Corruption(
        "account without entries removed",
        ("DELETE FROM ledger_account WHERE owner = 'gone'",),
        "account_differs_from_command",
        "is missing",
    ),
    Corruption(
        "book moved to another city",
        (
            "INSERT INTO ledger_book (id, kind) VALUES ('elsewhere', 'city')",
            "UPDATE ledger_book SET city = 'elsewhere' WHERE id = 'B'",
        ),
        "posting_in_foreign_book",
        "in a foreign book",
    ),
)
