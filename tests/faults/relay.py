"""A relay between a worker and the payment simulator that can lose a request, lose an answer, or make one wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

Mode = Literal["pass", "lose_request", "lose_answer", "wait"]


class Relay:
    """Passes bytes on. In another mode the next request sets `caught`; a waiting one goes on at `go`."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._writers: list[asyncio.StreamWriter] = []
        self.mode: Mode = "pass"
        self.caught = asyncio.Event()
        self.go = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        self._writers += [writer, there_writer]
        up, down = self._up(reader, there_writer), self._down(there_reader, writer)
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(up, down)

    async def _up(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.mode in {"lose_request", "wait"}:
                self.caught.set()
            if self.mode == "lose_request":
                continue
            if self.mode == "wait":
                await self.go.wait()
            there.write(data)
            await there.drain()
        there.close()

    async def _down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65_536):
            if self.mode == "lose_answer":
                self.caught.set()
                continue
            writer.write(data)
            await writer.drain()
        writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def relaying(target: str) -> AsyncIterator[Relay]:
    """A relay to `target` on a free port."""
    relay = Relay(target)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield relay
    server.close()
    relay.close()
    await asyncio.sleep(0)
