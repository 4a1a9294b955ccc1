"""The settings of the systems we talk to. Read from the environment by `worker.settings` only.

The text under a field is its description in the README.
"""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


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


class PagerSettings(BaseModel):
    """Who wakes people."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    ntfy_url: HttpUrl | None = None
    """Address of an ntfy topic, such as `https://ntfy.example.org/oncall`: the first way to page."""
    ntfy_token: SecretStr | None = None
    """Access token of the ntfy server. A secret."""
    pagerduty_webhook_secret: SecretStr | None = None
    """Secret of PagerDuty's webhook subscription (v3): an ack there is an ack here. A secret."""


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
