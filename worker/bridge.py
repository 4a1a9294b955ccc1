"""The bridge as a process: settings → client → intake and doors. `incidents bridge`."""

from dataclasses import replace

import httpx
from temporalio.client import Client

from bridge.door import Hall
from bridge.recognising import People
from bridge.serve import serve
from bridge.speaking import Speaker
from integrations.action_links import ActionLinks
from integrations.http import shared_client
from integrations.witness import Witness
from runbook.response import RESPONSE, at_speed
from worker.connecting import connect
from worker.keys import action_secret, slips
from worker.processes import stay_quick
from worker.refreshing import refreshing
from worker.second_path import watched_intake
from worker.settings import Settings
from worker.sweeping import sweeping
from worker.wiring import channels, line_sayer, on_duty, saga_desk, slack_api


async def run(settings: Settings) -> None:
    """Take alerts and people until SIGINT or SIGTERM. The engine may come later: until then the answer is 503."""
    client = await connect(settings, lazy=True)
    witness = Witness(action_secret(settings))
    async with shared_client() as http, sweeping(await saga_desk(settings.provisioning, http)):
        stay_quick()
        reached = channels(settings, http)
        say = line_sayer(reached, link=str(settings.web_ui_url))
        hall = hall_of(settings, client, witness, http)
        duty = on_duty(settings, http)
        with watched_intake(settings, client, reached, say, witness=witness, on_duty=duty) as intake:
            hall = replace(hall, keep=intake.keep)
            async with refreshing(duty, settings.oncall, hall.people):
                await serve(intake, settings.bridge, home=settings.home, say=say, hall=hall)


def hall_of(settings: Settings, client: Client, witness: Witness, http: httpx.AsyncClient) -> Hall:
    """What the doors for people work with. Raises SettingsError, OSError."""
    people = People(settings.oncall)
    return Hall(
        speaker=Speaker(client, witness, people),
        people=people,
        links=ActionLinks(str(settings.bridge.public_url or ""), action_secret(settings)),
        link_valid_for=at_speed(RESPONSE, settings.speed).link_valid_for,
        http=http,
        slips=slips(settings),
        token=settings.bridge.token,
        max_body_bytes=settings.bridge.max_body_bytes,
        slack_secret=settings.chat.signing_secret,
        threads=slack_api(settings, http),
        pagerduty_secret=settings.pager.pagerduty_webhook_secret,
    )
