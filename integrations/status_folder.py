"""A status page without a vendor: `status.json` and `index.html` in a folder that any web server can serve.

Written whole or not at all, so that nobody ever loads half a page. Nothing of ours is on it but the notices: our
incident's key, by which its status incident is found again, is there only as a hash.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from incident.model.effects import SetStatusPage
from incident.model.status_page import Shown
from integrations.clock import utc_now
from integrations.errors import Refused, Unreachable
from integrations.ports import Receipt
from integrations.status_html import page

READABLE = 0o644
"""A web server has a user of its own."""
KEPT = timedelta(days=14)
"""How long what is over stays on the page."""
MOST_UPDATES = 100


@dataclass(frozen=True)
class StatusFolder:
    """Plays `StatusPage`."""

    folder: Path

    async def show(self, effect: SetStatusPage) -> Receipt:
        """Write the page with this notice on it. Raises Unreachable (the disk may have room later), Refused."""
        try:
            return await asyncio.to_thread(self._show, effect)
        except PermissionError as error:
            raise Refused(f"the status page's folder cannot be written: {error.strerror}") from None
        except OSError as error:
            raise Unreachable(f"the status page's folder cannot be written: {error.strerror}") from None

    def _show(self, effect: SetStatusPage) -> Receipt:
        self.folder.mkdir(parents=True, exist_ok=True)
        with _alone(self.folder):
            body = _read(self.folder / "status.json")
            repeat = _note(body, effect)
            _write(self.folder / "index.html", page(body))
            _write(self.folder / "status.json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")
        return Receipt(id=_id(effect), repeat=repeat)


def _id(effect: SetStatusPage) -> str:
    return sha256(effect.mark.encode()).hexdigest()[:12]


def _note(body: dict[str, Any], effect: SetStatusPage) -> bool:
    """Add the notice to its status incident; True: it was there already."""
    now, name = utc_now().isoformat(timespec="seconds"), _id(effect)
    body["incidents"] = [one for one in body["incidents"] if one["id"] == name or not _is_old(one)]
    ours = next((one for one in body["incidents"] if one["id"] == name), None)
    if ours is None:
        ours = {"id": name, "component": effect.component, "begun_at": now, "updates": []}
        body["incidents"].insert(0, ours)
    if any(update["number"] >= effect.number for update in ours["updates"]):
        return True
    update = {"number": effect.number, "at": now, "state": effect.notice.state.value, "text": effect.notice.text}
    ours["updates"] = [update, *ours["updates"]][:MOST_UPDATES]
    ours |= {"title": effect.notice.title, "state": effect.notice.state.value, "updated_at": now}
    body["updated_at"] = now
    return False


def _is_old(one: dict[str, Any]) -> bool:
    limit = (utc_now() - KEPT).isoformat(timespec="seconds")
    return bool(one["state"] == Shown.RESOLVED and one["updated_at"] < limit)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two incidents may change the page at once, from two processes."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(path: Path) -> dict[str, Any]:
    """What was written last; a page that is broken is made anew rather than never again."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {"incidents": []}
    return body if isinstance(body, dict) and isinstance(body.get("incidents"), list) else {"incidents": []}


def _write(path: Path, text: str) -> None:
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", delete=False) as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), READABLE)
        os.fsync(file.fileno())
    Path(file.name).replace(path)
