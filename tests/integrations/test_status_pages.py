"""What every status page does, ours in a folder, Atlassian's and the fake alike; and what each has of its own."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from gameday.receivers.desk import Fault
from gameday.receivers.statuspage import API_KEY, PAGE
from incident.model.effects import SetStatusPage
from incident.model.severity import Severity
from incident.model.status_page import Notice, Shown
from integrations.errors import RateLimited, Refused, Unreachable
from integrations.ports import StatusPage
from integrations.settings import StatusPageSettings
from integrations.status_folder import StatusFolder
from integrations.statuspage import StatusPageIo
from tests.fakes import FakeStatusPage
from tests.integrations.receiving import Served

FIRST = SetStatusPage(
    key="incident-AppDBDown-a@1/status/1",
    incident_id="incident-AppDBDown-a",
    number=1,
    mark="incident-AppDBDown-a@1",
    known_id="",
    component="App",
    notice=Notice(
        state=Shown.INVESTIGATING, title="App: we are working on a problem", text="You <b>cannot</b> sign in."
    ),
    severity=Severity.SEV1,
)


def then(number: int, state: Shown, text: str, known_id: str = "") -> SetStatusPage:
    return replace(FIRST, number=number, known_id=known_id, notice=replace(FIRST.notice, state=state, text=text))


@dataclass
class Sight:
    """A page, and what the public sees on it: for each status incident the states it went through, oldest first."""

    page: StatusPage
    seen: Callable[[], list[list[str]]]


def statuspage(served: Served, **changes: object) -> StatusPageIo:
    known = {"page_id": PAGE, "api_key": SecretStr(API_KEY), "api_url": HttpUrl(f"{served.url}/statuspage")}
    settings = StatusPageSettings(**(known | {"components": {"App": "c-app"}} | changes))  # type: ignore[arg-type]
    return StatusPageIo(httpx.AsyncClient(timeout=2), settings)


@pytest.fixture(params=["folder", "statuspage", "fake"])
def sight(request: pytest.FixtureRequest, served: Served, tmp_path: Path) -> Sight:
    if request.param == "folder":
        return Sight(StatusFolder(tmp_path / "status"), lambda: _in_folder(tmp_path / "status"))
    if request.param == "statuspage":
        return Sight(statuspage(served), lambda: _at_vendor(served))
    fake = FakeStatusPage()
    return Sight(fake, lambda: [[e.notice.state.value for e in notices] for notices in fake.shown.values()])


def _in_folder(folder: Path) -> list[list[str]]:
    path = folder / "status.json"
    body = json.loads(path.read_text()) if path.exists() else {"incidents": []}
    return [[update["state"] for update in reversed(one["updates"])] for one in reversed(body["incidents"])]


def _at_vendor(served: Served) -> list[list[str]]:
    found = served.receivers.statuspage.incidents
    return [[update["status"] for update in reversed(one["incident_updates"])] for one in found]


# ── what all do ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_notice_is_shown(sight: Sight) -> None:
    """And the page's own id comes back."""
    receipt = await sight.page.show(FIRST)

    assert (bool(receipt.id), receipt.repeat, sight.seen()) == (True, False, [["investigating"]])


async def test_all_notices_are_of_one_status_incident(sight: Sight) -> None:
    """It is followed through to its end."""
    known = (await sight.page.show(FIRST)).id
    await sight.page.show(then(2, Shown.MONITORING, "It has stopped.", known))
    await sight.page.show(then(3, Shown.RESOLVED, "It is over.", known))

    assert sight.seen() == [["investigating", "monitoring", "resolved"]]


async def test_after_a_crash_it_is_found_again(sight: Sight) -> None:
    """The first answer was lost: nobody knows the page's id, and no second status incident is made."""
    known = (await sight.page.show(FIRST)).id
    again = await sight.page.show(FIRST)

    assert (again.id, again.repeat, len(sight.seen())) == (known, True, 1)


async def test_a_later_notice_finds_it_by_its_mark(sight: Sight) -> None:
    """Even where the id never came back."""
    await sight.page.show(FIRST)
    await sight.page.show(then(2, Shown.MONITORING, "It has stopped."))

    assert sight.seen() == [["investigating", "monitoring"]]


async def test_the_same_notice_twice_is_one_update(sight: Sight) -> None:
    """At-least-once on our side, once on theirs."""
    known = (await sight.page.show(FIRST)).id
    second = then(2, Shown.MONITORING, "It has stopped.", known)
    await sight.page.show(second)

    assert (await sight.page.show(second)).repeat
    assert sight.seen() == [["investigating", "monitoring"]]


