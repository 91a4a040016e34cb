"""Is a process ready? One HTTP GET with the standard library, so that waiting needs no client of ours."""

import urllib.error
import urllib.request

# No proxy: the address is on this machine, whatever the environment says about the world outside.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str, *, timeout_seconds: float = 2.0) -> bool:
    """Whether a GET of the http address is answered with 200 in time."""
    if not url.startswith("http://"):
        raise ValueError(f"readiness is asked over http on this machine, not at {url}")
    try:
        with _OPENER.open(url, timeout=timeout_seconds) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
