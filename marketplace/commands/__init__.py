"""Groups of the `liuzhu` command that are too long for one file. `marketplace.cli` adds them to its own."""
