"""The simulator as a child process: started, switched, stopped or killed by whoever needs a payment provider."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

READY_WITHIN_SECONDS = 30
STOP_WITHIN_SECONDS = 10
ROOT = Path(__file__).parents[3]  # where `marketplace` lies, whether installed or only checked out


class SimulatorFailed(Exception):
    """The process did not start, or a request to its own controls was refused."""


class SimulatorProcess:
    """A running simulator. `url` is its address; the caller stops it."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    @classmethod
    async def start(
        cls,
        data: Path,
        *,
        webhook_url: str | None = None,
        webhook_secret: str = "whsec_simulator",  # noqa: S107 - of a stand-in on loopback
        port: int = 0,
        seed: int | None = None,
    ) -> "SimulatorProcess":
        """Start on `data` and wait until it answers; SimulatorFailed when it does not."""
        words = ["--data", str(data), "--port", str(port), "--webhook-secret", webhook_secret]
        words += [] if webhook_url is None else ["--webhook-url", webhook_url]
        words += [] if seed is None else ["--seed", str(seed)]
        search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "marketplace.payments.simulator",
            *words,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": search_path},
        )
        started = cls(process, "")
        try:
            line = await asyncio.wait_for(started.first_line(), READY_WITHIN_SECONDS)
        except BaseException:
            await started.kill()
            raise
        if not line.startswith("simulator ready "):
            raise SimulatorFailed(f"ended with status {await process.wait()} before it was ready")
        started.url = line.removeprefix("simulator ready ")
        return started

    async def first_line(self) -> str:
        """Read what it says when it is ready; empty when it ended instead."""
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        return (await self._process.stdout.readline()).decode().strip()

    async def stop(self) -> int:
        """Ask it to end; its exit status, 0 after a clean end."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_WITHIN_SECONDS)
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it at once, in the middle of whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        return await self._process.wait()

    async def switch(self, **switches: Any) -> None:
        """Change switches, see `switches.Switches`."""
        await self._ask("POST", "switches", json.dumps(switches))

    async def advance(self, seconds: int) -> int:
        """Move the provider's time forward; tells how many authorisations expired."""
        answer = await self._ask("POST", "clock", json.dumps({"advance_seconds": seconds}))
        return int(answer["expired"])

    async def summary(self) -> dict[str, Any]:
        """Read all counts and sums."""
        return await self._ask("GET", "summary")

    async def authenticate(self, intent_id: str, outcome: str = "success") -> None:
        """Play the payer who confirms at the bank (`success`) or does not (`failure`)."""
        await self._ask("POST", f"payment_intents/{intent_id}/authenticate", f"outcome={outcome}")

    async def settle_refund(self, refund_id: str, outcome: str = "failure") -> None:
        """Play the payer's bank, which takes a pending refund (`success`) or sends a refund back (`failure`)."""
        await self._ask("POST", f"refunds/{refund_id}/settle", f"outcome={outcome}")

    async def pay_out(self, account_id: str) -> None:
        """Play the provider's bank, which takes everything from its account."""
        await self._ask("POST", f"accounts/{account_id}/payout")

    async def _ask(self, method: str, path: str, content: str = "") -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.request(method, f"{self.url}/_simulator/{path}", content=content)
        if answer.is_error:
            raise SimulatorFailed(answer.text)
        body: dict[str, Any] = answer.json()
        return body