async def test_another_incident_is_another_status_incident(sight: Sight) -> None:
    """Also of the same alert, a week later."""
    await sight.page.show(FIRST)
    await sight.page.show(replace(FIRST, mark="incident-AppDBDown-a@2"))

    assert len(sight.seen()) == 2


# ── Atlassian's ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.RATE_LIMIT, RateLimited), (Fault.DOWN, Unreachable), (Fault.REFUSE, Refused)],
)
async def test_the_vendor_s_failures_are_told_apart(served: Served, fault: Fault, kind: type[Exception]) -> None:
    """420 is its own way to say 429."""
    served.receivers.statuspage.desk.faults.add(fault)
    with pytest.raises(kind):
        await statuspage(served).show(FIRST)


async def test_a_lost_answer_makes_no_second_status_incident(served: Served) -> None:
    """It was made, and nobody heard."""
    page = StatusPageIo(httpx.AsyncClient(timeout=0.5), statuspage(served).settings)

    class Losing(httpx.AsyncBaseTransport):
        """The answer to the first POST is lost on its way."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await inner.handle_async_request(request)
            if request.method == "POST":
                raise httpx.ReadTimeout("lost")
            return answer

    inner = httpx.AsyncHTTPTransport()
    with pytest.raises(Unreachable):
        await StatusPageIo(httpx.AsyncClient(transport=Losing()), page.settings).show(FIRST)

    assert (await page.show(FIRST)).repeat
    assert _at_vendor(served) == [["investigating"]]


async def test_the_component_is_broken_and_then_well(served: Served) -> None:
    """A visitor looks at the component first."""
    page, components = statuspage(served), served.receivers.statuspage.components
    await page.show(FIRST)
    broken = components["c-app"]["status"]
    await page.show(then(2, Shown.MONITORING, "It has stopped."))

    assert (broken, components["c-app"]["status"]) == ("major_outage", "operational")


async def test_a_wrong_key_is_refused_without_being_told(served: Served) -> None:
    """Whoever reads the timeline must not learn it."""
    with pytest.raises(Refused) as failed:
        await statuspage(served, api_key=SecretStr("s3cret-key")).show(FIRST)

    assert "s3cret" not in str(failed.value)


async def test_a_component_nobody_mapped_is_left_alone(served: Served) -> None:
    """The notice goes up all the same."""
    await statuspage(served, components={}).show(FIRST)

    assert _at_vendor(served) == [["investigating"]]
    assert served.receivers.statuspage.components["c-app"]["status"] == "operational"


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def html(tmp_path: Path) -> str:
    await StatusFolder(tmp_path).show(FIRST)
    return (tmp_path / "index.html").read_text()


def test_texts_are_words_and_never_markup(html: str) -> None:
    """A notice may hold anything."""
    assert "You &lt;b&gt;cannot&lt;/b&gt; sign in." in html


def test_nothing_of_our_inside_is_public(html: str, tmp_path: Path) -> None:
    """Neither the incident's id nor its key."""
    assert "AppDBDown" not in html + (tmp_path / "status.json").read_text()


@pytest.mark.parametrize(
    "wanted", ['<html lang="en">', 'name="viewport"', "<main>", 'role="status"', "<h1>", "<time datetime="]
)
def test_a_screen_reader_finds_its_way(html: str, wanted: str) -> None:
    """And a phone."""
    assert wanted in html


def test_it_needs_no_script(html: str) -> None:
    """Nor anything from elsewhere."""
    assert re.findall(r"<script|https?://", html) == []


async def test_a_web_server_may_read_it(tmp_path: Path) -> None:
    """It has a user of its own."""
    await StatusFolder(tmp_path).show(FIRST)

    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


async def test_a_page_without_problems_says_so(tmp_path: Path) -> None:
    """After it was over."""
    page = StatusFolder(tmp_path)
    await page.show(FIRST)
    await page.show(then(2, Shown.RESOLVED, "It is over."))

    assert "No known problems" in (tmp_path / "index.html").read_text()


async def test_a_folder_that_cannot_be_made_is_a_refusal_or_tried_again(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "status").write_text("")
    with pytest.raises(Unreachable, match="folder cannot be written"):
        await StatusFolder(tmp_path / "status").show(FIRST)


async def test_a_broken_page_is_made_anew(tmp_path: Path) -> None:
    """Rather than never again."""
    (tmp_path / "status.json").write_text("{broken")
    await StatusFolder(tmp_path).show(FIRST)

    assert _in_folder(tmp_path) == [["investigating"]]
