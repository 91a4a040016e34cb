"""The verifier as a program."""

import argparse
import gzip
import io
import json
import re
import sys
import zlib
from pathlib import Path

from timebank.verify import BadRow, verify
from timebank.verify.handed_out import heads_of

ROOT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}=)?[0-9a-fA-F]{64}")


def opened(name: str) -> io.TextIOWrapper:
    """The export's lines: a file, plain or gzipped, or standard input for `-`. What is no UTF-8 is no row either."""
    source = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False) if name == "-" else io.FileIO(name))
    packed = source.peek(2)[:2] == b"\x1f\x8b"
    raw = io.BufferedReader(gzip.GzipFile(fileobj=source)) if packed else source
    return io.TextIOWrapper(raw, encoding="utf-8", errors="surrogateescape")


def main(arguments: list[str]) -> int:
    """0: whole. 1: a bad row, named. 2: called wrongly or the file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m timebank.verify", description="Verify an exported ledger.")
    parser.add_argument("export", help="the export, plain or gzipped; - for standard input")
    parser.add_argument(
        "--root", action="append", default=[], metavar="[DAY=]HEX", help="a published root, of that day"
    )
    parser.add_argument(
        "--statement", action="append", default=[], metavar="FILE", help="a statement that was handed out, as JSON"
    )
    try:
        given = parser.parse_args(arguments)
        if not all(ROOT.fullmatch(root) for root in given.root):
            parser.error("a root is 64 hexadecimal digits, with DAY= before it where its day is known")
    except SystemExit as stop:
        return int(stop.code or 0)
    dated = dict(root.split("=", 1) for root in given.root if "=" in root)
    undated = [root for root in given.root if "=" not in root]
    try:
        statements = [heads_of(json.loads(Path(name).read_bytes())) for name in given.statement]
    except (OSError, ValueError, RecursionError) as error:
        sys.stderr.write(f"a statement cannot be read: {error}\n")
        return 2
    try:
        with opened(given.export) as lines:
            read = verify(lines, dated, undated=undated, statements=statements).read
    except (OSError, EOFError, zlib.error) as error:
        sys.stderr.write(f"{given.export}: {error}\n")
        return 2
    except BadRow as bad:
        sys.stdout.buffer.write(f"BAD {bad}\n".encode("utf-8", "replace"))
        return 1
    sys.stdout.write(f"OK {len(read.entries)} entries, {len(read.accounts)} accounts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
