"""Pages of giving: orders that wait and orders that are done, standing orders, key elders and their grants."""
