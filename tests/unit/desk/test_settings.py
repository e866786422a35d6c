"""Settings from file, running stack and environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clouddesk import settings
from clouddesk.model.budget import Bound, Budget, BudgetBook
from clouddesk.model.errors import Invalid
from clouddesk.model.offer import OwnCloud


def load(home: Path, **environment: str) -> settings.Settings:
    return settings.load({"CLOUDDESK_HOME": str(home), **environment})


def test_the_running_stack_gives_the_addresses(tmp_path):
    run = {"redis_url": "redis://127.0.0.1:9/0", "sandbox": {"aws": "http://127.0.0.1:8"}, "processes": {"redis": {}}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    read = load(tmp_path)
    assert (read.redis_url, read.sandbox["aws"]) == ("redis://127.0.0.1:9/0", "http://127.0.0.1:8")


def test_the_environment_wins(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"redis_url": "redis://127.0.0.1:9/0"}))
    assert load(tmp_path, CLOUDDESK_REDIS_URL="redis://10.0.0.1:1/0").redis_url == "redis://10.0.0.1:1/0"


def test_a_wrong_key_in_the_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text("limits: {max_nodez: 3}\n")
    with pytest.raises(Invalid, match="max_nodez does not exist"):
        load(tmp_path)


def test_a_limit_that_is_no_number_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text("limits: {max_nodes: many}\n")
    with pytest.raises(Invalid, match="whole number"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("limits: {warning_seconds: 1800}", "list of whole numbers"),
        ("limits: {max_nodes: [5]}", "a whole number"),
        ("limits: {max_nodes: true}", "a whole number"),
        ("limits: {max_nodes: 0}", "1 or more"),
        ("limits: {failover_dearer_percent: -1}", "0 or more"),
        ("budgets: {ann: {month: 5}}", "each, team and approvers"),
        ("budgets: {each: {day: 5}}", "month, hour, lease, machines"),
        ("budgets: {team: {month: much}}", "must be a number"),
        ("budgets: {team: {month: {least: 5}}}", "must be a number"),
        ("budgets: {approvers: cid}", "a list of user ids"),
        ("grant_sandbox_credentials: 'false'", "true or false"),
        ("openstack_prices: {m1.small: 0}", "by the hour for each flavor, 0.0001 or more"),
        ("openstack_prices: {m1.small: -1}", "by the hour for each flavor"),
        ("openstack_prices: {m1.small: .inf}", "by the hour for each flavor"),
        ("openstack_prices: {m1.small: .nan}", "by the hour for each flavor"),
        ("openstack_prices: {m1.small: free}", "by the hour for each flavor"),
        ("openstack_prices: {m1.small: true}", "by the hour for each flavor"),
        ("openstack_prices: 0.02", "by the hour for each flavor"),
        ("openstack_disk_price: -0.1", "for a GB and month"),
        ("openstack_regions: {RegionOne: 7}", "places by region"),
        ("admins: [1]", "workspace/user"),
        ("redis_url: 7", "a text"),
        ("rasa_urls: {a: b}", "a list of addresses"),
        ("rasa_servers: 0", "above 0"),
        ("rasa_servers: true", "above 0"),
        ("audit_days: 0", "above 0"),
        ("blueprint_folders: [1]", "a list of folders"),
        ("digest: true", "a time zone"),
        ("digest: Mars/Olympus", "a time zone"),
        ("mirrors: [here]", "addresses by what they stand for"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(tmp_path, monkeypatch, text, hint):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text(text)
    with pytest.raises(Invalid, match=hint):
        load(tmp_path)


def test_admins_from_the_environment_are_separated_by_commas(tmp_path):
    assert load(tmp_path, CLOUDDESK_ADMINS="local/ann, local/bob").admins == ("local/ann", "local/bob")


def test_limits_of_the_file_apply(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text("limits: {max_nodes: 7, warning_seconds: [60, 30]}\n")
    assert (load(tmp_path).limits.max_nodes, load(tmp_path).limits.warning_seconds) == (7, (60, 30))


def test_failover_can_be_switched_off(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text("limits: {fallbacks: 0, failover_dearer_percent: 0}\n")
    assert (load(tmp_path).limits.fallbacks, load(tmp_path).limits.failover_dearer_percent) == (0, 0)


def test_a_missing_secret_says_what_to_do(tmp_path):
    with pytest.raises(Invalid, match="clouddesk up"):
        load(tmp_path).secret("channel")


def test_several_addresses_may_be_written_with_commas(tmp_path):
    read = load(tmp_path, CLOUDDESK_RASA_URLS="http://a:1, http://b:2", CLOUDDESK_RASA_SERVERS="2")
    assert (read.rasa_urls, read.rasa_servers) == (("http://a:1", "http://b:2"), 2)


def test_the_teams_defaults_are_read_and_a_wrong_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    (tmp_path / "settings.yml").write_text("defaults: {os: debian-12, region: frankfurt}\n")
    assert (load(tmp_path).defaults.os, load(tmp_path).defaults.region) == ("debian-12", "frankfurt")
    (tmp_path / "settings.yml").write_text("defaults: {colour: red}\n")
    with pytest.raises(Invalid, match=r"defaults\.colour does not exist"):
        load(tmp_path)


def test_the_teams_own_cloud_is_read_from_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    assert load(tmp_path).own_clouds["openstack"] == OwnCloud()
    (tmp_path / "settings.yml").write_text(
        "openstack_prices: {m1.small: 0.021, m1.large: 1}\nopenstack_disk_price: 0\n"
        "openstack_regions: {RegionOne: frankfurt}\n"
    )
    said = OwnCloud({"m1.small": 0.021, "m1.large": 1}, 0, {"RegionOne": "frankfurt"})
    assert load(tmp_path).own_clouds == {"openstack": said}


def test_budgets_are_read_with_and_without_warnings(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "PROJECT", tmp_path)
    said = "budgets: {each: {month: {warn: 150, most: 200}, machines: 10}, team: {hour: 5}, approvers: [U1]}\n"
    (tmp_path / "settings.yml").write_text(said)
    each, team = Budget(month=Bound(200, 150), machines=Bound(10)), Budget(hour=Bound(5))
    assert load(tmp_path).budgets == BudgetBook(team=team, each=each, approvers=("U1",))
