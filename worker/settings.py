"""The only place that reads the environment. One model: environment first, then `incidents.toml` (design §5).

Any secret may be given as `<NAME>_FILE`, the path of a file that holds it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bridge.settings import BridgeSettings
from integrations.settings import (
    AppSettings,
    AwsSettings,
    ChatSettings,
    CustomersSettings,
    MailSettings,
    MetricsSettings,
    OncallSourcesSettings,
    PagerSettings,
    ProvisioningSettings,
    StatusPageSettings,
)
from oncall.schedule import Schedule

PREFIX = "INCIDENTS_"
FILE_SUFFIX = "_FILE"


class SettingsError(Exception):
    """A setting is missing or wrong. The message names each one and what it is for."""


def default_home() -> Path:
    """`$XDG_STATE_HOME/incidents`: where a user's programs keep their state."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "incidents"


class EngineSettings(BaseModel):
    """The embedded engine of `incidents up`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    port: int = Field(default=7233, ge=0, le=65535)
    """Port of the embedded engine; where `TEMPORAL_ADDRESS` is not set, everybody looks for one there."""
    ui_port: int = Field(default=8233, ge=0, le=65535)
    """Port of its Web UI."""


class WorkerSettings(BaseModel):
    """The worker."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    metrics: str = Field(default="", pattern=r"^$|^[\d.]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$")
    """IP address and port where it shows Temporal's metrics to Prometheus, such as `127.0.0.1:9464`; empty: nowhere."""


class WorldSettings(BaseModel):
    """The practice world of `incidents up`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    port: int = Field(default=9200, ge=1, le=65531)
    """Port of the practice world; AWS, PostgreSQL, the provisioning platform and mail get the four after it."""


class Settings(BaseSettings):
    """Everything that can be set. Field descriptions are the README's table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", toml_file="incidents.toml", extra="ignore"
    )

    home: Path = Field(default_factory=default_home, description="Folder of everything kept on disk.")
    speed: float = Field(default=1.0, gt=0, le=100_000, description="All runbook durations are divided by this.")
    web_ui_url: HttpUrl = Field(default=HttpUrl("http://127.0.0.1:8233"), description="Temporal's Web UI, for links.")
    engine: EngineSettings = EngineSettings()
    world: WorldSettings = WorldSettings()
    worker: WorkerSettings = WorkerSettings()
    bridge: BridgeSettings = BridgeSettings()
    chat: ChatSettings = ChatSettings()
    pager: PagerSettings = PagerSettings()
    mail: MailSettings = MailSettings()
    aws: AwsSettings = AwsSettings()
    metrics: MetricsSettings = MetricsSettings()
    provisioning: ProvisioningSettings = ProvisioningSettings()
    customers: CustomersSettings = CustomersSettings()
    status_page: StatusPageSettings = StatusPageSettings()
    apps: list[AppSettings] = Field(default_factory=list, description="Apps to probe, as JSON; see below.")
    oncall: Schedule = Schedule()
    oncall_sources: OncallSourcesSettings = OncallSourcesSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process. Raises SettingsError naming every problem at once."""
    _read_secret_files(environ if environ is not None else os.environ)
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def _read_secret_files(environ: Mapping[str, str]) -> None:
    for name, path in sorted(environ.items()):
        plain = name.removesuffix(FILE_SUFFIX)
        if not name.startswith(PREFIX) or plain == name or plain in environ:
            continue
        try:
            os.environ[plain] = Path(path).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{name}: cannot read {path}: {error.strerror}") from None


def _explain(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False)
    lines = [f"{_env_name(p['loc'])}: {p['msg']}{_what_for(p['loc'])}" for p in problems]
    return "settings are wrong:\n  " + "\n  ".join(lines)


def _what_for(loc: tuple[Any, ...]) -> str:
    """` (Its port.)`: the setting's own description, as the README has it."""
    model: Any = Settings
    told = ""
    for part in loc:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:  # inside a list, or a key of somebody's own
            continue
        told = field.description or told
        inner = [field.annotation, *get_args(field.annotation)]
        model = next((kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return f" ({told})" if told else ""


def _env_name(loc: tuple[Any, ...]) -> str:
    return PREFIX + "__".join(str(part) for part in loc).upper()
