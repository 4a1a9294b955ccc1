"""What people look at: what arrived, as it would look, and nothing that only pretends."""

import smtplib
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from gameday.world.drawing import PAGES, mrkdwn
from gameday.world.faults import FAULTS
from gameday.world.launch import RunningWorld
from incident.model.effects import Post
from incident.model.playbook import Link
from incident.model.severity import Severity
from integrations.slack_webhook import SlackWebhook

SCRIPT = "<script>alert(1)</script>"
POST = Post(
    key="k",
    incident_id="incident-A",
    title=f"SEV-1 {SCRIPT}",
    lines=(f"*What:* `app` {SCRIPT}", "escaped <!channel> and <https://evil.example.org|our bank>"),
    commands=("incidents ack incident-A --by 'you'",),
    links=(Link(label="Runbook", url='https://runbooks.example.org/"onmouseover="x'),),
    severity=Severity.SEV1,
    broadcast=True,
)


def page(world: RunningWorld, **body: object) -> None:
    httpx.post(f"{world.control}/receivers/ntfy/", json={"topic": "oncall"} | body).raise_for_status()


def shown(world: RunningWorld, path: str) -> str:
    answer = httpx.get(f"{world.control}/{path}")
    answer.raise_for_status()
    return answer.text


async def say(world: RunningWorld, post: Post = POST) -> None:
    hook = SlackWebhook(httpx.AsyncClient(timeout=5), SecretStr(world.env["INCIDENTS_CHAT__WEBHOOK_URL"]))
    await hook.post(post, link="http://127.0.0.1:8233/story")


def attributes_of(html: str) -> list[str]:
    """As a browser reads them."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.extend(name for name, _ in attrs)  # type: ignore[method-assign]
    parser.feed(html)
    return found


@pytest.mark.parametrize("path", ["", "phone", "phone/ana", "thread", "mail", "status"])
def test_an_empty_world_has_its_pages(world: RunningWorld, path: str) -> None:
    """Before anything has happened."""
    assert "<main>" in shown(world, path)


def test_the_phone_shows_what_arrived(world: RunningWorld) -> None:
    """Title, text, where a tap leads."""
    page(world, title="SEV-1 AppDBDown", message="Customers cannot work.", click="http://ui.example.org/x", priority=5)
    html = shown(world, "phone")

    assert "SEV-1 AppDBDown" in html
    assert "Customers cannot work." in html
    assert '<a href="http://ui.example.org/x">' in html


def test_the_phone_runs_nobodys_script(world: RunningWorld) -> None:
    """Neither from a text nor behind a tap."""
    page(world, title=SCRIPT, message=SCRIPT, click="javascript:alert(1)")
    html = shown(world, "phone")

    assert "<script" not in html
    assert "javascript:" not in html


def test_a_pages_buttons_can_be_pressed(world: RunningWorld) -> None:
    """One that acts is a form of the phone's own; one that is only to be opened is a link; others are not there."""
    acts = {"action": "http", "label": "Ack", "url": "http://bridge.example.org/act/t", "method": "POST"}
    opens = {"action": "view", "label": "Runbook", "url": "http://wiki.example.org/r"}
    page(world, actions=[acts, opens, {"action": "view", "label": SCRIPT, "url": "javascript:alert(1)"}])
    html = shown(world, "phone/oncall")

    assert 'action="/phone/oncall/press"' in html
    assert '<a href="http://wiki.example.org/r">Runbook</a>' in html
    assert (html.count("<button"), "javascript:" in html, "<script" in html) == (1, False, False)


def test_everybody_has_a_phone_of_their_own(world: RunningWorld) -> None:
    """What wakes ana does not wake ben."""
    page(world, topic="ana", title="SEV-1 for ana")

    assert "SEV-1 for ana" in shown(world, "phone/ana")
    assert "SEV-1 for ana" not in shown(world, "phone/ben")


def test_all_phones_are_seen_side_by_side(world: RunningWorld) -> None:
    """Who slept, and who did not."""
    page(world, topic="ben", title="SEV-1 for ben")
    html = shown(world, "phone")

    assert "Quiet. Nothing woke Ana Lima." in html
    assert "SEV-1 for ben" in html


def test_nobody_else_has_a_phone(world: RunningWorld) -> None:
    """A mistyped name is told, not an empty screen."""
    assert httpx.get(f"{world.control}/phone/anna").status_code == 404


