"""What the gateway says by itself, to what never reaches the dialogue; all other answers are in domain.yml."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from clouddesk.language.localtime import Reader, local_time
from clouddesk.model import notice as kinds
from clouddesk.model.actor import DEACTIVATED
from clouddesk.model.errors import CloudDeskError, CredentialsRejected, ProviderError, Unavailable
from clouddesk.model.invalid import OtherAccount
from clouddesk.model.notice import Notice
from clouddesk.model.ssh_key import ADD_WORDS, SSH
from connectors.rasa import Button, Reply
from connectors.slack import people

_REFUSED = {
    people.GUEST: (
        "Sorry, guests of this workspace can't get machines from me. An admin of the workspace can make you a full "
        "member; then write again."
    ),
    DEACTIVATED: "Sorry, your account in this workspace is deactivated, so I can't act for you.",
    people.FOREIGN: (
        "Sorry, I work only for members of the workspace that I was installed in, and you are from another one. "
        "Ask somebody here, or have CloudDesk installed in yours."
    ),
}
_NEWS = {
    kinds.READY: "*{name}* is ready. How to get in is in our direct messages.",
    kinds.STARTED: "*{name}* is up again. How to get in is in our direct messages.",
    kinds.REBOOTED: "*{name}* has been rebooted and is back. How to get in is in our direct messages.",
    kinds.SCALED: "*{name}* has another number of machines now. How to get in is in our direct messages.",
}

NOT_ALLOWED = "Sorry, only full members of this workspace can do that."
SENT_PRIVATELY = Reply("That's for you alone, so I sent it as a direct message.")
LIST_OF_ANOTHER = Reply("That list is somebody else's. Ask me “what have I got?”, and I show you yours.")
LIST_GONE = Reply("That list is too old by now. Ask me “what have I got?”, and I show it as it is.")
COSTS_GONE = Reply("That report is too old by now. Ask me again what was spent, and I show it as it is.")
LIST_OVER = Reply("That was all of the list.")
NO_FILES = Reply(
    "I may not send files in this workspace: the app lacks the scope files:write, which an admin can add. "
    "“show more” shows the list page by page."
)
BROKEN = Reply(
    "Sorry, something went wrong on my side, and it is logged. Look with “what have I got?” before you do it again."
)
UNREACHABLE = Reply(
    "Sorry, I can't think right now, and I don't know whether your last message was heard. Look with “what have I "
    "got?” in a minute before you repeat it."
)
NOT_YOURS_TO_SHARE = "This machine is not yours to share (any more). Nothing was done."
NOT_NOW = "One of my own servers does not answer right now, so nothing was done. Try again in a minute."
NOT_STORED = "That did not work, and the reason is logged. Nothing was stored."
REQUOTED = Reply("That price is not open any more, so I look what it costs now, with all that you put into the form.")
FORM_NOT_OPENED = Reply("Slack did not show you the form in time. Nothing was done; please press again.")
UNHEARD = Reply("Sorry, I can't think right now, so nothing was done. Please say it again in a minute.")


def refused(why: str) -> Reply:
    """Why this person gets nothing."""
    return Reply(_REFUSED[why])


def missed(at: float, reader: Reader) -> Reply:
    """Too late to act on."""
    when = local_time(datetime.fromtimestamp(at, timezone.utc), reader, datetime.now(timezone.utc))
    return Reply(
        f"Sorry, I was away and heard only now what you said {when}. You may not want it any more, so I leave it at "
        "that: look with “what have I got?”, and if you still want it, say it again."
    )


def add_credentials_button(provider: str = "") -> Button:
    """Opens the form."""
    facts = json.dumps({"provider": provider}) if provider else ""
    return Button("Add credentials", f"/add_credentials{facts}")


def not_stored(error: CloudDeskError, title: str) -> str:
    """Why credentials were not taken, for the form."""
    if isinstance(error, CredentialsRejected):
        return f"{title} does not accept this. Check that it is copied whole, and active; nothing was stored."
    if isinstance(error, OtherAccount):
        return (
            f"This is another {title} account than the one that machines of yours still run in, where only its own "
            "key can end them. Give those back first."
        )
    if isinstance(error, ProviderError):
        return f"{title} does not answer right now, so nothing was stored. Try again in a minute."
    if isinstance(error, Unavailable):
        return "One of my own servers does not answer right now, so nothing was stored. Try again in a minute."
    return NOT_STORED


DELETED, UNSEEN, TO_DELETE, OF_ANOTHER = "deleted", "unseen", "to delete", "of another"
"""What has become of a message that a key was in."""
_FATES = {
    DELETED: "I deleted your message.",
    UNSEEN: "Nobody but you saw what you typed.",
    TO_DELETE: "I can't delete your message, so please do: hover over it, ⋮, *Delete message*.",
    OF_ANOTHER: "The message is still there for all to read: whoever wrote it has to delete it.",
}
_FATES_IN_SHORT = {
    DELETED: "I did not read it, and deleted your message",
    UNSEEN: "I did not read it, and nobody but you saw it",
    TO_DELETE: "I did not read it, please delete your message",
    OF_ANOTHER: "I did not read it, and whoever wrote it has to delete it",
}


FILE_UNREAD = Reply(
    "I can't read files in this workspace: the app lacks the scope files:read, which an admin can add. Paste the line "
    "of the .pub file into the form behind this button, or here.",
    (Button("Add SSH key", ADD_WORDS),),
)
FILE_PRIVATE = Reply(
    "There is a private key in this file: nobody else may have it, so I keep nothing of it. Please delete the file "
    "here: hover over it, ⋮, *Delete file*. It lies in Slack, so treat the key as leaked: make a new pair with "
    "`ssh-keygen -t ed25519`, and send the file that ends with .pub.",
)


def secret_found(provider: str, *, fate: str) -> Reply:
    """How to make a pasted key harmless, and where keys go. ``fate``: one of those above."""
    if provider == SSH:
        return Reply(
            f"That looked like the private half of an SSH key, so I did not read it, keep it or pass it on. "
            f"{_FATES[fate]}\nPlease treat it as leaked all the same: make a new pair with `ssh-keygen -t ed25519`. "
            "What I need is the public half, the line in the file that ends with .pub.",
            (Button("Add SSH key", ADD_WORDS),),
        )
    return Reply(
        "That looked like a secret key, so I did not read it, keep it or pass it on. "
        f"{_FATES[fate]}\nPlease treat the key as leaked all the same: revoke it at the cloud and make a new one. The "
        "new one goes into the form behind this button, where nobody sees it, and from there into the vault.",
        (add_credentials_button(provider),),
    )


def secret_seen(*, fate: str) -> Reply:
    """The same in a channel, in short."""
    return Reply(f"That looked like a secret key. {_FATES_IN_SHORT[fate]}; what to do now is in our direct messages.")


def news(notice: Notice) -> Reply:
    """A notice whose facts are nobody else's business, for a channel."""
    words = _NEWS.get(notice.kind, "There is news about *{name}* in our direct messages.")
    return Reply(words.format(name=notice.values.get("name") or notice.reservation_id))
