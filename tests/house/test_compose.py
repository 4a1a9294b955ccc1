"""The scale-out file: every reference in it leads somewhere. No container engine is needed to see that."""

import graphlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from tests.processes import running
from worker.engine import HOST, TUNING, ensure_binary, free_port, wait_until_serving
from worker.settings import Settings
from workflows.contract import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.temporal.yml"
REQUIRED = {
    "POSTGRES_PASSWORD": "secret",
    "INCIDENTS_BRIDGE__TOKEN": "token",
    "INCIDENTS_PAGER__NTFY_URL": "https://ntfy.example.org/oncall",
}
SERVER_NAMES = {
    *("DB", "DB_PORT", "POSTGRES_SEEDS", "POSTGRES_USER", "POSTGRES_PWD", "NUM_HISTORY_SHARDS"),
    *("BIND_ON_IP", "LOG_LEVEL", "DYNAMIC_CONFIG_FILE_PATH"),
}
"""Those of temporalio/server's config template (docker/config_template.yaml of temporalio/temporal) that we may use."""
SQL_TOOL_NAMES = {"SQL_PLUGIN", "SQL_HOST", "SQL_PORT", "SQL_USER", "SQL_PASSWORD"}
UI_NAMES = {"TEMPORAL_ADDRESS", "TEMPORAL_DEFAULT_NAMESPACE"}
POSTGRES_NAMES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def needs(service: dict[str, Any]) -> dict[str, str]:
    return {name: how["condition"] for name, how in service.get("depends_on", {}).items()}


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if service["image"].startswith("incidents:")}


