"""A schedule of PagerDuty. Facts from its pages "List all of the on-calls", "List users on call" of a schedule,
"Authentication" and "Versioning" (developer.pagerduty.com/api-reference, REST API v2).

An entry is somebody on call from `start` to `end`, both null for whoever always is. A schedule that several escalation
policies use is listed once for each of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from integrations.errors import Refused
from integrations.http import ask, failure_of
from integrations.reach import Lacking
from integrations.settings import OncallSourcesSettings
from oncall.answer import Named

WHO = "PagerDuty"
ACCEPT = "application/vnd.pagerduty+json;version=2"
MOST = 100
"""Entries of one answer ("Pagination": the largest `limit`); one schedule has a handful at an instant."""
MOMENT = timedelta(seconds=60)
"""Asked about from the instant on; entries that begin later in it are left out here."""
TURNS_WITHIN = timedelta(days=45)
"""On both sides of an instant: whoever has a turn in these three months is a member."""
WITHIN_S = 1.9
"""Shorter than a page waits for all sources (`integrations/on_duty.py`), so that the reason is ours to tell."""


def source(settings: OncallSourcesSettings, http: httpx.AsyncClient) -> "PagerDutySchedule | Lacking":
    """Without a key nobody may ask."""
    if settings.pagerduty_token is None:
        return Lacking("INCIDENTS_ONCALL_SOURCES__PAGERDUTY_TOKEN")
    return PagerDutySchedule(http, str(settings.pagerduty_url).rstrip("/"), settings.pagerduty_token)


@dataclass(frozen=True)
class PagerDutySchedule:
    """Plays `OncallSource`. What it is asked about is the id of a schedule, such as `PI7DH85`."""

    http: httpx.AsyncClient
    url: str
    token: SecretStr
    within_s: float = WITHIN_S

    async def at(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """Lowest escalation level first. Raises Unreachable, RateLimited, Refused."""
        since = at.astimezone(UTC)
        answer = await self._asked(
            "oncalls", since, since + MOMENT, {"schedule_ids[]": where, "include[]": "users", "limit": MOST}
        )
        try:
            entries = answer.json()["oncalls"]
            found = sorted(_lasting(entries, where, since), key=lambda entry: int(entry["escalation_level"]))
            named = [_who(entry["user"], _instant(entry.get("end"))) for entry in found]
        except (AttributeError, LookupError, TypeError, ValueError):
            raise Refused(f"{WHO} answered {answer.status_code} without a list of on-calls: is this its API?") from None
        return tuple(dict.fromkeys(named))

    async def members(self, where: str, at: datetime, zone: str) -> tuple[Named, ...]:
        """Whoever has a turn in these weeks. Raises Unreachable, RateLimited, Refused."""
        around = at.astimezone(UTC)
        path = f"schedules/{quote(where, safe='')}/users"
        answer = await self._asked(path, around - TURNS_WITHIN, around + TURNS_WITHIN)
        try:
            return tuple(dict.fromkeys(_who(user) for user in answer.json()["users"]))
        except (AttributeError, LookupError, TypeError, ValueError):
            raise Refused(f"{WHO} answered {answer.status_code} without a list of users: is this its API?") from None

    async def _asked(
        self, path: str, since: datetime, until: datetime, more: Mapping[str, str | int] | None = None
    ) -> httpx.Response:
        answer = await ask(
            self.http, WHO, "GET", f"{self.url}/{path}", timeout=self.within_s,
            headers={"Authorization": f"Token token={self.token.get_secret_value()}", "Accept": ACCEPT},
            params={**(more or {}), "since": since.isoformat(), "until": until.isoformat()},
        )  # fmt: skip
        if failure := failure_of(WHO, answer):
            raise failure
        return answer


def _lasting(entries: list[dict[str, Any]], schedule: str, at: datetime) -> Iterator[dict[str, Any]]:
    for entry in entries:
        begins, ends = _instant(entry.get("start")), _instant(entry.get("end"))
        theirs = (entry.get("schedule") or {}).get("id") == schedule
        if theirs and (begins is None or begins <= at) and (ends is None or at < ends):
            yield entry


def _who(user: dict[str, Any], until: datetime | None = None) -> Named:
    mails = (str(user["email"]),) if user.get("email") else ()
    words = str(user.get("name") or user.get("summary") or "")
    return Named(id=str(user["id"]), mails=mails, words=words, until=until)


def _instant(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if told else None
