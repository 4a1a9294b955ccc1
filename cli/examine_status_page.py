"""What `incidents doctor` says about the public status page: can it be changed, and has it the runbook's components?"""

import os
import tempfile
from pathlib import Path

import httpx

from cli.doctor import Line, Verdict
from integrations.errors import IntegrationError, Refused
from integrations.settings import StatusPageSettings
from integrations.statuspage import StatusPageIo
from runbook.catalog import catalogue

WHAT = "status page"
AWAY = "see that INCIDENTS_STATUS_PAGE__API_URL can be reached from here"
NO = "see INCIDENTS_STATUS_PAGE__PAGE_ID and __API_KEY"
FOLDER = "set INCIDENTS_STATUS_PAGE__FOLDER to a folder of yours"


async def examine_status_page(settings: StatusPageSettings, home: Path, http: httpx.AsyncClient) -> Line:
    """One line; nothing on the page is changed."""
    if not settings.page_id:
        return _folder(settings.folder or home / "status")
    try:
        there = await StatusPageIo(http, settings).components()
    except IntegrationError as error:
        return _line(Verdict.BAD, str(error), NO if isinstance(error, Refused) else AWAY)
    missing = [f"{name} ({key})" for name, key in settings.components.items() if key not in there]
    if missing:
        do = f"see INCIDENTS_STATUS_PAGE__COMPONENTS; the page has {_listed(there)}"
        return _line(Verdict.BAD, f"the page has no component {', '.join(missing)}", do)
    unshown = sorted({p.component for p in catalogue().values() if p.component} - settings.components.keys())
    if unshown:
        do = f"add it to INCIDENTS_STATUS_PAGE__COMPONENTS; the page has {_listed(there)}"
        return _line(Verdict.UNKNOWN, f"page {settings.page_id} answers; it shows no state of {', '.join(unshown)}", do)
    return _line(Verdict.OK, f"page {settings.page_id} answers and has our {len(settings.components)} components")


def _listed(there: dict[str, str]) -> str:
    return ", ".join(f"{name} ({key})" for key, name in there.items()) or "none"


def _folder(folder: Path) -> Line:
    """Without leaving a trace: it may be served to the public just now."""
    found = next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
    try:
        if found == folder:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"can it be written?")
        elif not (found.is_dir() and os.access(found, os.W_OK | os.X_OK)):
            return _line(Verdict.BAD, f"{folder} cannot be made: {found} cannot be written", FOLDER)
    except OSError as error:
        return _line(Verdict.BAD, f"{folder}: {error.strerror}", FOLDER)
    return _line(Verdict.OK, f"{folder} can be written")


def _line(verdict: Verdict, seen: str, do: str = "") -> Line:
    return Line(what=WHAT, verdict=verdict, seen=seen, do=do)
