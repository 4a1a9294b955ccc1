"""The one secret between worker and bridge: links that act, slips, and the bridge's signature are made of it.

Set as INCIDENTS_BRIDGE__ACTION_SECRET, or made once and kept in INCIDENTS_HOME, readable by its owner only.
"""

import os
import secrets
import tempfile
from pathlib import Path

from integrations.action_links import ActionLinks
from integrations.slips import Slips
from integrations.witness import Witness
from worker.settings import Settings, SettingsError

FILE = "action.key"
BYTES = 32


def witness(settings: Settings) -> Witness:
    """Who vouches for what people say through the bridge. Raises SettingsError, OSError."""
    return Witness(action_secret(settings))


def action_links(settings: Settings) -> ActionLinks | None:
    """None where nobody said how phones reach the bridge. Raises SettingsError, OSError."""
    url = settings.bridge.public_url
    return ActionLinks(str(url), action_secret(settings)) if url else None


def slips(settings: Settings) -> Slips:
    """What says whose mail it was that comes back. Raises SettingsError, OSError."""
    return Slips(action_secret(settings))


def action_secret(settings: Settings) -> str:
    """The setting, or the file's; the file is made where there is none. Raises SettingsError, OSError."""
    if settings.bridge.action_secret:
        return settings.bridge.action_secret.get_secret_value()
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / FILE
    _make_once(path)
    secret = path.read_text().strip()
    if len(secret) < BYTES:
        raise SettingsError(f"{path} holds no key: remove it, and a new one is made (links sent before stop working)")
    return secret


def _make_once(path: Path) -> None:
    """Whole or not at all, and the first one stays: worker and bridge may start at the same instant."""
    if path.exists():
        return
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{FILE}-") as made:  # made with mode 600
        made.write(secrets.token_urlsafe(BYTES))
        made.flush()
        os.fsync(made.fileno())
        try:
            os.link(made.name, path)
        except FileExistsError:
            return
