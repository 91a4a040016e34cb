"""Giving and moving hours: gifts, donations, grants, collections, inheritance, a new home branch, standing orders.

Whatever moves hours without a service is an order (`models.py`): placed, where need be agreed to by a second person,
carried out in one entry of the ledger whose key is made of the order's id, and sometimes taken back.
"""
