"""`python -m dispatch`: see dispatch.cli."""

from dispatch.cli import main

main()
