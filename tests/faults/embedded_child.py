"""Run by the tests as a process of its own: start the servers in a directory, say their addresses, wait."""

import json
import sys
from pathlib import Path

from marketplace.base.embedded import EmbeddedError, Postgres, Valkey


def main(data: Path, outlives_us: bool) -> None:
    """Print one JSON line: the addresses and process ids, or the error."""
    postgres = Postgres(data, outlives_us=outlives_us)
    valkey = Valkey(data, outlives_us=outlives_us)
    try:
        said = {"postgres": postgres.start(), "valkey": valkey.start(), "pids": [postgres.pid, valkey.pid]}
    except EmbeddedError as error:
        said = {"error": str(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    if "error" in said:
        return
    sys.stdin.readline()
    postgres.stop()
    valkey.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "outlives")
