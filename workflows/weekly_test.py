"""The weekly test of paging, one workflow a week: its id is the week, so there is never a second one (issue 5 §6).

Each way to reach somebody is tried at its own hour. What rings at a provider that keeps incidents of its own is ended
there after a few minutes; then what came of it all is kept, and told to the team.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from activities.chatting import ChatActivities
from activities.settling import SettlingActivities
from activities.weekly_test import LATE, WeeklyTestActivities
from incident.model.alarm import Alarm
from incident.model.effects import Settle, Standing
from incident.model.outcomes import Arrival, Delivery
from incident.model.weekly_test import Week, WeeklyAsk, WeeklyPlan, WeeklyReport, WeeklyTurn
from incident.policy.weekly_test import post_of
from workflows.contract import BACKGROUND_QUEUE, PATIENT_QUEUE

ANSWER = timedelta(seconds=60)
"""A page and its few repetitions are over long before."""
PATIENTLY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
TELLS_WITHIN = timedelta(hours=1)


@workflow.defn(name="WeeklyTest")
class WeeklyTestWorkflow:
    @workflow.run
    async def run(self, week: Week) -> WeeklyReport:
        """What came of it."""
        plan = await self._plan(week)
        deliveries = await asyncio.gather(*(self._turn(week, turn) for turn in plan.turns))
        report = WeeklyReport(week=week, deliveries=tuple(deliveries), left_out=plan.left_out)
        await self._quiet_again(report)
        await workflow.execute_activity_method(
            WeeklyTestActivities.keep_weekly_test, report, task_queue=PATIENT_QUEUE,
            start_to_close_timeout=ANSWER, schedule_to_close_timeout=TELLS_WITHIN, retry_policy=PATIENTLY,
        )  # fmt: skip
        await self._tell(report)
        return report

    async def _plan(self, week: Week) -> WeeklyPlan:
        return await workflow.execute_activity_method(
            WeeklyTestActivities.plan_weekly_test, week, task_queue=PATIENT_QUEUE,
            start_to_close_timeout=ANSWER, schedule_to_close_timeout=_left(week), retry_policy=PATIENTLY,
        )  # fmt: skip

    async def _turn(self, week: Week, turn: WeeklyTurn) -> Delivery:
        await _until(turn.at)
        try:
            return await workflow.execute_activity_method(
                WeeklyTestActivities.page_weekly_test, WeeklyAsk(week=week, turn=turn), task_queue=PATIENT_QUEUE,
                summary=f"{turn.person} by {turn.way}",
                start_to_close_timeout=ANSWER, schedule_to_close_timeout=_left(week), retry_policy=PATIENTLY,
            )  # fmt: skip
        except ActivityError:  # it answers whatever a provider does: nobody was there to ask one
            return Delivery(person=turn.person, channel=turn.way, outcome=Arrival.NOBODY, why=LATE)

    async def _quiet_again(self, report: WeeklyReport) -> None:
        """A test must not stay open, and climb, where a provider keeps incidents."""
        alarms = tuple(Alarm(person=d.person, name=d.alarm) for d in report.deliveries if d.alarm)
        if not alarms:
            return
        await workflow.sleep(report.week.rings)
        effect = Settle(key=f"weekly-test/{report.week.name}/settled", standing=Standing.RESOLVED, alarms=alarms)
        try:
            await workflow.execute_activity_method(
                SettlingActivities.settle, effect, task_queue=BACKGROUND_QUEUE,
                start_to_close_timeout=ANSWER, schedule_to_close_timeout=TELLS_WITHIN, retry_policy=PATIENTLY,
            )  # fmt: skip
        except ActivityError as error:
            workflow.logger.error("test incidents stay open at their provider: %s", error.cause)

    async def _tell(self, report: WeeklyReport) -> None:
        try:
            await workflow.execute_activity_method(
                ChatActivities.post, post_of(report), task_queue=BACKGROUND_QUEUE,
                start_to_close_timeout=ANSWER, schedule_to_close_timeout=TELLS_WITHIN, retry_policy=PATIENTLY,
            )  # fmt: skip
        except ActivityError as error:  # the log and `incidents doctor` have it all the same
            workflow.logger.warning("the weekly test could not be told in the chat: %s", error.cause)


def _left(week: Week) -> timedelta:
    """Until its end; after it, long enough to say that it is over."""
    return max(week.until - workflow.now(), ANSWER)


async def _until(at: datetime) -> None:
    wait = at - workflow.now()
    if wait > timedelta(0):
        await workflow.sleep(wait)
