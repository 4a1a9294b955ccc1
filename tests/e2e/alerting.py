"""Prometheus, its blackbox exporter and Alertmanager as Debian ships them, set up as the runbook says, only faster."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.machine import free_block, printing

ALERTMANAGER = """
route: {{receiver: incidents, group_by: [alertname, instance], group_wait: 1s, group_interval: 1s, repeat_interval: 5s}}
receivers:
  - name: incidents
    webhook_configs:
      - url: {webhook}
        send_resolved: true
        http_config: {{authorization: {{credentials: {token}}}}}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: blackbox-ready
    metrics_path: /probe
    params: {{module: [http_2xx], target: ["{probed}"]}}
    static_configs: [{{targets: ["{blackbox}"], labels: {{instance: "https://app.tlsstress.art/api/ready"}}}}]
"""
RULES = """
groups:
  - name: runbook
    rules:
      - alert: AppDBDown
        expr: probe_success{job="blackbox-ready"} == 0
        for: 2s
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} fails its deep probe"}
"""
BLACKBOX = "modules: {http_2xx: {prober: http, timeout: 2s}}"


@dataclass(frozen=True)
class Alerting:
    """Where its Alertmanager and its Prometheus are."""

    address: str
    prometheus: str

    def sees_a_healthy_app(self) -> bool:
        """The probe has succeeded; False while nobody answers."""
        asked = {"query": 'probe_success{job="blackbox-ready"} == 1'}
        try:
            found = httpx.get(f"http://{self.prometheus}/api/v1/query", params=asked, timeout=10)
        except httpx.HTTPError:
            return False
        return found.is_success and bool(found.json()["data"]["result"])

    def fire(self, *labels: str) -> None:
        """An alert by hand: `amtool alert add`."""
        command = ["amtool", f"--alertmanager.url=http://{self.address}", "alert", "add", *labels]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    def names(self) -> set[str]:
        """What fires now."""
        found = httpx.get(f"http://{self.address}/api/v2/alerts", timeout=10).json()
        return {alert["labels"]["alertname"] for alert in found}

    def failed_deliveries(self) -> float:
        text = httpx.get(f"http://{self.address}/metrics", timeout=10).text
        name = 'alertmanager_notification_requests_failed_total{integration="webhook"}'
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(name)), 0.0)


@contextmanager
def alerting(folder: Path, *, probed: str, webhook: str, token: str) -> Iterator[Alerting]:
    """`probed` is the app's deep readiness; alerts go to `webhook`."""
    first = free_block()
    places = [f"127.0.0.1:{port}" for port in range(first, first + 3)]
    alertmanager, prometheus, blackbox = places
    files = {
        "alertmanager.yml": ALERTMANAGER.format(webhook=json.dumps(webhook), token=json.dumps(token)),
        "prometheus.yml": PROMETHEUS.format(
            rules=json.dumps(str(folder / "rules.yml")), alertmanager=alertmanager, probed=probed, blackbox=blackbox
        ),
        "rules.yml": RULES,
        "blackbox.yml": BLACKBOX,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    commands = {
        "blackbox": [
            "prometheus-blackbox-exporter",
            f"--config.file={folder / 'blackbox.yml'}",
            f"--web.listen-address={blackbox}",
            "--timeout-offset=0.1",  # of the half second it keeps for itself otherwise, a scrape of one second has half
        ],
        "alertmanager": [
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={alertmanager}",
            "--cluster.listen-address=",
        ],
        "prometheus": [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address={prometheus}",
        ],
    }
    with ExitStack() as stack:
        for name, command in commands.items():
            stack.enter_context(printing(command, os.environ, folder / f"{name}.txt"))
        yield Alerting(alertmanager, prometheus)
