import pytest

from marketplace.base.settings import Settings, SettingsError

KEY = "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0="


def test_an_empty_environment_gives_the_embedded_defaults() -> None:
    settings = Settings.read({})
    assert settings.database_url is None
    assert settings.port == 8000


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LIUZHU_PROT", "8000", "unknown setting LIUZHU_PROT"),
        ("LIUZHU_PORT", "eighty", "LIUZHU_PORT"),
        ("LIUZHU_PORT", "70000", "between 0 and 65535"),
        ("LIUZHU_DEMO", "yes", "use 0 or 1"),
        ("LIUZHU_SECRET", "c2hvcnQ=", "32 bytes"),
        ("LIUZHU_SECRET", "not base64!", "LIUZHU_SECRET"),
        ("DATABASE_URL", "mysql://x", "postgresql://"),
        ("REDIS_URL", "http://x", "redis://"),
        ("STRIPE_API_BASE", "ftp://x", "http"),
        ("LIUZHU_SOLVE_SECONDS", "0", "above 0"),
        ("LIUZHU_SOLVE_SECONDS", "nan", "above 0"),
        ("LIUZHU_LINK_SECONDS", "-1", "above 0"),
        ("LIUZHU_LINK_NETWORKS", "10.0.0.1/8", "LIUZHU_LINK_NETWORKS"),
        ("LIUZHU_LINK_NETWORKS", "10.0.0.0/8,", "LIUZHU_LINK_NETWORKS"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({name: value})
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_survive_the_way_through_a_childs_environment() -> None:
    settings = Settings.read({"LIUZHU_SECRET": KEY, "LIUZHU_DEMO": "1", "DATABASE_URL": "postgresql://u:p@h:1/d"})
    assert Settings.read(settings.environment()) == settings


def test_secrets_are_not_shown() -> None:
    shown = Settings.read({"LIUZHU_SECRET": KEY, "STRIPE_API_KEY": "sk_live_1"}).shown()
    assert KEY not in shown.values()
    assert "sk_live_1" not in shown.values()
