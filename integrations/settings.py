"""The settings of the systems we talk to. Read from the environment by `worker.settings` only."""

from pydantic import BaseModel, Field, HttpUrl, SecretStr


class JourneyStep(BaseModel):
    """One page of a synthetic customer journey."""

    path: str = "/"
    must_contain: str = ""
    """Text that only a healthy page shows; empty: the status code is enough."""


class AppSettings(BaseModel):
    """One app whose deep readiness the runbook probes (runbook §3.2)."""

    name: str
    url: HttpUrl
    service_arn: str = ""
    """App Runner service; empty: it cannot be redeployed from here."""
    database_url_secret: str = ""
    """Secrets Manager id of its DATABASE_URL; empty: its role cannot be checked."""
    expected_role: str = ""
    """Database role it must log in as, never the master (runbook §3.2)."""
    journey: list[JourneyStep] = Field(default_factory=lambda: [JourneyStep(path="/api/ready")])


class AwsSettings(BaseModel):
    endpoint_url: HttpUrl | None = None
    """Only for practice and tests; None: AWS itself."""
    region: str = ""
    rds_instance: str = ""
    """DB instance identifier; empty: all of the account's."""


class MetricsSettings(BaseModel):
    url: HttpUrl | None = None
    """The ledger's `/api/metrics` (runbook §3.3)."""
    token: SecretStr | None = None


class ChatSettings(BaseModel):
    webhook_url: SecretStr | None = None
    """A Slack-compatible incoming webhook. Whoever knows it can post: a secret."""


class PagerSettings(BaseModel):
    ntfy_url: HttpUrl | None = None
    """Address of an ntfy topic, such as https://ntfy.example.org/oncall."""
    ntfy_token: SecretStr | None = None
