"""What every command needs: the settings of its environment, and a platform to work on."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import typer
from rich.console import Console

from marketplace.base.platform import Platform
from marketplace.base.policy import PolicyError
from marketplace.base.settings import Settings, SettingsError

err = Console(stderr=True, soft_wrap=True)  # one line stays one line


def settings_now() -> Settings:
    """The settings of this process's environment, or one line and exit 2."""
    try:
        return Settings.read(os.environ)
    except SettingsError as error:
        err.print(f"liuzhu: {error}", highlight=False)
        raise typer.Exit(2) from error


def with_platform(work: Callable[[Platform], Awaitable[Any]]) -> Any:
    """Run `work` on a platform of these settings; a missing setting is one line and exit 2."""
    from marketplace.base.opening import open_platform
    from marketplace.subscriptions import CONSUMER_NAMES

    async def run() -> Any:
        async with open_platform(settings_now(), consumers=CONSUMER_NAMES) as platform:
            return await work(platform)

    try:
        return asyncio.run(run())
    except (SettingsError, PolicyError) as error:
        err.print(f"liuzhu: {error}", highlight=False)
        raise typer.Exit(2) from error
