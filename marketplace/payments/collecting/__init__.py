"""Collecting from a payer: which step comes next, the three beats of a step, and what the gateway's answer means."""
