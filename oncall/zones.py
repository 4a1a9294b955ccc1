"""Whether a zone exists. Everything else about zones is `incident/model/zones.py`."""

from functools import cache

from incident.model.zones import local
from oncall.written import EARLIEST


@cache
def exists(zone: str) -> bool:
    """Does this machine's IANA database know it? A folder of it (`Europe`) is no zone."""
    try:
        local(EARLIEST, zone)
    except (KeyError, ValueError, OSError):
        return False
    return True
