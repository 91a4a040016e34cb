"""A whole Liuzhu on one machine: embedded servers where no outside ones are named, secrets, schema, processes.

`./run` keeps an instance until it is stopped; a simulated day starts one, plays, and ends it.
"""

import asyncio
import base64
import dataclasses
import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from marketplace.base.embedded import Postgres, Valkey
from marketplace.base.migrations import migrate
from marketplace.base.settings import Settings
from marketplace.up.supervisor import Supervisor

SIMULATED_KEY = "sk_test_simulator"
SECRET_BYTES = 32

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance: its complete settings, its address, its supervisor."""

    settings: Settings
    address: str
    simulator: str | None
    supervisor: Supervisor
    migrated: tuple[str | None, str | None]

    def start_processes(self) -> None:
        """Start worker and API; returns when the API is ready. Before this only the servers run."""
        environment = self.settings.environment()
        python = [sys.executable, "-m", "marketplace.cli"]
        self.supervisor.spawn("api", [*python, "serve"], environment, ready=f"{self.address}/ready")
        self.supervisor.spawn("worker", [*python, "worker"], environment)


@contextmanager
def instance(settings: Settings, *, say: Say, durable: bool = True) -> Iterator[Instance]:
    """Start the servers, bring the schema up to date and hand out the instance; everything ends with the block."""
    data = settings.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    settings = dataclasses.replace(settings, data=data, port=settings.port or _free_port())
    with Supervisor(data / "logs", say=say) as supervisor:
        settings = _with_secrets(_with_servers(settings, supervisor, durable=durable))
        assert settings.database_url is not None  # noqa: S101 - set just above
        migrated = asyncio.run(migrate(settings.database_url))
        settings, simulator = _with_payments(settings, supervisor)
        yield Instance(settings, f"http://{settings.host}:{settings.port}", simulator, supervisor, migrated)


def _with_servers(settings: Settings, supervisor: Supervisor, *, durable: bool) -> Settings:
    if settings.database_url is None:
        postgres = Postgres(settings.data / "postgres", durable=durable)
        url = postgres.start().replace("postgresql://", "postgresql+asyncpg://", 1)
        supervisor.keep("postgres", postgres)
        settings = dataclasses.replace(settings, database_url=url)
    if settings.redis_url is None:
        valkey = Valkey(settings.data / "valkey")
        settings = dataclasses.replace(settings, redis_url=valkey.start())
        supervisor.keep("valkey", valkey)
    return settings


def _with_secrets(settings: Settings) -> Settings:
    """Keys that the environment does not give are made once and kept beside the data, readable by the owner alone."""
    return dataclasses.replace(
        settings,
        secret=settings.secret or _kept_key(settings.data / "secret.key"),
        master_key=settings.master_key or _kept_key(settings.data / "master.key"),
        certificate_key=settings.certificate_key or _kept_key(settings.data / "certificate.key"),
    )


def _kept_key(path: Path) -> bytes:
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())
        fresh.replace(path)
    return base64.b64decode(path.read_text(), validate=True)


def _with_payments(settings: Settings, supervisor: Supervisor) -> tuple[Settings, str | None]:
    """Without a Stripe key the project's own simulator takes Stripe's place, over real HTTP."""
    if settings.stripe_api_key is not None:
        return settings, None
    port = _free_port()
    secret = f"whsec_{secrets.token_urlsafe(24)}"
    address = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "marketplace.payments.simulator", "--port", str(port)]
    argv += ["--webhook-url", f"http://{settings.host}:{settings.port}/webhooks/stripe", "--webhook-secret", secret]
    argv += ["--data", str(settings.data / "simulator.sqlite")]
    supervisor.spawn("simulator", argv, ready=f"{address}/_simulator/summary")
    named = dataclasses.replace(
        settings, stripe_api_key=SIMULATED_KEY, stripe_api_base=address, stripe_webhook_secret=secret
    )
    return named, address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
