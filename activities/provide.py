"""All activities, by the queue they belong on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from activities.chatting import ChatActivities
from activities.ledger import Ledger
from activities.links import Links
from activities.looking import LookingActivities
from activities.mailing import MailDesk, MailingActivities
from activities.outside import Outside
from activities.paging import PagingActivities
from activities.pulling import LeverActivities
from activities.records import RecordActivities
from activities.redriving import RedriveActivities
from activities.runbook import RunbookActivities
from activities.settling import SettlingActivities
from activities.status_page import StatusPageActivities
from activities.weekly_test import WeeklyTestActivities
from incident.model.language import Vocabulary
from integrations.action_links import ActionLinks
from integrations.on_duty import OnDuty
from integrations.ports import Channels, StatusPage
from oncall.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything activities are given."""

    outside: Outside
    channels: Channels
    ledger: Ledger
    links: Links
    home: Path
    speed: float
    witnesses: tuple[str, ...] = ()
    """Public keys of our bridges: whom they vouch for is verified."""
    action_links: ActionLinks | None = None
    """Makes links that act; None: nobody said how phones reach the bridge."""
    schedule: Schedule = field(default_factory=Schedule)
    """Who can be paged, and how."""
    on_duty: OnDuty = field(default_factory=OnDuty)
    """Who asks others about rotations that are theirs."""
    mail_desk: MailDesk | None = None
    """None: customers cannot be written to."""
    status_page: StatusPage | None = None
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    """What those outside must not read."""


@dataclass(frozen=True, kw_only=True)
class Activities:
    hot: list[Callable[..., Any]]
    """What a page waits for."""
    background: list[Callable[..., Any]]
    patient: list[Callable[..., Any]]
    """What mostly sleeps."""


def provide(world: World) -> Activities:
    chat = ChatActivities(world.channels, world.ledger, world.links)
    looking = LookingActivities(world.outside, chat.open)
    levers = LeverActivities(world.outside, world.ledger)
    redriving = RedriveActivities(world.outside.sagas)
    paging = PagingActivities(
        world.channels, world.ledger, world.links, world.schedule, world.action_links, world.on_duty
    )
    weekly = WeeklyTestActivities(world.channels, world.ledger, world.links, world.schedule, world.on_duty, world.home)
    return Activities(
        hot=[RunbookActivities(world.speed, world.witnesses).consult_runbook, paging.page],
        background=[
            chat.post,
            SettlingActivities(world.channels, world.schedule).settle,
            chat.show_card,
            looking.brief,
            levers.plan_lever,
            levers.apply_lever,
            RecordActivities(world.home).write_record,
            MailingActivities(world.mail_desk, world.ledger).mail_customers,
            StatusPageActivities(world.status_page, world.vocabulary).set_status_page,
        ],
        patient=[
            looking.look,
            redriving.fence_cron,
            redriving.unfence_cron,
            redriving.guard_redrive,
            redriving.carry_out_move,
            redriving.see_what_came,
            weekly.plan_weekly_test,
            weekly.page_weekly_test,
            weekly.keep_weekly_test,
        ],
    )
