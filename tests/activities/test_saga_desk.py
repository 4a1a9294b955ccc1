"""Did the failed step happen? An answer of the provider that does not fit the facts of the saga proves nothing."""

from dataclasses import replace

import httpx
import pytest
from pydantic import HttpUrl

from activities.saga_desk import SagaDesk
from integrations.provisioning import Platform
from integrations.settings import ProvisioningSettings
from runbook.provisioning import SAGA
from saga.diagnosis import Diagnosis, diagnose
from saga.moves import Answer, Reconciled
from tests.saga import sagas
from tests.saga.events import LATER

QUOTAS = {"quotas": "http://platform.test/quotas/{key}"}
PAID = {"customer": "ACME", "paid": "500"}


def lost(facts: dict[str, str]) -> Diagnosis:
    """The quota was being provisioned when the answer was lost."""
    history = sagas.timed_out("set_quota", "start")
    return replace(diagnose(history.run(), SAGA, LATER), facts=facts)


async def reconciled(status: int, told: object, facts: dict[str, str]) -> Reconciled:
    platform = httpx.MockTransport(lambda _: httpx.Response(status, json=told))
    settings = ProvisioningSettings(jobs_url=HttpUrl("http://platform.test/jobs"), lookups=QUOTAS)
    async with httpx.AsyncClient(transport=platform) as http:
        desk = SagaDesk(sagas=None, platform=Platform(http, settings), knowledge=SAGA)  # type: ignore[arg-type]
        return await desk.reconciled(lost(facts))


async def test_what_stands_there_as_it_was_paid_did_happen() -> None:
    """And what the step would have returned is known, so the saga can go on behind it."""
    found = await reconciled(200, {"customer": "ACME", "paid_gb": 500, "provisioned": "500 GB"}, PAID)
    assert (found.answer, found.result) == (Answer.HAPPENED, '"500 GB"')


async def test_nothing_under_the_key_did_not_happen() -> None:
    assert (await reconciled(404, {}, PAID)).answer is Answer.DID_NOT


@pytest.mark.parametrize(
    ("told", "facts", "says"),
    [
        ({"paid_gb": 0, "provisioned": "0 GB"}, PAID, "quotas: paid_gb is 0, paid is 500"),
        ({"paid_gb": 200, "provisioned": "200 GB"}, PAID, "quotas: paid_gb is 200, paid is 500"),
        ({"provisioned": "500 GB"}, PAID, "quotas: paid_gb is not said, paid is 500"),
        ({"paid_gb": 500, "provisioned": "500 GB"}, {"customer": "ACME"}, "quotas: paid_gb is 500, paid is not known"),
    ],
)
async def test_what_does_not_fit_what_was_paid_proves_nothing(told: object, facts: dict[str, str], says: str) -> None:
    """A quota that a naive re-drive zeroed is not the quota that was paid (runbook §3.1): a person decides."""
    found = await reconciled(200, told, facts)
    assert (found.answer, found.detail) == (Answer.CANNOT_TELL, says)
