"""What a person can do from a page with one thumb: links signed for them, this incident and one act (issue 5 §3)."""

from collections.abc import Callable

from incident.model.effects import Page
from integrations.action_links import ActionLinks, opened_of
from integrations.clock import utc_now
from integrations.ports import Button
from oncall.audience import ON_CALL, Way

ACK = "Ack"
Thumbs = Callable[[str, Way], tuple[Button, ...]]


def thumbs(links: ActionLinks | None, page: Page) -> Thumbs:
    """Buttons by person and way; none where nobody said how phones reach the bridge."""

    def buttons(person: str, way: Way) -> tuple[Button, ...]:
        if links is None:
            return ()
        # Whoever reads a channel of the whole team may press: that proves nothing about one person.
        who = person if way.to.get_secret_value() else ON_CALL
        opened = opened_of(page.key, page.incident_id)
        url = links.link(person=who, incident_id=page.incident_id, action="ack", now=utc_now(), opened=opened)
        return (Button(label=ACK, url=url),)

    return buttons
