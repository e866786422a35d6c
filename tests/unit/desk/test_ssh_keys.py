"""People's SSH keys: what is taken for one, and whose they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clouddesk.language.prepare import prepare
from clouddesk.limits import Limits
from clouddesk.model.actor import MEMBER, Actor
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.invalid import NoSshKey, SshKeyIsPrivate, TooManySshKeys, WeakSshKey
from clouddesk.model.request import ResourceRequest
from clouddesk.model.ssh_key import holds_ssh_key, parse_ssh_key, parse_ssh_keys
from clouddesk.ordering import make_order
from clouddesk.ssh_keys import MOST
from tests.conversation.memory import MemoryDesk
from tests.keys import public_key

ANN = Actor("local", "ann", roles=(MEMBER,))
BO = Actor("local", "bo", roles=(MEMBER,))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_is_found_in_a_sentence_and_comes_through_the_chat_unharmed(kind):
    line = public_key(kind)
    key = parse_ssh_key(prepare(f"hi, my ssh key is `{line}`").text)
    assert f"{key.kind} {key.blob}" == line.rpartition(" ")[0]
    assert key.comment == "bo@laptop"


def test_the_fingerprint_is_that_of_ssh_keygen():
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIELvjIVn0yZSxd+T0kmMKMJ6wUsetLe6IrjYpsJlmZby ann@test"
    assert parse_ssh_key(line).fingerprint == "SHA256:4QyDcq7Gu94EBs9pBOPzDbwQJ0IRE7rxQEonguGlXgk"


def test_options_and_what_no_comment_holds_are_left_out():
    key = parse_ssh_key(f'command="rm -rf /" {public_key(comment="bo`reboot`;x")}')
    assert key.line.startswith("ssh-ed25519 AAAA")
    assert key.comment == "borebootx"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("hello", NoSshKey),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjd8sLk3Qm0", NoSshKey),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE", SshKeyIsPrivate),
        (public_key("dsa"), WeakSshKey),
        (public_key("rsa", bits=1024), WeakSshKey),
        (public_key().replace("ssh-ed25519", "ssh-rsa"), NoSshKey),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAA", SshKeyIsPrivate),
        ("ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t bo", NoSshKey),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIELvjIVn0yZSxd", NoSshKey),
    ],
    ids=["none", "cut", "private", "dsa", "short", "mixed", "putty", "certificate", "ssh2"],
)
def test_what_is_no_key_or_a_bad_one_is_refused_with_what_to_do(text, error):
    with pytest.raises(error, match=r"ssh-|private"):
        parse_ssh_key(text)


def test_a_broken_key_is_still_seen_to_be_meant_as_one():
    assert holds_ssh_key("ssh-ed25519 AAAAC3Nz")
    assert not holds_ssh_key("ssh to ubuntu-1, how?")


def test_a_certificate_and_a_key_in_another_form_are_called_what_they_are():
    cert = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t bo"
    assert holds_ssh_key(cert)
    with pytest.raises(NoSshKey, match="certificate"):
        parse_ssh_key(cert)
    with pytest.raises(NoSshKey, match="ssh-keygen -i"):
        parse_ssh_key("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIELvjIVn0yZSxd")


def test_2048_bits_of_rsa_are_few_and_3072_are_not():
    assert parse_ssh_key(public_key("rsa", bits=2048)).is_short
    assert not parse_ssh_key(public_key("rsa", bits=3072)).is_short
    assert not parse_ssh_key(public_key()).is_short


async def test_several_keys_are_kept_with_what_became_of_each_or_none_when_one_is_bad():
    desk = MemoryDesk().desk
    old, new = public_key(comment="old"), public_key(comment="")
    await desk.ssh_keys.add(ANN, old)
    with pytest.raises(WeakSshKey):
        await desk.ssh_keys.add(ANN, f"{new}\n{public_key('dsa')}")
    assert [key.comment for key in await desk.ssh_keys.list(ANN)] == ["old"]
    done = await desk.ssh_keys.add(ANN, f'{old}\ncommand="ls" {new}')
    assert [(one.key.line, one.was_known) for one in done] == [(old, True), (new, False)]
    assert not any(one.lost_options for one in await desk.ssh_keys.add(ANN, old))
    (limited,) = await desk.ssh_keys.add(ANN, f'command="ls" {new}', name="box; rm")
    assert limited.lost_options
    assert limited.key.comment == "box rm"


async def test_a_word_of_its_name_is_enough_where_only_one_has_it():
    desk = MemoryDesk().desk
    for comment in ("bo@laptop", "bo@desk", "bo laptop 2"):
        await desk.ssh_keys.add(ANN, public_key(comment=comment))
    with pytest.raises(NotFound):
        await desk.ssh_keys.remove(ANN, "bo")
    assert (await desk.ssh_keys.remove(ANN, "desk")).comment == "bo@desk"


async def test_each_has_their_own_and_the_same_key_once():
    desk = MemoryDesk().desk
    line = public_key()
    await desk.ssh_keys.add(ANN, line)
    await desk.ssh_keys.add(ANN, line)
    assert len(await desk.ssh_keys.list(ANN)) == 1
    assert await desk.ssh_keys.list(BO) == []
    with pytest.raises(NotFound):
        await desk.ssh_keys.remove(BO, "1")
    assert (await desk.ssh_keys.remove(ANN, "bo@laptop")).line == line
    assert await desk.ssh_keys.list(ANN) == []


async def test_the_same_key_under_another_name_takes_the_place_of_the_first():
    desk = MemoryDesk().desk
    line = public_key(comment="")
    await desk.ssh_keys.add(ANN, f"{line} old")
    await desk.ssh_keys.add(ANN, f"{line} new")
    assert [key.comment for key in await desk.ssh_keys.list(ANN)] == ["new"]


async def test_there_is_a_most_and_nobody_without_rights_has_any():
    desk = MemoryDesk().desk
    for _ in range(MOST):
        await desk.ssh_keys.add(ANN, public_key())
    with pytest.raises(TooManySshKeys):
        await desk.ssh_keys.add(ANN, public_key())
    with pytest.raises(Denied):
        await desk.ssh_keys.add(Actor("local", "guest", roles=()), public_key())


async def test_an_order_takes_the_keys_of_its_owner_along():
    world = MemoryDesk()
    line = public_key()
    await world.accounts.welcome(ANN.person)
    await world.desk.ssh_keys.add(ANN, line)
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm"))
    made = await world.desk.reserve(ANN, quote.id, conversation="c")
    assert world.engine.orders[made.id].nodes.public_keys == (line,)


async def test_of_two_with_the_same_name_none_goes_by_it_and_a_number_takes_one():
    desk = MemoryDesk().desk
    for comment in ("bo@laptop", "bo@laptop", ""):
        await desk.ssh_keys.add(ANN, public_key(comment=comment))
    for which in ("bo@laptop", "", "4", "0"):
        with pytest.raises(NotFound):
            await desk.ssh_keys.remove(ANN, which)
    second = (await desk.ssh_keys.list(ANN))[1]
    assert await desk.ssh_keys.remove(ANN, "2") == second
    assert len(await desk.ssh_keys.list(ANN)) == 2


def test_several_keys_of_one_message_are_all_found():
    lines = [public_key(comment="bo@laptop"), public_key("rsa", comment="bo@desk")]
    assert [key.line for key in parse_ssh_keys(" ".join(lines))] == lines


async def test_a_cloud_gets_only_the_keys_that_it_takes():
    world = MemoryDesk()
    await world.accounts.welcome(ANN.person)
    await world.desk.ssh_keys.add(ANN, public_key("ecdsa"))
    quote = await world.desk.quote(ANN, ResourceRequest(kind="vm"))
    quote = replace(quote, offer=replace(quote.offer, provider="azure"))
    order = make_order(
        ANN,
        quote,
        name="vm-1",
        conversation="c",
        installation="i",
        limits=Limits(),
        catalog=world.catalog,
        bills_stopped_machines=lambda _: False,
        public_keys=[key.line for key in await world.desk.ssh_keys.list(ANN)],
        now=world.clock(),
    )
    assert order.nodes.public_keys == ()
