"""The doctor on the status page: asked, and not changed."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from cli.doctor import Line, Verdict
from cli.examine_status_page import AWAY, FOLDER, NO, examine_status_page
from gameday.receivers.desk import Fault
from gameday.receivers.statuspage import API_KEY, PAGE
from integrations.settings import StatusPageSettings
from tests.integrations.conftest import served as served  # noqa: PLC0414 - a fixture for these tests too
from tests.integrations.conftest import vendors as vendors  # noqa: PLC0414 - and the server behind it
from tests.integrations.receiving import Served

ALL = {"App": "c-app", "Provisioning": "c-provisioning"}


async def looked(served: Served, **changes: Any) -> Line:
    known = {"page_id": PAGE, "api_key": SecretStr(API_KEY), "api_url": HttpUrl(f"{served.url}/statuspage")}
    async with httpx.AsyncClient(timeout=2) as http:
        return await examine_status_page(StatusPageSettings(**(known | {"components": ALL} | changes)), Path(), http)


async def test_a_page_that_knows_us_and_our_components_is_ok(served: Served) -> None:
    """By a GET."""
    line = await looked(served)
    assert (line.verdict, line.seen) == (Verdict.OK, f"page {PAGE} answers and has our 2 components")
    assert served.receivers.statuspage.incidents == []


@pytest.mark.parametrize(
    ("changes", "seen", "do"),
    [
        ({"api_key": SecretStr("hush")}, "Statuspage answered 401: Could not authenticate", NO),
        ({"page_id": "another"}, "Statuspage answered 404", NO),
        ({"api_url": HttpUrl("http://127.0.0.1:1")}, "Statuspage did not answer (ConnectError)", AWAY),
        ({"components": ALL | {"App": "c-gone"}}, "the page has no component App (c-gone)", "the page has Customer"),
    ],
)
async def test_what_is_wrong_is_told_with_what_mends_it(
    served: Served, changes: dict[str, Any], seen: str, do: str
) -> None:
    """Without a secret of ours."""
    line = await looked(served, **changes)
    assert (line.verdict, do in line.do, "hush" in line.seen) == (Verdict.BAD, True, False)
    assert line.seen.startswith(seen)


async def test_a_component_of_the_runbook_without_one_there_is_said(served: Served) -> None:
    """Its incidents would be on the page, and its light stay green."""
    line = await looked(served, components={"Provisioning": "c-provisioning"})
    assert (line.verdict, "shows no state of App" in line.seen) == (Verdict.UNKNOWN, True)


async def test_one_that_is_down_is_bad(served: Served) -> None:
    """503."""
    served.receivers.statuspage.desk.faults.add(Fault.DOWN)
    assert (await looked(served)).do == AWAY


def names(path: Path) -> list[str]:
    return [found.name for found in path.iterdir()]


async def folder(path: Path) -> Line:
    async with httpx.AsyncClient() as http:
        return await examine_status_page(StatusPageSettings(folder=path), Path(), http)


async def test_a_folder_that_can_be_written_is_ok_and_stays_as_it_was(tmp_path: Path) -> None:
    """Whether it is there already, or is still to be made."""
    there, later = await folder(tmp_path), await folder(tmp_path / "status" / "public")
    assert (there.verdict, later.verdict, names(tmp_path)) == (Verdict.OK, Verdict.OK, [])


async def test_a_file_in_its_place_is_bad(tmp_path: Path) -> None:
    """Or in the place of the folder above."""
    (tmp_path / "status").write_text("")
    found = [await folder(tmp_path / "status"), await folder(tmp_path / "status" / "public")]
    assert [(line.verdict, line.do) for line in found] == [(Verdict.BAD, FOLDER)] * 2
