"""Finds the runbook's alerts: one file each in `runbook/alerts/`, `PLAYBOOK` inside."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from incident.model.alert import Alert
from incident.model.playbook import Playbook
from incident.model.severity import from_label
from runbook import alerts
from runbook.owners import NOBODY


class CatalogueError(Exception):
    """The runbook contradicts itself: two entries for one alert, or a file without its `PLAYBOOK`."""


@cache
def catalogue() -> Mapping[str, Playbook]:
    """Alert name → its entry. Raises CatalogueError."""
    found: dict[str, Playbook] = {}
    for module in sorted(iter_modules(alerts.__path__), key=lambda m: m.name):
        playbook = getattr(import_module(f"{alerts.__name__}.{module.name}"), "PLAYBOOK", None)
        if not isinstance(playbook, Playbook):
            raise CatalogueError(f"runbook/alerts/{module.name}.py has no PLAYBOOK = Playbook(...)")
        if playbook.alert in found:
            raise CatalogueError(f"two runbook entries for {playbook.alert}; the second is {module.name}.py")
        found[playbook.alert] = playbook
    return MappingProxyType(found)


def playbook_for(alert: Alert) -> Playbook:
    """The alert's entry, or an honest empty one: an unknown alert still opens an incident."""
    return catalogue().get(alert.name) or _unknown(alert)


def identity_labels_of(alert_name: str) -> tuple[str, ...] | None:
    """Which labels tell two subjects of this alert apart; None where the runbook does not say."""
    known = catalogue().get(alert_name)
    return known.identity_labels if known else None


def _unknown(alert: Alert) -> Playbook:
    return Playbook(
        alert=alert.name,
        severity=from_label(alert.labels.get("severity", "")),
        domain=NOBODY.domain,
        owner=NOBODY.who,
        means=f"No runbook for {alert.name}: nobody has written down what it means.",
        first_actions=("Read the alert's summary and description.", "Find out whether customers or money are hurt."),
        known=False,
    )
