"""The bridge as a process: settings → client → intake. `incidents bridge`."""

from bridge.serve import serve
from integrations.http import shared_client
from worker.connecting import connect
from worker.settings import Settings
from worker.sweeping import sweeping
from worker.wiring import channels, line_sayer, saga_desk


async def run(settings: Settings) -> None:
    """Take alerts until SIGINT or SIGTERM. The engine may come later: until then the answer is 503."""
    client = await connect(settings, lazy=True)
    async with shared_client() as http, sweeping(await saga_desk(settings.provisioning, http)):
        say = line_sayer(channels(settings, http), link=str(settings.web_ui_url))
        await serve(client, settings.bridge, home=settings.home, speed=settings.speed, say=say)