def test_a_mail_is_shown_to_whom_it_went(world: RunningWorld) -> None:
    """With links to tap on, and nobody's script."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "i@practice.example.org", "ben@practice.example.org", f"SEV-1 {SCRIPT}"
    mail.set_content(f"Ack: http://127.0.0.1:9095/act/token\n{SCRIPT}")
    with smtplib.SMTP("127.0.0.1", int(world.env["INCIDENTS_MAIL__PORT"])) as server:
        server.send_message(mail)

    assert '<a href="http://127.0.0.1:9095/act/token">' in shown(world, "mail?to=ben@practice.example.org")
    assert "<script" not in shown(world, "mail")
    assert "No mail." in shown(world, "mail?to=ana@practice.example.org")


def test_the_status_page_is_the_very_page_that_was_written(world: RunningWorld) -> None:
    """Before that, there is none to see."""
    folder = Path(world.env["INCIDENTS_STATUS_PAGE__FOLDER"])
    assert "Nothing was published yet" in shown(world, "status")

    folder.mkdir()
    (folder / "index.html").write_text("<h1>All systems work</h1>")
    assert shown(world, "status/page") == "<h1>All systems work</h1>"
    assert 'src="/status/page"' in shown(world, "status")


def test_the_start_page_leads_everywhere(world: RunningWorld) -> None:
    """One address to remember."""
    html = shown(world, "")

    assert [path for path in PAGES if f'href="{path}"' not in html] == []


def test_a_page_without_title_or_text_is_shown(world: RunningWorld) -> None:
    """ntfy takes it, so the phone shows it."""
    page(world)

    assert "ntfy ·" in shown(world, "phone")


def test_a_repeat_is_told(world: RunningWorld) -> None:
    """A phone would have rung twice: whoever practises should see that."""
    for _ in range(2):
        httpx.post(f"{world.control}/receivers/ntfy/", json={"topic": "oncall"}, headers={"Idempotency-Key": "k"})

    assert "arrived 2 times" in shown(world, "phone")


async def test_the_thread_shows_what_was_said(world: RunningWorld) -> None:
    """Formatted as Slack would."""
    await say(world)
    html = shown(world, "thread")

    assert "<b>What:</b> <code>app</code>" in html
    assert "<pre>incidents ack incident-A --by &#x27;you&#x27;</pre>" in html
    assert '<a href="http://127.0.0.1:8233/story">story in the Web UI</a>' in html


async def test_the_thread_runs_nobodys_script(world: RunningWorld) -> None:
    """Not from a title, a line, or a link's address."""
    await say(world)
    html = shown(world, "thread")

    assert "<script" not in html
    assert [name for name in attributes_of(html) if name.startswith("on")] == []


async def test_the_thread_shows_a_ping_only_where_slack_would(world: RunningWorld) -> None:
    """What was escaped is only text: here, as there."""
    await say(world)
    html = shown(world, "thread")

    assert html.count("<mark>@channel</mark>") == 1
    assert "evil.example.org|our bank" in html
    assert 'href="https://evil' not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param(
            "<https://a.example/x?a=1&amp;b=2|Here>", '<a href="https://a.example/x?a=1&amp;b=2">Here</a>', id="a link"
        ),
        pytest.param(
            '<https://a.example/"x|Here>', '<a href="https://a.example/&quot;x">Here</a>', id="a quote in a link"
        ),
        pytest.param(
            "<https://a.example/*x*|Here>", '<a href="https://a.example/%2Ax%2A">Here</a>', id="stars in a link"
        ),
        pytest.param("<!here> hi", "<mark>@here</mark> hi", id="another ping"),
        pytest.param("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;", id="no web address"),
        pytest.param("&lt;!channel&gt;", "&lt;!channel&gt;", id="an escaped ping"),
        pytest.param("a < b > c", "a &lt; b &gt; c", id="arrows that are none"),
        pytest.param("*bold* and 2*3*4", "<b>bold</b> and 2*3*4", id="bold"),
    ],
)
def test_slacks_formatting_is_drawn(text: str, html: str) -> None:
    """As far as we use it."""
    assert str(mrkdwn(text)) == html


def test_the_world_breaks_and_mends_without_scripts(world: RunningWorld) -> None:
    """Small forms: at 3 a.m. in any browser."""
    html = shown(world, "")
    assert [f'action="/faults/{name}/break"' in html for name in FAULTS] == [True] * len(FAULTS)
    assert "<script" not in html

    answer = httpx.post(f"{world.control}/faults/ledger_stuck/break", follow_redirects=True)
    assert 'action="/faults/ledger_stuck/mend"' in answer.text

    answer = httpx.post(f"{world.control}/faults/ledger_stuck/mend", follow_redirects=True)
    assert 'action="/faults/ledger_stuck/break"' in answer.text


def test_the_world_says_who_suffers(world: RunningWorld) -> None:
    """In words and not only in a colour."""
    world.fault("db_down")

    assert shown(world, "").count("▲ database unreachable") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"blocks": [{"type": "section", "text": {"text": ""}}]},
        {"blocks": [{"type": "section", "text": {"text": "x" * 3001}}]},
        {"blocks": [{"type": "header", "text": {"text": "x" * 151}}]},
        {"blocks": [{"type": "section", "text": {"text": "x"}}] * 51},
        {"blocks": [{"type": "section", "text": {"text": "x" * 2900}}] * 5},
        {"blocks": ["x"]},
        {"blocks": 7},
        {},
    ],
    ids=["empty", "long section", "long header", "many", "long together", "no block", "no list", "nothing"],
)
def test_the_practice_webhook_refuses_what_slack_refuses(world: RunningWorld, body: dict[str, object]) -> None:
    """A message that is too big must not pass here and fail there."""
    assert httpx.post(world.env["INCIDENTS_CHAT__WEBHOOK_URL"], json=body).status_code == 400
