"""The settings of the systems we talk to. Read from the environment by `worker.settings` only.

The text under a field is its description in the README.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, model_validator


class JourneyStep(BaseModel):
    """One page of a synthetic customer journey."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    path: str = "/"
    """Path on the app."""
    must_contain: str = ""
    """Text that only a healthy page shows; empty: the status code is enough."""


class AppSettings(BaseModel):
    """One app whose deep readiness the runbook probes (runbook §3.2)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """What people call it; shown in findings."""
    url: HttpUrl
    """Its address, without `/api/…`."""
    service_arn: str = ""
    """App Runner service; empty: it cannot be redeployed from here."""
    database_url_secret: str = ""
    """Secrets Manager id of its DATABASE_URL; empty: its role cannot be checked."""
    expected_role: str = ""
    """Database role it must log in as, never the master (runbook §3.2)."""
    journey: list[JourneyStep] = Field(default_factory=lambda: [JourneyStep(path="/api/ready")])
    """Pages a customer needs, re-run before an incident resolves."""


class AwsSettings(BaseModel):
    """AWS."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    endpoint_url: HttpUrl | None = None
    """Only for practice and tests; empty: AWS itself."""
    region: str = ""
    """AWS region; empty: whatever AWS's own settings say (`AWS_DEFAULT_REGION`, a profile)."""
    rds_instance: str = ""
    """DB instance identifier; empty: all of the account's."""


class MetricsSettings(BaseModel):
    """The money ledger's metrics."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    url: HttpUrl | None = None
    """The ledger's `/api/metrics` (runbook §3.3)."""
    token: SecretStr | None = None
    """Bearer token for it. A secret."""


class ChatSettings(BaseModel):
    """The chat people read."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    webhook_url: SecretStr | None = None
    """Slack-compatible incoming webhook: thread, and second way to page. Whoever knows it can post: a secret."""
    signing_secret: SecretStr | None = None
    """Slack app's signing secret: opens the bridge's doors for `/incident` and for buttons. A secret."""
    bot_token: SecretStr | None = None
    """Bot token of a Slack app (`xoxb-…`): scopes `chat:write`, `channels:history` to find what arrived. A secret."""
    channel: str = ""
    """Id of the channel it speaks in, such as `C0123456789`; the app must be a member."""
    api_url: HttpUrl = HttpUrl("https://slack.com/api/")
    """Slack's Web API. Only for practice and tests, or a proxy."""


class PagerSettings(BaseModel):
    """Who wakes people."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    team: tuple[str, ...] = ("ntfy", "chat")
    """Ways to reach the whole team, in order, for whom no contacts are written down: any of the channels, as JSON."""

    ntfy_url: HttpUrl | None = None
    """Address of an ntfy topic, such as `https://ntfy.example.org/oncall`: the first way to page."""
    ntfy_token: SecretStr | None = None
    """Access token of the ntfy server. A secret."""
    pagerduty_webhook_secret: SecretStr | None = None
    """Secret of PagerDuty's webhook subscription (v3): an ack there is an ack here. A secret."""
    pagerduty_routing_key: SecretStr | None = None
    """Integration key of a PagerDuty service (Events API v2): the team's own; people may have others. A secret."""
    pagerduty_url: HttpUrl = HttpUrl("https://events.pagerduty.com/v2/enqueue")
    """Where PagerDuty takes events; a service region of its own has another host."""
    mail_to: SecretStr | None = None
    """Mail address of the team, for pages by mail; people may have others. Never told."""
    apprise_url: SecretStr | None = None
    """Address of the team in apprise's words (`tgram://…`, `twilio://…`): any of its services. A secret."""


class OncallSourcesSettings(BaseModel):
    """Where rotations with a `source` are asked about."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    pagerduty_token: SecretStr | None = None
    """Key of PagerDuty's REST API, read-only is enough: who a schedule of theirs has on call. A secret."""
    pagerduty_url: HttpUrl = HttpUrl("https://api.pagerduty.com")
    """PagerDuty's REST API; a service region of its own has another host."""
    last_known_hours: float = Field(default=24, ge=0, le=8760)
    """While a source is silent, its last answer counts for so long, in hours; then the next rung is paged."""


