"""The weekly test of paging: whom it pages, one page, and what is kept of it (`workflows/weekly_test.py`)."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ledger import Ledger
from activities.links import Links
from incident.model.outcomes import Arrival, Delivery
from incident.model.weekly_test import Week, WeeklyAsk, WeeklyPlan, WeeklyReport
from integrations.clock import utc_now
from integrations.on_duty import OnDuty
from integrations.page_test import page_of, tried_once
from integrations.ports import Channels
from integrations.weekly_report import FILE, keep
from oncall.schedule import Schedule
from oncall.tested import every_way, plan

WHY = "the weekly test"
LATE = "nobody sent it in time, and a test does not ring at another hour"
GONE = "there is no such contact any more"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WeeklyTestActivities:
    channels: Channels
    ledger: Ledger
    links: Links
    schedule: Schedule
    on_duty: OnDuty
    home: Path

    @activity.defn
    async def plan_weekly_test(self, week: Week) -> WeeklyPlan:
        """Whom, through what, and when: by the people and rotations of just now."""
        rotations = await self.on_duty.members(self.schedule, utc_now())
        members = {person for found in rotations.values() for person in found.people}
        made = plan(self.schedule, members, self.channels.team, week)
        unknown = [f"who else is in rotation {name} ({m.unknown})" for name, m in rotations.items() if m.unknown]
        return replace(made, left_out=(*made.left_out, *unknown))

    @activity.defn
    async def page_weekly_test(self, ask: WeeklyAsk) -> Delivery:
        """A test page through one way, at most once a week. Never fails: what did not arrive is the answer."""
        turn, now = ask.turn, utc_now()
        way, _ = every_way(self.schedule, turn.person, self.channels.team).get(turn.way, (None, None))
        if way is None or now >= ask.week.until:
            return Delivery(person=turn.person, channel=turn.way, outcome=Arrival.NOBODY, why=LATE if way else GONE)
        page = page_of(f"weekly-test/{ask.week.name}", turn.person, turn.at, WHY)
        return await tried_once(self.channels, page, turn.person, way, self.ledger, click=self.links.here())

    @activity.defn
    async def keep_weekly_test(self, report: WeeklyReport) -> None:
        """Into the log and, for `incidents doctor`, onto the disk. Raises ApplicationError (tried again)."""
        log.info(
            "weekly test of paging", week=report.week.name, tried=len(report.deliveries), failed=len(report.failed)
        )
        for failed in report.failed:
            log.error("weekly test did not arrive", person=failed.person, channel=failed.channel, because=failed.why)
        try:
            await asyncio.to_thread(keep, self.home, report)
        except OSError as error:
            raise ApplicationError(f"cannot write {FILE}: {error.strerror}", type="DiskRefused") from error
