"""The bridge's own settings. Read from the environment by `worker.settings` only."""

from pydantic import BaseModel, Field, SecretStr


class BridgeSettings(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(default=9095, ge=0, le=65535)
    token: SecretStr | None = None
    """Bearer token callers must send; None: none is asked for."""
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    concurrency: int = Field(default=16, ge=1)
    """Alerts handed to the engine at the same time: more only makes it slower for all (design §9)."""
    take_within_s: float = Field(default=5.0, gt=0)
    """Longest wait for the engine before a 503, in seconds (design §5)."""
    refused_max_files: int = 1000
    refused_max_bytes: int = 100 * 1024 * 1024
