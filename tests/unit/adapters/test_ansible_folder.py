"""What one run of Ansible is given, and where that lies."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

from clouddesk.adapters.ansible_folder import inventory, run_folder
from clouddesk.model.blueprint import Download
from clouddesk.model.configuration import ConfigurationOrder, ConfigurationSecrets, Target

SECRETS = ConfigurationSecrets(private_key="-----BEGIN KEY-----\nabc\n", values={"token": "s3cret-value"})


def order(**fields: object) -> ConfigurationOrder:
    targets = (
        Target("controller", "controller", "127.0.0.1", "10.0.0.2", port=2201, login="debian"),
        Target("worker-1", "worker", "127.0.0.1", "10.0.0.3", host_keys=("ssh-ed25519 AAAA",)),
    )
    return ConfigurationOrder("r-1", ("spark",), targets, **fields)  # type: ignore[arg-type]


def test_nodes_are_grouped_by_role_and_reached_where_they_are():
    made = inventory(order(), SECRETS)["all"]
    assert {role: list(group["hosts"]) for role, group in made["children"].items()} == {
        "controller": ["controller"],
        "worker": ["worker-1"],
    }
    controller = made["hosts"]["controller"]
    assert (controller["ansible_host"], controller["ansible_port"]) == ("127.0.0.1", 2201)
    assert (controller["ansible_user"], controller["private_address"]) == ("debian", "10.0.0.2")


def test_machines_that_leave_are_named_with_the_roles_that_have_to_know(tmp_path):
    for role in ("spark", "java"):
        (tmp_path / role / "tasks").mkdir(parents=True)
    (tmp_path / "spark" / "tasks" / "leave.yml").touch()
    leaving = replace(order(leaving=("worker-1",)), ansible_roles=("java", "spark", "missing"))
    known = inventory(leaving, SECRETS, [tmp_path])["all"]["vars"]
    assert (known["clouddesk_leaving"], known["clouddesk_leaving_roles"]) == (["worker-1"], ["spark"])
    assert "clouddesk_leaving" not in inventory(order(), SECRETS, [tmp_path])["all"]["vars"]


def test_a_node_whose_key_is_known_must_have_it():
    hosts = inventory(order(), SECRETS)["all"]["hosts"]
    assert "StrictHostKeyChecking=accept-new" in hosts["controller"]["ansible_ssh_common_args"]
    assert "StrictHostKeyChecking=yes" in hosts["worker-1"]["ansible_ssh_common_args"]


def test_downloads_come_from_the_mirror_of_the_longest_beginning():
    downloads = {"kafka": Download("https://a.example/dist/kafka/k.tgz", "sha256:0")}
    mirrors = {"https://a.example/": "http://m/", "https://a.example/dist/": "http://n/", "pip": "http://p/"}
    known = inventory(order(downloads=downloads, mirrors=mirrors), SECRETS)["all"]["vars"]
    assert known["clouddesk_downloads"]["kafka"] == {"url": "http://n/kafka/k.tgz", "checksum": "sha256:0"}
    assert known["clouddesk_mirrors"] == {"pip": "http://p/"}


def test_variables_of_a_blueprint_never_replace_ours():
    known = inventory(order(variables={"clouddesk_secrets": {}, "depth": 3}), SECRETS)["all"]["vars"]
    assert (known["clouddesk_secrets"], known["depth"]) == ({"token": "s3cret-value"}, 3)


def test_the_folder_is_the_owners_alone_holds_no_private_key_and_goes():
    with run_folder() as folder:
        folder.write(order(), SECRETS)
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        files = [path for path in folder.path.rglob("*") if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert not any("abc" in path.read_text() for path in files)
        assert folder.host_keys() == {"worker-1": ("ssh-ed25519 AAAA",)}
        assert json.loads(folder.inventory.read_text())["all"]["vars"]["clouddesk_roles"] == ["spark"]
    assert not folder.path.exists()


def test_ansible_gets_nothing_else_of_our_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("VAULT_TOKEN", "hvs.something")
    with run_folder() as folder:
        assert "VAULT_TOKEN" not in folder.environment([tmp_path])


def test_secrets_are_never_printed():
    assert "s3cret-value" not in repr(SECRETS)
    assert "abc" not in repr(SECRETS)
