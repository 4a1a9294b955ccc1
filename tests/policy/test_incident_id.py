"""Which incident an alert belongs to: the id a person can type (design §5)."""

import pytest

from incident.model.alert import Alert, AlertStatus, incident_id
from tests.policy.story import NOON, shop_alert


@pytest.mark.parametrize(
    ("name", "labels", "identity", "expected"),
    [
        pytest.param("AppDBDown", {}, ("instance",), "incident-AppDBDown", id="no label: no scope"),
        pytest.param("AppDBDown", {"instance": ""}, ("instance",), "incident-AppDBDown", id="an empty label is none"),
        pytest.param("AppDBDown", {"instance": "app.shop"}, ("instance",), "incident-AppDBDown-app.shop", id="a host"),
        pytest.param(
            "AppDBDown",
            {"instance": "https://app.shop/api/ready"},
            ("instance",),
            "incident-AppDBDown-app.shop",
            id="a URL names its host, without scheme and path",
        ),
        pytest.param(
            "AppDBDown",
            {"instance": "https://app.shop:8443/api"},
            ("instance",),
            "incident-AppDBDown-app.shop-8443",
            id="a port tells two subjects apart",
        ),
        pytest.param(
            "JobStuck",
            {"job": "b c", "cluster": "a/1", "pod": "x"},
            ("job", "cluster"),
            "incident-JobStuck-a-1-b-c",
            id="in order of label name, everything else a dash, other labels ignored",
        ),
        pytest.param(
            "Odd",
            {"alertname": "Odd", "severity": "info", "prometheus": "p", "replica": "r", "zone": "z", "app": "y"},
            None,
            "incident-Odd-y-z",
            id="unknown to the runbook: all labels but the common ones",
        ),
        pytest.param("Odd", {"zone": "z"}, (), "incident-Odd", id="the runbook says: one incident for all subjects"),
        pytest.param("Disk full!", {}, (), "incident-Disk-full-", id="a name is made typable too"),
    ],
)
def test_an_incident_id_is_built_from_the_identity_of_its_alert(name, labels, identity, expected):
    """`incident-<AlertName>[-<scope>]`, the scope a slug of the identity labels (design §5)."""
    assert incident_id(name, labels, identity) == expected


def test_a_long_scope_is_cut_and_told_apart_by_its_hash():
    """Over 80 characters: the first 71, a dash, and 8 hex digits of the SHA-256 (design §5)."""
    scope = incident_id("Odd", {"pod": "p" * 100}, None).removeprefix("incident-Odd-")

    assert (scope[:72], len(scope)) == ("p" * 71 + "-", 80)


def test_a_scope_of_exactly_80_characters_is_kept():
    """80 characters are not yet too many (design §5)."""
    assert f"incident-Odd-{'p' * 80}" == incident_id("Odd", {"pod": "p" * 80}, None)


def test_two_long_scopes_with_the_same_beginning_are_two_incidents():
    """A cut scope still tells its subjects apart (design §5)."""
    ids = {incident_id("Odd", {"pod": "p" * 100 + end}, None) for end in "ab"}

    assert len(ids) == 2


def test_the_same_notification_repeated_has_the_same_key():
    """Alertmanager repeats what has not changed; its text may differ, its identity does not (design §5)."""
    assert shop_alert("a").dedup_key == shop_alert("a", summary="told again").dedup_key


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(shop_alert("b"), id="another subject"),
        pytest.param(shop_alert("a", cleared=True), id="it cleared"),
        pytest.param(shop_alert("a", starts_at=NOON.replace(hour=13)), id="it fires again: a new start"),
    ],
)
def test_another_notification_has_another_key(other):
    """A re-fire is news, because it starts anew (design §5)."""
    assert shop_alert("a").dedup_key != other.dedup_key


def test_a_hand_typed_alert_is_its_own_subject():
    """Without a vendor's fingerprint the alert's name stands for all that fires (design §5)."""
    assert (Alert(name="ShopDown").subject, Alert(name="ShopDown").status) == ("ShopDown", AlertStatus.FIRING)


def test_names_in_another_alphabet_do_not_become_one_incident():
    """All their letters become dashes: a hash tells them apart."""
    assert incident_id("数据库停了", {}, ()) != incident_id("网络已停了", {}, ())
