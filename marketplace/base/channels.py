"""Channels carry short texts to people. The city's SMS service hangs behind one HTTP address."""

from typing import Protocol

import httpx


class ChannelUnavailable(Exception):
    """The text did not get out; the caller's delivery is retried."""


class Channel(Protocol):
    """Sends one text to one telephone number. Never called inside a transaction."""

    async def send(self, phone: str, text: str) -> None: ...


class SmsChannel:
    """Posts `{"to", "text"}` as JSON to the city's SMS service; any 2xx is success."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, phone: str, text: str) -> None:
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                answer = await client.post(self._url, json={"to": phone, "text": text})
        except httpx.HTTPError as error:
            raise ChannelUnavailable(type(error).__name__) from error
        if not answer.is_success:
            raise ChannelUnavailable(f"status {answer.status_code}")


class NoChannel:
    """Where no SMS service is configured: the demo shows its codes on the screen instead."""

    async def send(self, phone: str, text: str) -> None:  # noqa: ARG002 - the protocol's face
        return
