"""What the bridge leaves with the engine for somebody: heard by the incident as that person's own, verified word."""

from bridge.speaking import Word
from tests.bridge.doors.conftest import Street
from tests.waiting import eventually


async def test_an_ack_that_was_kept_is_verified_when_the_incident_hears_it(street: Street) -> None:
    """The door had recognised them, and the bridge vouches for it later too."""
    incident = await street.opened()
    await street.hall.speaker.leave(Word(incident=incident, name="ack", person="ana", via="link", once="tap-1"))

    async def heard() -> str:
        return str((await street.status(incident))["acked_by"])

    assert await eventually(heard, "the incident heard it") == "ana"
    assert "verified" in str([line for line in await street.lines(incident) if "acknowledged" in line["what"]])
