"""Compiled code of the live plan: places tried exactly by the search's own settling, promises held by windows."""
