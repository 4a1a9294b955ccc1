"""Records what a real Alertmanager posts: `python -m tests.bridge.payloads.record` writes `alertmanager/*.json` anew.

The bodies are kept byte for byte, because tests are to read what Alertmanager writes and not what we think it does.
"""

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.processes import running
from worker.engine import free_port

FOLDER = Path(__file__).parent / "alertmanager"
CONFIG = """
route:
  receiver: recorder
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 2s
receivers:
  - name: recorder
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""
APP = {"alertname": "AppDBDown", "instance": "https://app.tlsstress.art/api/ready", "job": "blackbox-ready"}
ADMIN = APP | {"instance": "https://admin.tlsstress.art/api/ready"}
TOLD = {
    "summary": "app.tlsstress.art cannot reach its database",
    "description": "The deep probe has been failing for 2 minutes.",
    "runbook_url": "https://runbooks.tlsstress.art/RUNBOOK#61-db-unreachable",
}
WATCHDOG = {"alertname": "Watchdog", "severity": "none"}


@contextmanager
def recorder() -> Iterator[tuple[str, "queue.Queue[bytes]"]]:
    """A webhook that answers 200, its address, and what it was sent."""
    bodies: queue.Queue[bytes] = queue.Queue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.put(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/alertmanager", bodies
        server.shutdown()


@contextmanager
def alertmanager(folder: Path, url: str) -> Iterator[str]:
    """Debian's Alertmanager, telling `url`; its own address."""
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG.format(url=url))
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'data'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    command += ["--web.external-url=https://alertmanager.tlsstress.art", "--web.route-prefix=/"]
    with running(command) as process:
        while not _is_ready(address):
            if process.poll() is not None:
                raise subprocess.CalledProcessError(process.returncode, command)
            time.sleep(0.1)
        yield f"http://{address}"


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/-/ready").is_success
    except httpx.HTTPError:
        return False


def post(address: str, *labels: dict[str, str], severity: str = "critical", over: bool = False) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - a script of its own
    ends = {"endsAt": (now - timedelta(seconds=1)).isoformat()} if over else {}
    link = "https://prometheus.tlsstress.art/graph?g0.expr=probe_success"
    alerts = [
        {"labels": {"severity": severity} | one, "annotations": TOLD, "generatorURL": link, **ends} for one in labels
    ]
    httpx.post(f"{address}/api/v2/alerts", json=alerts).raise_for_status()


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        recorder() as (url, bodies),
        alertmanager(Path(folder), url) as address,
    ):

        def keep(name: str) -> None:
            (FOLDER / f"{name}.json").write_bytes(bodies.get(timeout=30))

        post(address, APP)
        keep("firing")
        keep("repeat")
        post(address, ADMIN)
        keep("grouped")
        post(address, ADMIN, over=True)
        keep("grouped_one_resolved")
        post(address, APP, over=True)
        keep("resolved")
        post(address, WATCHDOG)
        keep("watchdog")
        post(address, {"alertname": "RUMPoorLCP", "page": "/checkout"}, severity="warning")
        keep("unknown_alert")
    for path in sorted(FOLDER.glob("*.json")):
        alerts = json.loads(path.read_bytes())["alerts"]
        print(path.name, [(a["status"], a["labels"].get("instance", a["labels"]["alertname"])) for a in alerts])


if __name__ == "__main__":
    main()
