"""The process's one gateway: made from the settings at first use, or laid in `platform.parts` by a test."""

from marketplace.base.platform import Platform
from marketplace.base.settings import Settings
from marketplace.payments.gateway import Gateway, GatewayUnavailable
from marketplace.payments.stripe_gateway import StripeGateway


def gateway_of(platform: Platform) -> Gateway:
    """The gateway. GatewayUnavailable while none is configured, so that jobs wait for the operator."""
    return platform.part("gateway", _make)


def is_configured(platform: Platform) -> bool:
    """Is there a gateway to speak to?"""
    return "gateway" in platform.parts or bool(platform.settings.stripe_api_key)


def _make(settings: Settings) -> Gateway:
    if not settings.stripe_api_key:
        raise GatewayUnavailable("not_configured", "STRIPE_API_KEY is not set")
    return StripeGateway(
        api_key=settings.stripe_api_key,
        webhook_secret=settings.stripe_webhook_secret or "",
        api_base=settings.stripe_api_base,
    )