class MailSettings(BaseModel):
    """The organisation's mail server, for pages and for customers."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str = ""
    """Its name; empty: no mail is sent."""
    port: int = Field(default=0, ge=0, le=65535)
    """Its port; 0: 587, with `tls` 465, with `none` 25."""
    user: str = ""
    """Login; empty: none."""
    password: SecretStr | None = None
    """Its password. A secret."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` (must be offered), `tls` from the first byte, or `none`: only without a password."""
    ca_path: Path | None = None
    """Certificates to trust instead of the system's."""
    sender: str = ""
    """From whom mails come, such as `incidents@example.org`; empty: no mail is sent."""

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.tls == "none" and self.password is not None:
            raise ValueError("a password is never sent without TLS: set `tls` to starttls or tls, or drop the password")
        return self


class ProvisioningSettings(BaseModel):
    """The organisation's provisioning saga, in a namespace of its own, and the platform behind it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    temporal_address: str = ""
    """Temporal of the provisioning saga, `host:port`; empty: the saga is neither looked at nor re-driven."""
    namespace: str = "provisioning"
    """Its namespace there."""
    temporal_api_key: SecretStr | None = None
    """API key for it; with one, TLS is used. A secret."""
    workflow_type: str = ""
    """Its workflow type; empty: the runbook's."""
    schedule_id: str = "reconcile-provisioning"
    """The Schedule that re-drives by itself and is paused meanwhile; empty: there is none."""
    jobs_url: HttpUrl | None = None
    """The app's own list of jobs (JSON, bearer); empty: only the sagas are looked at."""
    lookups: dict[str, str] = Field(default_factory=dict)
    """Name → address with `{key}`, for each look-up the runbook names: `{"deployments": "https://…?customer={key}"}`."""
    token: SecretStr | None = None
    """Bearer token for jobs and look-ups. A secret."""
    look_back_days: int = Field(default=7, ge=1)
    """How long ago a saga may have ended and still count as a stuck job, in days."""


class CustomersSettings(BaseModel):
    """Customers who are written to when an incident hurts them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    addresses: dict[str, list[SecretStr]] = Field(default_factory=dict)
    """Customer's key → mail addresses: `{"acme": ["ops@acme.example"]}`. Never told."""
    path: Path | None = None
    """The same as a JSON file, or as CSV: a line each, the key first."""
    url: HttpUrl | None = None
    """Where the organisation's own service tells them, with `{key}` for the customer (JSON, bearer)."""
    token: SecretStr | None = None
    """Bearer token for it. A secret."""
    sender: str = ""
    """From whom customers get mail, such as `Support <support@example.org>`; empty: `INCIDENTS_MAIL__SENDER`."""
    reply_to: str = ""
    """Where their answers go; empty: to the sender."""
    returns_to: str = ""
    """Where a mail that cannot be delivered comes back to (the envelope's sender); empty: to the sender."""


class StatusPageSettings(BaseModel):
    """The public status page."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    page_id: str = ""
    """Id of a page at Atlassian Statuspage; empty: a page of our own is written to `folder`."""
    api_key: SecretStr | None = None
    """Its API key. A secret."""
    api_url: HttpUrl = HttpUrl("https://api.statuspage.io")
    """Its API. Only for practice and tests, or a proxy."""
    components: dict[str, str] = Field(default_factory=dict)
    """Component as the runbook calls it → its id there: `{"App": "8kbf7d35c070"}`."""
    notify: bool = True
    """Does Statuspage tell the page's subscribers?"""
    folder: Path | None = None
    """Folder for `index.html` and `status.json`, for any web server; empty: `status` in `INCIDENTS_HOME`."""
