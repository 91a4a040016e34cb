"""Importing a bank: members, balances, history. A dry run lists every problem by row, a commit is all or none.

`files` reads bytes into rows, `columns` and `values` say what a file holds, `judging` compares rows with one another
and `standing` with what is here, `committing` writes.
"""
