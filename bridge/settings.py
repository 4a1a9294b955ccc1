"""The bridge's own settings. Read from the environment by `worker.settings` only."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr


class BridgeSettings(BaseModel):
    """The alert intake. The text under a field is its description in the README."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address the bridge listens on."""
    port: int = Field(default=9095, ge=0, le=65535)
    """Its port."""
    token: SecretStr | None = None
    """Bearer token that senders of alerts, and of mails that came back, must show; empty: alerts need none, and no such
    mail is taken. A secret."""
    public_url: HttpUrl | None = None
    """Where people's phones reach the bridge, such as `https://incidents.example.org`; empty: pages carry no links."""
    action_secret: SecretStr | None = Field(default=None, min_length=32)
    """What links and the bridge's signature are made of, the same for worker and bridge; empty: one is made once and
    kept in INCIDENTS_HOME, which then both must share. A secret."""
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    """Larger notifications are refused (413)."""
    concurrency: int = Field(default=16, ge=1)
    """Alerts handed to the engine at the same time: more only makes it slower for all."""
    take_within_s: float = Field(default=5.0, gt=0)
    """Longest wait for the engine before a 503, in seconds."""
    second_path_after_s: float = Field(default=60.0, ge=0)
    """When the engine, or every worker, has been away for so many seconds, the bridge pages by itself."""
    refused_max_files: int = 1000
    """Bodies nobody could understand that are kept in `refused/`."""
    refused_max_bytes: int = 100 * 1024 * 1024
    """And their bytes, all together."""
