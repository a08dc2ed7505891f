from pathlib import Path

import pytest

from config.settings import Settings, SettingsError, load_settings

PRODUCTION = {"ENVIRONMENT": "production", "PUBLIC_URL": "https://hu.example.cn"}


def test_nothing_set_gives_the_defaults() -> None:
    assert load_settings({}) == Settings()


def test_values_are_read_by_their_kind() -> None:
    settings = load_settings({"PORT": "9000", "CLOCK_OFFSET": "-3600.5", "PROFILE": " ruijin ", "POOL_SIZE": ""})
    assert (settings.port, settings.clock_offset, settings.profile, settings.pool_size) == (9000, -3600.5, "ruijin", 8)


def test_the_data_folder_does_not_depend_on_where_we_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({"DATA_DIR": "somewhere"}).data_dir == tmp_path / "somewhere"


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert load_settings().port == 8123


def test_production_with_real_things_is_accepted() -> None:
    assert load_settings(PRODUCTION).production
    assert not load_settings({}).production


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"CLOCK_OFFSET": "tomorrow"}, "CLOCK_OFFSET"),
        ({"WECHAT_MODE": "pretend"}, "WECHAT_MODE"),
        ({**PRODUCTION, "WECHAT_MODE": "sandbox"}, "WECHAT_MODE"),
        ({**PRODUCTION, "CLOCK_OFFSET": "60"}, "CLOCK_OFFSET"),
        ({**PRODUCTION, "PUBLIC_URL": "http://hu.example.cn"}, "PUBLIC_URL"),
        ({"ENVIRONMENT": "production"}, "PUBLIC_URL"),
        ({"WORKERS": "0"}, "WORKERS"),
        ({"WORKERS": "2"}, "REDIS_URL"),
    ],
)
def test_a_setting_that_cannot_work_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(environ)


def test_several_workers_with_shared_state_are_accepted() -> None:
    assert load_settings({"WORKERS": "4", "REDIS_URL": "redis://127.0.0.1:6379/0"}).workers == 4
