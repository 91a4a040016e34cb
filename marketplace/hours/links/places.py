"""Where a partner may live: an operator's word must not lead our requests into our own network.

Only addresses of the public Internet are called, and those of the networks that the settings name (a government's own).
The name is resolved here and the resolved address is called, so that it cannot change between looking and calling.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from marketplace.hours.links.errors import PartnerAddressRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Forbidden(Exception):
    """The name leads to an address that is not called."""


def networks_of(setting: str) -> tuple[Network, ...]:
    """The networks of the setting, comma-separated in CIDR notation."""
    return tuple(ipaddress.ip_network(one.strip()) for one in setting.split(",") if one.strip())


def check_address(address: str, networks: tuple[Network, ...]) -> str:
    """The address without its trailing slash. Plain http only for a literal loopback address that is allowed.

    `PartnerAddressRefused`.
    """
    parts = urlsplit(address.rstrip("/"))
    try:
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise PartnerAddressRefused(pointer="/address")
    if parts.scheme == "http" and not _is_allowed_loopback(parts.hostname or "", networks):
        raise PartnerAddressRefused(pointer="/address")
    return address.rstrip("/")


def _is_allowed_loopback(host: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback and any(found in network for network in networks)


async def resolved(host: str, port: int, networks: tuple[Network, ...]) -> str:
    """The address to call for a name. `Forbidden` if any of the name's addresses is; OSError if it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for place in places:
        if not place.is_global and not any(place in network for network in networks):
            raise Forbidden(str(place))
    return str(places[0])
