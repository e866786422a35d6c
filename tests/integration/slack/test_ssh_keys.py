"""SSH keys in Slack: by a form, from App Home, and as a file in a direct message; private ones go nowhere."""

from __future__ import annotations

import pytest

from clouddesk.model.actor import Person
from clouddesk.model.ssh_key import SshKey
from clouddesk.sandbox.slack.server import SlackServer
from clouddesk.sandbox.slack.store import View
from clouddesk.ssh_keys import SshKeys
from tests.conversation.memory_people import MemorySshKeys
from tests.integration.slack.conftest import StartGateway, said, until
from tests.integration.slack.dialogue import Dialogue
from tests.integration.slack.test_forms import Quoting
from tests.keys import public_key

pytestmark = pytest.mark.integration

PRIVATE = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n-----END OPENSSH PRIVATE KEY-----"
)


class Keys(Quoting):
    """A Desk that keeps keys."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemorySshKeys()
        self.ssh_keys = SshKeys(self.store)

    def of(self, user_id: str) -> list[SshKey]:
        return self.store.items.get(Person("T0CLOUDDESK", user_id), [])


async def form_of(slack: SlackServer, user: str) -> View:
    await slack.shortcut(user, "add_ssh_key")
    await until(lambda: slack.modals(user))
    return slack.modals(user)[-1]


async def test_keys_are_put_into_a_form_and_stand_on_the_page_with_a_button_to_remove_each(
    slack: SlackServer, dialogue: Dialogue, start: StartGateway
) -> None:
    desk = Keys()
    await start(desk=desk)
    slack.open_home("ann")
    await until(lambda: slack.home("ann") is not None)
    form = await form_of(slack, "ann")
    first, second = public_key(comment=""), public_key("ecdsa", comment="")
    done = await slack.submit("ann", form.id, {"lines": f"{first}\n{second}", "name": "laptop"})
    assert done.view is not None
    assert "Added: *laptop 1*" in str(done.view.content)
    assert [key.comment for key in desk.of("U0ANN")] == ["laptop 1", "laptop 2"]
    await until(lambda: "Remove laptop 2" in str(slack.home("ann")))
    page = slack.home("ann")
    assert page is not None
    (row,) = [block for block in page.content["blocks"] if "Remove laptop 2" in str(block)]
    remove = row["elements"][2]
    await slack.press("ann", None, remove["action_id"], view_id=page.id, block_id=row["block_id"])
    await until(lambda: dialogue.texts)
    assert dialogue.texts == [f"remove ssh key {desk.of('U0ANN')[1].fingerprint}"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (PRIVATE, "private key"),
        ("hello", "no public SSH key"),
        (public_key("rsa", bits=1024), "too short"),
        (public_key()[:60], "damaged"),
    ],
    # The keys are new ones each time.
    ids=["private", "none", "short", "damaged"],
)
async def test_what_is_no_good_key_is_refused_at_its_field_and_not_kept(
    slack: SlackServer, start: StartGateway, lines: str, says: str
) -> None:
    desk = Keys()
    await start(desk=desk)
    form = await form_of(slack, "ann")
    done = await slack.submit("ann", form.id, {"lines": lines})
    assert says in done.errors["lines"]
    assert desk.of("U0ANN") == []


async def test_a_public_key_in_a_file_is_said_to_the_dialogue_once(
    slack: SlackServer, dialogue: Dialogue, gateway: object
) -> None:
    line = public_key()
    slack.say("ann", "dm", "", files={"id_ed25519.pub": f"{line}\n"})
    await until(lambda: dialogue.texts)
    assert dialogue.texts == [f"add my ssh key {line}"]


async def test_a_private_key_in_a_file_goes_nowhere(
    slack: SlackServer, dialogue: Dialogue, gateway: object, capfd: pytest.CaptureFixture[str]
) -> None:
    slack.say("ann", "dm", "my ssh key", files={"id_ed25519": PRIVATE})
    await until(lambda: said(slack, "ann"))
    assert "private key" in said(slack, "ann")[0]
    assert dialogue.texts == []
    assert "b3BlbnNzaC1rZXk" not in slack.received_text() + "".join(capfd.readouterr())


async def test_a_pasted_private_key_is_answered_with_how_to_make_a_new_pair(
    slack: SlackServer, dialogue: Dialogue, gateway: object
) -> None:
    slack.say("ann", "dm", PRIVATE)
    await until(lambda: said(slack, "ann"))
    assert "ssh-keygen" in said(slack, "ann")[0]
    assert "revoke it at the cloud" not in said(slack, "ann")[0]
    assert dialogue.texts == []


async def test_without_the_scope_for_files_it_is_said_how_to_paste_a_key(
    slack: SlackServer, dialogue: Dialogue, gateway: object
) -> None:
    slack.app.scopes = tuple(scope for scope in slack.app.scopes if scope != "files:read")
    slack.say("ann", "dm", "", files={"id_ed25519.pub": public_key()})
    await until(lambda: said(slack, "ann"))
    assert "files:read" in said(slack, "ann")[0]
    assert dialogue.texts == []
