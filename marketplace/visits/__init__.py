"""Visits: performers and their shifts, every attendance by anybody, its assignments, evidence and approval."""
