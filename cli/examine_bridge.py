"""What `incidents doctor` says about the bridge: whether it takes alerts, and what its second path has to tell."""

import httpx

from bridge.settings import BridgeSettings
from cli.doctor import Line, Verdict

START = "start one with `incidents bridge`"
SEE_LOG = "see that the bridge reaches the engine (its log says why)"
SECOND = "the bridge pages by itself: start what is away (engine, `incidents worker`)"


async def examine_bridge(settings: BridgeSettings, http: httpx.AsyncClient) -> list[Line]:
    """One line, and one for each thing the second path says. The first line of `/readyz` is yes or no."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    url = f"http://{host}:{settings.port}/readyz"
    try:
        answer = await http.get(url)
    except httpx.HTTPError as error:  # its kind only, as everywhere in this command
        return [_bad("bridge", f"{url}: no answer ({type(error).__name__})", START)]
    first, *told = answer.text.splitlines() or [""]
    if answer.is_success:
        ready = Line(what="bridge", verdict=Verdict.OK, seen=f"{url} is ready")
    else:
        ready = _bad("bridge", f"{url} answers {answer.status_code}: {first}", SEE_LOG)
    return [ready, *(_bad("second path", line.removeprefix("second path: "), SECOND) for line in told)]


def _bad(what: str, seen: str, do: str) -> Line:
    return Line(what=what, verdict=Verdict.BAD, seen=seen, do=do)
