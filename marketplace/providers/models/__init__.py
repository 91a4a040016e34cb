"""Tables of providers: organisations and their papers, caregivers, kitchens, offers and prices."""

from marketplace.providers.models.blacklistings import BLACKLISTING_STEPS, Blacklisting
from marketplace.providers.models.caregivers import Caregiver, WeeklyShift
from marketplace.providers.models.credit import CreditEvent
from marketplace.providers.models.kitchens import Kitchen
from marketplace.providers.models.offers import Offer, Price
from marketplace.providers.models.organisations import BARRED, PROVIDER_STEPS, SERVING, Credential, Provider

__all__ = [
    "BARRED",
    "BLACKLISTING_STEPS",
    "PROVIDER_STEPS",
    "SERVING",
    "Blacklisting",
    "Caregiver",
    "Credential",
    "CreditEvent",
    "Kitchen",
    "Offer",
    "Price",
    "Provider",
    "WeeklyShift",
]
