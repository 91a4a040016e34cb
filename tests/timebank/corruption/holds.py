"""Holds, and commands that make no entry."""

from tests.timebank.corruption.kinds import Corruption
from tests.timebank.town import BAI_B, VERA_A

HOLDS = (
    Corruption(
        "changed hold",
        (
            "UPDATE ledger_hold SET amount = 50 WHERE key = 'h1'",
            f"UPDATE ledger_account SET held = 50 WHERE id = '{BAI_B}'",
        ),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "hold given to another account",
        (f"UPDATE ledger_hold SET account = '{VERA_A}' WHERE key = 'h3'",),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "prolonged hold",
        ("UPDATE ledger_hold SET expires_at = expires_at + interval '1 year' WHERE key = 'h1'",),
        "hold_differs_from_command",
        "expires at another time",
    ),
    Corruption(
        "hold removed", ("DELETE FROM ledger_hold WHERE key = 'h3'",), "hold_differs_from_command", "is missing"
    ),
    Corruption(
        "hold inserted",
        (
            (
                "INSERT INTO ledger_hold (key, account, amount, held_at, expires_at, state, resolved_at, reference)"
                f" VALUES ('h9', '{VERA_A}', 5, now(), now(), 'released', now(), 'x')"
            ),
        ),
        "hold_differs_from_command",
        "differs from its command",
    ),
    Corruption(
        "command under an entry's key",
        (
            (
                "INSERT INTO ledger_command (key, payload_hash, answer)"
                " SELECT 'v1', payload_hash, answer FROM ledger_command WHERE key = 'close:gone'"
            ),
        ),
        "key_used_twice",
        "used twice",
    ),
    Corruption(
        "changed command",
        ("UPDATE ledger_command SET answer = replace(answer, '\"cap\": 10', '\"cap\": 99') WHERE key = 'capped'",),
        "command_differs_from_hash",
        "differs from its hash",
    ),
)
