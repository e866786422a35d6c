"""How one logs in, as the card says it."""

from __future__ import annotations

from dataclasses import replace

from actions import ssh_config
from actions.cards import connect_card
from actions.turn import Turn
from clouddesk.model.actor import Actor
from clouddesk.model.node import Node
from tests.builders import a_reservation


def a_node(key: str, address: str) -> Node:
    return Node(f"i-{key}", key, "node", "running", "aws", "eu-central-1", "t3a.small", address, login="ubuntu")


def test_the_owner_of_keys_gets_a_line_to_copy_for_each_machine():
    nodes = tuple(a_node(key, f"10.0.0.{key}") for key in ("1", "2"))
    item = replace(a_reservation(), nodes=nodes, has_owner_keys=True)
    text = connect_card(item, Actor(item.workspace_id, item.owner)).text
    assert "• 1: `ssh ubuntu@10.0.0.1`\n• 2: `ssh ubuntu@10.0.0.2`" in text
    assert "-p" not in text


def test_another_port_is_told_and_somebody_else_is_not_promised_entry():
    node = replace(a_node("1", "127.0.0.1"), ssh_port=32770)
    item = replace(a_reservation(), nodes=(node,), has_owner_keys=True)
    assert "`ssh ubuntu@127.0.0.1 -p 32770`" in connect_card(item, Actor(item.workspace_id, item.owner)).text
    assert "`ssh" not in connect_card(item, Actor(item.workspace_id, "somebody-else")).text


def asked(text: str, user: str) -> Turn:
    return Turn(
        desk=None,  # type: ignore[arg-type]  # not asked here
        actor=Actor("local", user),
        conversation="c",
        text=text,
        intent="connect_info",
        entities={},
        message_id="m-1",
    )


def test_who_asks_for_the_configuration_gets_it_with_the_keys_of_the_machines():
    keys = {"1": ("ssh-ed25519 AAAA1",)}
    item = replace(a_reservation(), nodes=(a_node("1", "10.0.0.1"),), has_owner_keys=True, host_keys=keys)
    card = ssh_config.card(item, asked("give me the ssh config for spark-1", item.owner))
    assert card is not None
    assert "Host spark-1\n  HostName 10.0.0.1\n  User ubuntu" in card.text
    assert f"clouddesk-{item.id}-1 ssh-ed25519 AAAA1" in card.text
    assert ssh_config.card(item, asked("how do I log in to spark-1?", item.owner)) is None
    assert ssh_config.card(item, asked("ssh config for spark-1", "somebody-else")) is None
