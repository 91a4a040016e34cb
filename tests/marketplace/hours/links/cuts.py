"""The line between two banks: one relay per direction, in the test's own process, that can be cut at any message."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Lost = Literal["request", "answer"]


def step_of(head: bytes) -> str:
    """Which message a request is, by its first line."""
    method, path, _ = head.split(b" ", 2)
    last = path.split(b"?")[0].rsplit(b"/", 1)[-1].decode()
    if method == b"PUT":
        return "prepare"
    return last if last in {"commit", "abort", "head", "quotes", "key", "withdraw"} else "ask"


@dataclass
class Line:
    """Whole, or cut. A cut begins at a message of its kind, whose request or answer is the first thing that is lost."""

    ports: dict[str, int]  # where the banks listen, by name
    down: set[str] = field(default_factory=set)  # banks that cannot be reached
    step: str | None = None
    lost: Lost = "request"
    both_ways: bool = True
    caught: asyncio.Event = field(default_factory=asyncio.Event)
    urls: dict[str, str] = field(default_factory=dict)
    open_ends: set[asyncio.StreamReader] = field(default_factory=set)  # nothing else keeps a waiting one alive

    def cut_at(self, step: str, lost: Lost, *, both_ways: bool = True) -> None:
        """From the next `step` on nothing passes: in both directions, or only towards the bank that is asked."""
        self.step, self.lost, self.both_ways = step, lost, both_ways
        self.caught.clear()

    def heal(self) -> None:
        self.step = None
        self.down.clear()

    def _cut(self, towards: str) -> None:
        self.down |= set(self.ports) if self.both_ways else {towards}
        self.caught.set()

    async def carry(self, towards: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer; banks make a new connection for each."""
        self.open_ends.add(reader)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await _message(reader)
            step = step_of(request)
            answer = None if towards in self.down else await self._pass(towards, step, request)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
        writer.close()
        self.open_ends.discard(reader)

    async def _pass(self, towards: str, step: str, request: bytes) -> bytes | None:
        meant = step == self.step
        if meant:
            self.step = None  # one message makes the cut, though another of its kind may be on its way
        if meant and self.lost == "request":
            self._cut(towards)
            return None
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[towards])
        self.open_ends.add(reader)
        try:
            writer.write(request)
            await writer.drain()
            answer = await _message(reader)
        finally:
            writer.close()
            self.open_ends.discard(reader)
        if meant:
            self._cut(towards)
        return None if meant or towards in self.down else answer


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head


@asynccontextmanager
async def line_between(ports: dict[str, int], names: Iterable[str]) -> AsyncIterator[Line]:
    """A whole line to the banks of these names; `urls` are the addresses under which each is reached through it."""
    line = Line(ports)
    servers = []
    for name in names:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, towards: str = name) -> None:
            await line.carry(towards, reader, writer)

        servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        line.urls[name] = f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        for server in servers:
            server.close()
