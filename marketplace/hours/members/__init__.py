"""Members of the time bank: joining, programmes that grant to them, their statements."""
