"""What the doctor says about doors, and how the key behind them is kept."""

import stat
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from cli.doctor import Verdict
from cli.examine_doors import examine_doors
from worker.bridge import hall_of
from worker.keys import FILE, action_links, action_secret, witness
from worker.settings import Settings, SettingsError
from worker.wiring import mail_desk


def settings(home: Path, **more: Any) -> Settings:
    return Settings(home=home, **more)


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """Worker and bridge find the same one."""
    assert action_secret(settings(tmp_path)) == action_secret(settings(tmp_path))


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """Mode 600, from its first instant on."""
    action_secret(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_two_who_start_together_have_the_same_key(tmp_path: Path) -> None:
    """The first one stays."""
    found: list[str] = []
    starters = [threading.Thread(target=lambda: found.append(action_secret(settings(tmp_path)))) for _ in range(20)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert (len(found), len(set(found))) == (20, 1)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_setting_comes_before_the_file(tmp_path: Path) -> None:
    """And no file is made."""
    secret = "s" * 32
    assert action_secret(settings(tmp_path, bridge={"action_secret": secret})) == secret
    assert list(tmp_path.iterdir()) == []


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    """The public half is in every history: a short one could be guessed from it."""
    with pytest.raises(ValueError, match="at least 32"):
        settings(tmp_path, bridge={"action_secret": "short"})


def test_an_empty_key_file_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / FILE).write_text("")
    with pytest.raises(SettingsError, match="holds no key: remove it"):
        action_secret(settings(tmp_path))


async def test_the_bridge_reads_the_slips_of_the_worker_s_mails(tmp_path: Path) -> None:
    """With nothing set but a mail server, on one home."""
    ours = settings(tmp_path, mail={"host": "mail.example.org", "sender": "in@example.org"})
    nobody = await Client.connect("127.0.0.1:9", lazy=True)
    async with httpx.AsyncClient() as http:
        office, hall = mail_desk(ours, http).office, hall_of(ours, nobody, witness(ours), http)
    assert office is not None
    assert office.slips is not None
    slip = office.slips.slip("incident-A@20260616T120000.000000Z/mail/1/acme")

    assert hall.slips.read(slip).customer == "acme"


def test_without_a_public_address_there_are_no_links(tmp_path: Path) -> None:
    """A link that no phone can reach helps nobody."""
    assert action_links(settings(tmp_path)) is None


def test_the_doctor_names_what_opens_a_closed_door(tmp_path: Path) -> None:
    """Not an error: nobody has to have Slack."""
    line = examine_doors(settings(tmp_path))
    assert line.verdict is Verdict.OK
    assert "slack is closed (INCIDENTS_CHAT__SIGNING_SECRET)" in line.seen


@pytest.mark.parametrize(
    ("token", "seen"),
    [
        ({}, "mails that come back: the door is closed (INCIDENTS_BRIDGE__TOKEN)"),
        ({"token": "x"}, "mails that come back are taken"),
    ],
)
def test_the_doctor_says_whether_returned_mails_are_heard_of(tmp_path: Path, token: dict[str, str], seen: str) -> None:
    """Once there is a mail server that could return some."""
    assert "come back" not in examine_doors(settings(tmp_path, bridge=token)).seen
    assert seen in examine_doors(settings(tmp_path, bridge=token, mail={"host": "mail.example.org"})).seen


def test_the_doctor_counts_who_is_known_at_an_open_door(tmp_path: Path) -> None:
    """An open door that knows nobody verifies nobody."""
    people = {"ana": {"slack": "U0ANA"}, "bo": {}}
    line = examine_doors(settings(tmp_path, chat={"signing_secret": "x"}, oncall={"people": people}))
    assert "slack is open, knows 1" in line.seen


def test_the_doctor_sees_a_key_that_others_can_read(tmp_path: Path) -> None:
    """Whoever has it can act as anybody."""
    action_secret(settings(tmp_path))
    (tmp_path / FILE).chmod(0o644)
    assert examine_doors(settings(tmp_path)).verdict is Verdict.BAD
