"""What the time bank's ledger publishes: daily roots, nightly cycles."""
