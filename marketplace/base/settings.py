"""All configuration, read once from the environment into one frozen value.

A name that begins with `LIUZHU_` and is not known, or a value that cannot be read, is refused in one line:
a typing mistake in a deployment must not become a silent default.
"""

import base64
import dataclasses
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECRET = {"secret": True}


class SettingsError(Exception):
    """The environment holds an unknown or malformed setting; the text is the one line to show."""


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("use 0 or 1")
    return text == "1"


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError("a port lies between 0 and 65535")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 86_400:
        raise ValueError("use a number of seconds above 0")
    return number


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError("use 32 bytes in base64")
    return key


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgresql+asyncpg://")):
        raise ValueError("use postgresql://user:password@host:port/name")
    return text.replace("postgresql://", "postgresql+asyncpg://", 1)


def _redis(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("use redis://:password@host:port/0")
    return text


def _web(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("use an http:// or https:// address")
    return text.rstrip("/")


def _networks(text: str) -> str:
    for one in text.split(","):
        ipaddress.ip_network(one.strip())
    return text


def _setting(name: str, read: Callable[[str], Any], default: Any, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"name": name, "read": read, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every switch of the program. `None` for a server means: start the embedded one."""

    database_url: str | None = _setting("DATABASE_URL", _database, None, secret=True)
    redis_url: str | None = _setting("REDIS_URL", _redis, None, secret=True)
    stripe_api_key: str | None = _setting("STRIPE_API_KEY", str, None, secret=True)
    stripe_api_base: str | None = _setting("STRIPE_API_BASE", _web, None)
    stripe_webhook_secret: str | None = _setting("STRIPE_WEBHOOK_SECRET", str, None, secret=True)
    data: Path = _setting("LIUZHU_DATA", Path, Path("var"))
    host: str = _setting("LIUZHU_HOST", str, "127.0.0.1")
    port: int = _setting("LIUZHU_PORT", _port, 8000)
    secret: bytes | None = _setting("LIUZHU_SECRET", _key, None, secret=True)
    master_key: bytes | None = _setting("LIUZHU_MASTER_KEY", _key, None, secret=True)
    certificate_key: bytes | None = _setting("LIUZHU_CERTIFICATE_KEY", _key, None, secret=True)
    public_url: str | None = _setting("LIUZHU_PUBLIC_URL", _web, None)
    policy: str = _setting("LIUZHU_POLICY", str, "taiyuan")
    demo: bool = _setting("LIUZHU_DEMO", _flag, False)
    clock_file: Path | None = _setting("LIUZHU_CLOCK_FILE", Path, None)
    sms_url: str | None = _setting("LIUZHU_SMS_URL", _web, None)
    solve_seconds: float = _setting("LIUZHU_SOLVE_SECONDS", _positive, 5.0)
    lease_seconds: float = _setting("LIUZHU_LEASE_SECONDS", _positive, 60.0)
    link_seconds: float = _setting("LIUZHU_LINK_SECONDS", _positive, 10.0)
    link_networks: str = _setting("LIUZHU_LINK_NETWORKS", _networks, "")
    log_level: str = _setting("LIUZHU_LOG_LEVEL", str, "info")

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings of an environment; `SettingsError` names the first unknown or malformed one."""
        fields = {f.metadata["name"]: f for f in dataclasses.fields(cls)}
        for name in sorted(environment):
            if name.startswith("LIUZHU_") and name not in fields:
                raise SettingsError(f"unknown setting {name}; known: {', '.join(sorted(fields))}")
        values: dict[str, Any] = {}
        for name, entry in fields.items():
            if environment.get(name):
                try:
                    values[entry.name] = entry.metadata["read"](environment[name])
                except ValueError as error:
                    raise SettingsError(f"setting {name} is malformed: {error}") from error
        return cls(**values)

    @property
    def address(self) -> str:
        """Where anybody reaches the program: never taken from a request, for it is printed on signed papers."""
        return self.public_url or f"http://{self.host}:{self.port}"

    def shown(self) -> dict[str, str]:
        """Names and values for people to read, secrets masked."""
        return {
            entry.metadata["name"]: _mask(getattr(self, entry.name), secret=entry.metadata["secret"])
            for entry in dataclasses.fields(self)
        }

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for a child process."""
        shown: dict[str, str] = {}
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if value is not None:
                shown[entry.metadata["name"]] = _as_text(value)
        return shown


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _mask(value: object, *, secret: bool) -> str:
    if value is None:
        return "(not set)"
    return "••••••" if secret else _as_text(value)
