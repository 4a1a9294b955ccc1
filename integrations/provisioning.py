"""The provisioning platform's own HTTP: the app's job list, and look-ups of what a provider has, by business key.

Which question stands behind which name is a setting (`INCIDENTS_PROVISIONING__LOOKUPS`), because it differs in every
organisation; what an answer means is the runbook's business (`runbook/provisioning.py`).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from integrations.errors import Refused, Unreachable
from integrations.http import failure_of, unreachable
from integrations.settings import ProvisioningSettings

WHO = "the provisioning platform"
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What a look-up answered. `found` None: there is no such thing."""

    found: Any | None
    count: int
    """How many things answered to the key: more than one contradicts that it is a key."""


@dataclass(frozen=True)
class Platform:
    http: httpx.AsyncClient
    settings: ProvisioningSettings

    async def jobs(self) -> list[dict[str, Any]] | None:
        """The app's own list of jobs; None: it offers none. Raises IntegrationError."""
        if self.settings.jobs_url is None:
            return None
        status, answer = await self._get(str(self.settings.jobs_url))
        if status != httpx.codes.OK or not isinstance(answer, list):
            raise Refused(f"{WHO} answered {status} without a list of jobs")
        return [job for job in answer if isinstance(job, dict)]

    async def look_up(self, name: str, key: str) -> Hit:
        """What `name` answers for `key`. Raises IntegrationError."""
        template = self.settings.lookups.get(name)
        if template is None:
            raise Refused(f"no look-up {name!r} is set: see INCIDENTS_PROVISIONING__LOOKUPS")
        status, answer = await self._get(template.replace("{key}", quote(key, safe="")))
        if status == httpx.codes.NOT_FOUND:
            return Hit(found=None, count=0)
        if isinstance(answer, list):
            return Hit(found=answer or None, count=len(answer))
        return Hit(found=answer, count=0 if answer is None else 1)

    async def answers_ok(self, name: str, key: str) -> bool:
        """Does the thing behind `key` say 200? A 4xx or 503 is its no. Raises IntegrationError where nobody answers."""
        template = self.settings.lookups.get(name)
        if template is None:
            raise Refused(f"no look-up {name!r} is set: see INCIDENTS_PROVISIONING__LOOKUPS")
        try:
            answer = await self.http.get(template.replace("{key}", quote(key, safe="")), headers=self._headers())
        except httpx.HTTPError as error:
            raise unreachable(WHO, error) from None
        return answer.status_code == httpx.codes.OK

    async def _get(self, url: str) -> tuple[int, Any]:
        try:
            answer = await self.http.get(url, headers=self._headers())
        except httpx.HTTPError as error:
            raise unreachable(WHO, error) from None
        if answer.status_code == httpx.codes.NOT_FOUND:
            return answer.status_code, None
        failure = failure_of(WHO, answer)
        if failure:
            raise failure
        return answer.status_code, _json(answer)

    def _headers(self) -> dict[str, str]:
        token = self.settings.token
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def _json(answer: httpx.Response) -> Any:
    if len(answer.content) > MOST_BYTES:
        raise Refused(f"{WHO} answered with more than {MOST_BYTES} bytes")
    try:
        return answer.json()
    except ValueError:
        raise Unreachable(f"{WHO} answered {answer.status_code} with something that is not JSON") from None
