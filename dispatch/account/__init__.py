"""Accounts of a plan: what each stop costs, why a stop is where it is, and how two plans differ.

Figures first, as values; `words` says them in Chinese or English.
"""