def env_names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Every environment name the settings model reads."""
    for name, field in model.model_fields.items():
        kind, full = field.annotation, f"{prefix}{name}".upper()
        yield full
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from env_names(kind, f"{full}__")


def test_every_dependency_is_a_service(services: dict[str, Any]) -> None:
    """No service waits for one that does not exist."""
    assert {name for service in services.values() for name in needs(service)} - set(services) == set()


def test_services_start_in_an_order_without_circles(services: dict[str, Any]) -> None:
    """Database, schema, engine, namespace, then what uses them."""
    order = graphlib.TopologicalSorter({name: needs(service) for name, service in services.items()}).static_order()
    chain = [name for name in order if name in ("postgres", "schema", "temporal", "namespace", "worker")]
    assert chain == ["postgres", "schema", "temporal", "namespace", "worker"]


def test_whoever_is_waited_for_in_health_says_how_it_is(services: dict[str, Any]) -> None:
    """`service_healthy` without a health check would wait for ever."""
    awaited = {n for s in services.values() for n, how in needs(s).items() if how == "service_healthy"}
    assert [name for name in sorted(awaited) if "healthcheck" not in services[name]] == []


def test_whoever_is_waited_for_to_end_may_end(services: dict[str, Any]) -> None:
    """A one-shot that restarts after success would never let the others start."""
    awaited = {n for s in services.values() for n, how in needs(s).items() if how == "service_completed_successfully"}
    assert {services[name]["restart"] for name in awaited} == {"on-failure:5"}


def test_every_volume_is_declared_or_a_file_of_ours(compose: dict[str, Any], services: dict[str, Any]) -> None:
    """Named volumes are declared, mounted files exist in the repository."""
    sources = {mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])}
    files = {source for source in sources if source.startswith("./")}
    assert (sources - files, [f for f in files if not (ROOT / f).is_file()]) == (set(compose["volumes"]), [])


def test_workers_and_bridge_share_one_home(services: dict[str, Any]) -> None:
    """Ledger, records and refused bodies are the same for all of them, where INCIDENTS_HOME says."""
    mounts = {tuple(service["volumes"]) for service in ours(services).values()}
    homes = {service["environment"]["INCIDENTS_HOME"] for service in ours(services).values()}
    assert (mounts, homes) == ({("incidents-home:/var/lib/incidents",)}, {"/var/lib/incidents"})


def test_two_workers_run(services: dict[str, Any]) -> None:
    """One may die, or be replaced, while the other goes on."""
    assert services["worker"]["deploy"]["replicas"] == 2


def test_ports_are_open_on_loopback_only(services: dict[str, Any]) -> None:
    """Nothing listens to the world before somebody decides so."""
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []


def test_foreign_images_are_pinned(services: dict[str, Any]) -> None:
    """A version to the patch, never `latest`."""
    images = {service["image"] for service in services.values()} - {"incidents:local"}
    assert [image for image in sorted(images) if not re.search(r":\d+\.\d+(\.\d+)?$", image)] == []


def test_engine_and_its_tools_are_of_one_version(services: dict[str, Any]) -> None:
    """The schema must be the one the server expects."""
    tags = {services[name]["image"].split(":")[1] for name in ("schema", "temporal", "namespace")}
    assert len(tags) == 1


def test_our_environment_names_are_settings(services: dict[str, Any]) -> None:
    """A misspelt INCIDENTS_ name would be silently ignored."""
    used = {name for service in ours(services).values() for name in service["environment"]}
    assert {name for name in used if name.startswith("INCIDENTS_")} - set(env_names(Settings, "INCIDENTS_")) == set()


def test_our_way_to_the_engine_is_one_the_sdk_reads(services: dict[str, Any]) -> None:
    """TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE reach the client."""
    found = []
    for service in ours(services).values():
        given = {name: value for name, value in service["environment"].items() if name.startswith("TEMPORAL_")}
        config = ClientConfig.load_client_connect_config(disable_file=True, override_env_vars=given)
        found.append((config.get("target_host"), config.get("namespace")))
    assert found == [("temporal:7233", "${TEMPORAL_NAMESPACE:-default}")] * 2


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("temporal", SERVER_NAMES),
        ("schema", SQL_TOOL_NAMES),
        ("ui", UI_NAMES),
        ("postgres", POSTGRES_NAMES),
    ],
)
def test_foreign_images_get_names_they_read(services: dict[str, Any], name: str, known: set[str]) -> None:
    """Each image is told things in its own words."""
    assert set(services[name]["environment"]) - known == set()


def test_scripts_read_what_they_are_given(services: dict[str, Any]) -> None:
    """Every variable of the namespace step is used by its script."""
    script = (ROOT / "deploy/namespace.sh").read_text()
    assert [name for name in services["namespace"]["environment"] if f"${{{name}:" not in script] == []


def test_secrets_have_no_defaults(services: dict[str, Any]) -> None:
    """Passwords and tokens come from outside, and never from this file."""
    given = [item for service in services.values() for item in service.get("environment", {}).items()]
    secrets = [(name, value) for name, value in given if re.search(r"PASSWORD|PWD|TOKEN|SECRET|WEBHOOK", name)]
    assert [name for name, value in secrets if value is not None and not re.match(r"\$\{\w+:\?", value)] == []


def test_the_engine_is_tuned_as_our_own() -> None:
    """Both engines get the same values (engine.md §2)."""
    tuned = yaml.safe_load((ROOT / "deploy/dynamic-config.yaml").read_text())
    assert {f"{name}={json.dumps(values[0]['value'])}" for name, values in tuned.items()} == set(TUNING)


def test_the_tuning_is_mounted_where_the_server_looks(services: dict[str, Any]) -> None:
    """DYNAMIC_CONFIG_FILE_PATH is the mounted file."""
    path = services["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    assert services["temporal"]["volumes"] == [f"./deploy/dynamic-config.yaml:{path}:ro"]


def test_one_shots_run_the_mounted_scripts(services: dict[str, Any]) -> None:
    """What is started is what is mounted."""
    started = {name: services[name]["entrypoint"][-1] for name in ("schema", "namespace")}
    mounted = {name: services[name]["volumes"][0].split(":")[1] for name in started}
    assert started == mounted


def docker_compose(**environment: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("no docker-compose on this machine (Debian: apt-get install docker-compose)")
    command = [tool, "-f", str(FILE), "config", "--quiet"]
    clean = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60, check=False)


def test_docker_compose_accepts_the_file() -> None:
    """Its own parser finds nothing wrong."""
    answer = docker_compose(**REQUIRED)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("missing", REQUIRED)
def test_docker_compose_refuses_to_start_without_a_secret(missing: str) -> None:
    """What must be given is asked for by name before anything starts."""
    answer = docker_compose(**{name: value for name, value in REQUIRED.items() if name != missing})
    assert answer.returncode != 0
    assert missing in answer.stderr


def dockerfile() -> list[str]:
    return (ROOT / "Dockerfile").read_text().splitlines()


def test_our_image_does_not_run_as_root() -> None:
    """The last USER is one of our own making."""
    users = [line.split()[1] for line in dockerfile() if line.startswith("USER ")]
    assert users == ["incidents"]


def test_every_package_gets_into_the_image() -> None:
    """The allow-list of .dockerignore has all that the project is made of, and no tests."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    pyproject = (ROOT / "pyproject.toml").read_text()
    found = re.search(r"include = \[(.*)\]", pyproject)
    assert found
    packages = {name.strip('" *') for name in found[1].split(",")}
    assert allowed == packages | {"pyproject.toml", "README.md", "requirements-runtime.lock"}


@pytest.fixture
async def bare_engine() -> Any:
    """An engine that knows none of our search attributes, as temporalio/server comes up."""
    port = free_port()
    command = [str(ensure_binary(print)), "server", "start-dev", "--headless", "--ip", HOST, "--port", str(port)]
    with running([*command, "--log-level", "error"]):
        await wait_until_serving(f"{HOST}:{port}", timeout=30)
        yield f"{HOST}:{port}"


def run_namespace_step(address: str) -> subprocess.CompletedProcess[str]:
    path = f"{ensure_binary(print).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": os.environ["HOME"], "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "ops"}
    script = ["sh", str(ROOT / "deploy/namespace.sh")]
    return subprocess.run(script, env=environment, capture_output=True, text=True, timeout=90, check=False)


async def test_the_namespace_step_prepares_a_bare_engine(bare_engine: str) -> None:
    """The namespace, 30 days of retention and our search attributes with their types; a second run changes nothing."""
    ran = [run_namespace_step(bare_engine) for _ in range(2)]
    assert [step.returncode for step in ran] == [0, 0], ran[-1].stderr
    client = await Client.connect(bare_engine, namespace="ops")
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="ops"))
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="ops"))
    expected = {key.name: int(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    found = {name: kind for name, kind in known.custom_attributes.items() if name in expected}
    assert (found, described.config.workflow_execution_retention_ttl.seconds) == (expected, 30 * 24 * 3600)
