"""The verifier as a program."""

import sys
from pathlib import Path

from timebank.verify import BadRow, verify

USAGE = "usage: python -m timebank.verify EXPORT [--root DAY=HEX ...]\n"


def main(arguments: list[str]) -> int:
    """0: whole. 1: a bad row, named. 2: called wrongly or the file cannot be read."""
    file, roots = arguments[:1], arguments[1:]
    given = [root.split("=") for root in roots[1::2]]
    if not file or set(roots[::2]) - {"--root"} or len(roots) % 2 or any(len(one) != 2 for one in given):
        sys.stderr.write(USAGE)
        return 2
    try:
        with Path(file[0]).open(encoding="utf-8", errors="surrogateescape") as lines:
            read = verify(lines, dict(given)).read
    except OSError as error:
        sys.stderr.write(f"{file[0]}: {error}\n")
        return 2
    except BadRow as bad:
        sys.stdout.buffer.write(f"BAD {bad}\n".encode("utf-8", "replace"))
        return 1
    sys.stdout.write(f"OK {len(read.entries)} entries, {len(read.accounts)} accounts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
