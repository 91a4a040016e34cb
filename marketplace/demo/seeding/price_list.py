"""The demo's price list: free, low-cost and paid offers, some of them payable in hours as well."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.base.actor import Actor
from marketplace.demo.seeding.scene import Scene
from marketplace.providers.offers import open_offer
from marketplace.providers.prices import publish_price
from marketplace.providers.schemas.offers import OfferIn, PriceIn


@dataclass(frozen=True, slots=True)
class _Line:
    """An offer with its price in fen, and in minutes where hours are taken."""

    service: str
    tier: str
    name_zh: str
    name_en: str
    fen: int
    minutes: int | None = None


HOME_VISITS = (
    _Line("bath", "paid", "居家助浴（双人）", "Bath at home, two caregivers", 12_800),
    _Line("cleaning", "low_cost", "日常保洁", "Everyday cleaning", 4_500, 90),
    _Line("cleaning", "paid", "深度保洁", "Thorough cleaning", 7_800),
    _Line("escort", "low_cost", "陪同出行", "Escort", 3_000, 60),
    _Line("medical", "paid", "居家护理", "Nursing at home", 6_600),
    _Line("medical", "free", "健康巡访", "Health round", 0),
)
MEALS = (
    _Line("meal", "low_cost", "惠民午餐", "Low-cost meal", 1_000),
    _Line("meal", "paid", "营养套餐", "Balanced meal", 1_800),
)


async def open_offers(scene: Scene, provider_id: UUID, kitchen_id: UUID | None, admin: Actor) -> None:
    """Put the whole list on offer for a provider; meals only where it has a kitchen."""
    for line in (*HOME_VISITS, *(MEALS if kitchen_id else ())):
        data = OfferIn.model_validate(
            {
                "service": line.service,
                "tier": line.tier,
                "kitchen_id": kitchen_id if line.service == "meal" else None,
                "name_zh": line.name_zh,
                "name_en": line.name_en,
            }
        )
        offer = await open_offer(scene.tx, provider_id, data, actor=admin)
        await publish_price(scene.tx, offer.id, PriceIn(unit="fen", amount=line.fen), actor=admin, now=scene.now)
        if line.minutes is not None:
            hours = PriceIn(unit="minutes", amount=line.minutes)
            await publish_price(scene.tx, offer.id, hours, actor=admin, now=scene.now)
