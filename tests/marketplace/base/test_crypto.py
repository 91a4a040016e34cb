import pytest

from marketplace.base.crypto import Erased, Vault
from marketplace.base.database import transaction
from marketplace.base.ids import new_id
from marketplace.base.platform import Platform


async def test_what_is_sealed_opens_again_and_is_not_the_clear_text(platform: Platform) -> None:
    owner = new_id()
    async with transaction(platform.db) as tx:
        sealed = await platform.vault.seal(tx, owner, "phone", "19900001234")
    assert b"19900001234" not in sealed
    async with transaction(platform.db) as tx:
        assert await platform.vault.open(tx, owner, "phone", sealed) == "19900001234"


async def test_the_same_text_is_never_sealed_to_the_same_bytes(platform: Platform) -> None:
    owner = new_id()
    async with transaction(platform.db) as tx:
        assert await platform.vault.seal(tx, owner, "phone", "1") != await platform.vault.seal(tx, owner, "phone", "1")


async def test_bytes_moved_to_another_field_or_person_do_not_open(platform: Platform) -> None:
    one, other = new_id(), new_id()
    async with transaction(platform.db) as tx:
        sealed = await platform.vault.seal(tx, one, "phone", "19900001234")
        await platform.vault.seal(tx, other, "phone", "19900004321")
        with pytest.raises(Erased):
            await platform.vault.open(tx, one, "address", sealed)
        with pytest.raises(Erased):
            await platform.vault.open(tx, other, "phone", sealed)


async def test_an_erased_person_cannot_be_read_any_more(platform: Platform) -> None:
    owner = new_id()
    async with transaction(platform.db) as tx:
        sealed = await platform.vault.seal(tx, owner, "phone", "19900001234")
        await platform.vault.erase(tx, owner)
    async with transaction(platform.db) as tx:
        with pytest.raises(Erased):
            await platform.vault.open(tx, owner, "phone", sealed)


def test_the_look_up_hash_depends_on_the_key_the_kind_and_the_value() -> None:
    vault = Vault(b"m" * 32)
    assert vault.hash("phone", "1") == Vault(b"m" * 32).hash("phone", "1")
    assert vault.hash("phone", "1") != vault.hash("identity", "1")
    assert vault.hash("phone", "1") != vault.hash("phone", "2")
    assert vault.hash("phone", "1") != Vault(b"n" * 32).hash("phone", "1")
