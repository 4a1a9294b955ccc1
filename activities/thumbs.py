"""What a person can do from a page with one thumb: links signed for them, this incident and one act (issue 5 §3)."""

from collections.abc import Callable
from datetime import datetime

from incident.model.effects import Page
from integrations.action_links import ActionLinks, opened_of
from integrations.clock import utc_now
from integrations.ports import Button
from oncall.audience import ON_CALL, Way

ACK = "Ack"
DECIDE = {"approve": "Yes:", "reject": "No:"}
"""For one plan at a time: a phone shows three buttons (ntfy, "Action buttons")."""
Thumbs = Callable[[str, Way], tuple[Button, ...]]


def thumbs(links: ActionLinks | None, page: Page) -> Thumbs:
    """Buttons by person and way; none where nobody said how phones reach the bridge."""

    def buttons(person: str, way: Way) -> tuple[Button, ...]:
        if links is None:
            return ()
        # Whoever reads a channel of the whole team may press: that proves nothing about one person.
        who = person if way.to.get_secret_value() else ON_CALL
        told = {"person": who, "incident_id": page.incident_id, "opened": opened_of(page.key, page.incident_id)}
        now = utc_now()
        ack = Button(label=ACK, url=links.link(action="ack", now=now, **told))
        return (ack, *(_decide(links, action, plan, now, told) for plan in page.plans[:1] for action in DECIDE))

    return buttons


def _decide(links: ActionLinks, action: str, plan: str, now: datetime, told: dict[str, str]) -> Button:
    """It opens the page with the plan's own words: nobody says yes to what they have not read."""
    url = links.link(action=action, proposal=plan, now=now, **told)
    return Button(label=f"{DECIDE[action]} {plan}", url=url, mine=True, acts=False)
