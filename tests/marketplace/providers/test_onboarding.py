from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.base.actor import Role
from marketplace.base.errors import IllegalTransition, Unknown
from marketplace.base.platform import Platform
from marketplace.people.models import Account
from marketplace.providers import legal_person
from marketplace.providers.credentials import check, submit
from marketplace.providers.errors import AlreadyChecked, AlreadyEmployed, ChecklistOpen, Impossible, LegalPersonTaken
from marketplace.providers.onboarding import activate, apply, checklist, verify
from marketplace.providers.schemas.organisations import CredentialIn
from marketplace.providers.standing import is_bookable
from tests.builders import a_town, an_actor
from tests.marketplace.providers.builders import (
    SYSTEM,
    a_caregiver,
    a_kitchen,
    a_paper,
    a_provider,
    an_applicant,
    application,
)

TODAY = date(2026, 3, 2)


def test_the_standards_own_example_is_a_valid_legal_person_code() -> None:
    assert legal_person.is_valid("91350100M000100Y43")  # GB 32100-2015


@pytest.mark.parametrize(
    "code", ["91350100M000100Y44", "91350100M000100Y4", "91350100M000100Y4O", "19350100M000100Y43", ""]
)
def test_a_mistyped_legal_person_code_is_found_out(code: str) -> None:
    assert not legal_person.is_valid(code)


async def test_an_application_with_a_mistyped_code_is_refused(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    good = application(town.districts[0])
    wrong = good.model_copy(update={"legal_person_code": "91350100M000100Y44"})
    with pytest.raises(Impossible):
        await apply(tx, wrong, actor=SYSTEM, now=platform.now())


async def test_an_organisation_applies_once(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    data = application(town.districts[0])
    await apply(tx, data, actor=SYSTEM, now=platform.now())
    with pytest.raises(LegalPersonTaken):
        await apply(tx, data, actor=SYSTEM, now=platform.now())


async def test_a_provider_sits_in_a_district_not_in_a_community(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    with pytest.raises(Unknown):
        await apply(tx, application(town.communities[0]), actor=SYSTEM, now=platform.now())


async def test_who_applies_with_the_role_provider_becomes_its_admin(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    applicant = await an_actor(platform, tx, Role.PROVIDER)
    provider = await apply(tx, application(town.districts[0]), actor=applicant, now=platform.now())
    account = await tx.get_one(Account, applicant.account_id)
    assert account.provider_id == provider.id
    with pytest.raises(AlreadyEmployed):
        await apply(tx, application(town.districts[0]), actor=applicant, now=platform.now())


async def test_an_officer_who_applies_for_others_stays_an_officer(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    officer = await an_actor(platform, tx, Role.OFFICER)
    await apply(tx, application(town.districts[0]), actor=officer, now=platform.now())
    assert (await tx.get_one(Account, officer.account_id)).provider_id is None


async def test_nothing_is_verified_without_a_checked_licence(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await an_applicant(platform, tx, town.districts[0])
    data = CredentialIn(kind="licence", number="SX-1", valid_from=TODAY, valid_until=date(2027, 3, 1))
    await submit(tx, provider.id, data, actor=SYSTEM, now=platform.now())
    with pytest.raises(ChecklistOpen) as refused:
        await verify(tx, provider.id, actor=SYSTEM, now=platform.now())
    assert refused.value.data == {"missing": "licence"}
    assert provider.state == "applied"


async def test_a_refused_paper_does_not_count(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await an_applicant(platform, tx, town.districts[0])
    data = CredentialIn(kind="licence", number="SX-1", valid_from=TODAY, valid_until=date(2027, 3, 1))
    paper = await submit(tx, provider.id, data, actor=SYSTEM, now=platform.now())
    await check(tx, provider.id, paper.id, accepted=False, reason="forged", actor=SYSTEM, now=platform.now())
    with pytest.raises(ChecklistOpen):
        await verify(tx, provider.id, actor=SYSTEM, now=platform.now())
    with pytest.raises(AlreadyChecked):
        await check(tx, provider.id, paper.id, accepted=True, reason=None, actor=SYSTEM, now=platform.now())


async def test_a_verified_provider_opens_only_with_trained_staff(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await an_applicant(platform, tx, town.districts[0])
    await a_paper(platform, tx, provider.id)
    await verify(tx, provider.id, actor=SYSTEM, now=platform.now())
    await a_caregiver(platform, tx, provider.id, trained_on=date(2026, 3, 3))  # tomorrow
    with pytest.raises(ChecklistOpen) as refused:
        await activate(tx, provider.id, actor=SYSTEM, now=platform.now())
    assert refused.value.data == {"missing": "trained_staff"}
    await a_caregiver(platform, tx, provider.id, trained_on=TODAY)
    await activate(tx, provider.id, actor=SYSTEM, now=platform.now())
    assert provider.state == "active"
    assert await is_bookable(tx, provider.id, TODAY)


async def test_no_step_of_the_onboarding_is_skipped_or_taken_twice(platform: Platform, tx: AsyncSession) -> None:
    town = await a_town(tx)
    provider = await an_applicant(platform, tx, town.districts[0])
    with pytest.raises(IllegalTransition):
        await activate(tx, provider.id, actor=SYSTEM, now=platform.now())
    serving = await a_provider(platform, tx, town.districts[0])
    with pytest.raises(IllegalTransition):
        await verify(tx, serving.id, actor=SYSTEM, now=platform.now())


async def test_who_cooks_needs_the_food_licence_and_who_takes_guests_the_fire_certificate(
    platform: Platform, tx: AsyncSession
) -> None:
    town = await a_town(tx)
    canteen = await apply(tx, application(town.districts[0], kind="canteen"), actor=SYSTEM, now=platform.now())
    found = await checklist(tx, canteen, TODAY)
    assert found.missing_credentials == ["licence", "fire"]
    kitchen = await a_kitchen(platform, tx, canteen.id, town.districts[0])
    assert kitchen.provider_id == canteen.id
    found = await checklist(tx, canteen, date(2029, 1, 1))  # the builder's food licence is over by then
    assert found.missing_credentials == ["licence", "food", "fire"]
