"""Settings: read once, all problems told together, secrets from files, nothing secret in a complaint."""

from pathlib import Path

import pytest

from worker.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without `incidents.toml`."""
    monkeypatch.chdir(tmp_path)


def test_every_wrong_setting_is_named_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once: nobody mends them one by one."""
    monkeypatch.setenv("INCIDENTS_SPEED", "fast")
    monkeypatch.setenv("INCIDENTS_BRIDGE__PORT", "99999")

    with pytest.raises(SettingsError) as wrong:
        load_settings()

    said = str(wrong.value)
    assert "INCIDENTS_SPEED: Input should be a valid number" in said
    assert "(All runbook durations are divided by this.)" in said
    assert "INCIDENTS_BRIDGE__PORT: Input should be less than or equal to 65535 (Its port.)" in said


def test_a_wrong_field_of_an_app_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the list too."""
    monkeypatch.setenv("INCIDENTS_APPS", '[{"name": "app", "url": "not an address"}]')

    with pytest.raises(SettingsError, match=r"INCIDENTS_APPS__0__URL: .*Its address, without"):
        load_settings()


def test_a_complaint_never_repeats_what_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a secret that stands in the wrong place."""
    monkeypatch.setenv("INCIDENTS_PAGER__NTFY_URL", "tk_very_secret")

    with pytest.raises(SettingsError) as wrong:
        load_settings()

    assert "tk_very_secret" not in str(wrong.value)


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`<NAME>_FILE`, as container platforms hand them over; a trailing line break is none of it."""
    monkeypatch.delenv("INCIDENTS_BRIDGE__TOKEN", raising=False)
    (tmp_path / "token").write_text("s3cret\n")
    monkeypatch.setenv("INCIDENTS_BRIDGE__TOKEN_FILE", str(tmp_path / "token"))

    token = load_settings().bridge.token
    monkeypatch.delenv("INCIDENTS_BRIDGE__TOKEN", raising=False)

    assert token is not None
    assert token.get_secret_value() == "s3cret"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts."""
    monkeypatch.delenv("INCIDENTS_BRIDGE__TOKEN", raising=False)
    monkeypatch.setenv("INCIDENTS_BRIDGE__TOKEN_FILE", "/nowhere/token")

    with pytest.raises(SettingsError, match="INCIDENTS_BRIDGE__TOKEN_FILE: cannot read /nowhere/token"):
        load_settings()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`incidents.toml` holds what rarely changes."""
    (tmp_path / "incidents.toml").write_text("speed = 2\n[bridge]\nport = 1234\n")
    monkeypatch.setenv("INCIDENTS_SPEED", "3")

    settings = load_settings()

    assert (settings.speed, settings.bridge.port) == (3.0, 1234)
