"""What can make no sense about a request, each with its facts; the other errors are in ``clouddesk.model.errors``.

Those of hand-overs are in ``clouddesk.model.handover``.

Invalid
├── TooFewMachines        none, or less than none
├── ClusterTooSmall       fewer machines than its roles take
├── CannotScale           its software cannot take in machines, or let go of them
├── CannotOpen            what its machines let in is settled when they are ordered
├── CannotArchive         its cloud keeps no images of machines' disks
├── UnknownMake           what its machines were made from is not known
├── SameSize              as many machines as there are
├── NotPositive           no cores, no memory, no disk
├── LeaseTooShort         ends before it has begun
├── ExtensionTooShort     no longer than before
├── UnclearTime           an end that nobody understands
├── TimeIsOver            an end in the past
│   └── OverToday         a part of today that has passed
├── BadName               not what clouds take as a machine's name
├── UnknownProvider       not a provider that is connected
├── NoOwnMachine          Docker nodes, where no engine is known or for somebody who is not at its machine
├── NoImage               no provider that was looked at has that operating system
├── NoPrice               a cloud of the team's own, whose prices nobody has set
├── OtherAccount          credentials of another account than the one that machines run in
├── CredentialsInUse      machines run that only these credentials can end
├── NoColleague           somebody that nothing can be shared with
├── ShareIsOver           a share that would be over before it began
├── NoSshKey              no public SSH key, or a damaged one
├── SshKeyIsPrivate       the private half of one
├── WeakSshKey            one that today's servers refuse, or that is too short
└── TooManySshKeys        more than a person may have
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clouddesk.model.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class TooFewMachines(Invalid):
    """No machines, or less than none."""

    code = "too_few_machines"

    def __init__(self, asked: int, *, most: int) -> None:
        self.asked = asked
        self.most = most
        super().__init__(f"{asked} machines make no sense: at least 1 and at most {most}.")


class ClusterTooSmall(Invalid):
    """Fewer machines than the blueprint's roles take."""

    code = "cluster_too_small"

    def __init__(self, title: str, *, asked: int, least: int, roles: Sequence[str]) -> None:
        self.title = title
        self.asked = asked
        self.least = least
        self.roles = tuple(roles)
        super().__init__(f"A {title} cluster takes at least {least} machines ({', '.join(roles)}), not {asked}.")


class CannotScale(Invalid):
    """Its software cannot take in machines (``is_growth``), or let go of them."""

    code = "cannot_scale"

    def __init__(self, name: str, *, title: str, is_growth: bool) -> None:
        self.name = name
        self.title = title
        self.is_growth = is_growth
        super().__init__(f"{title} on {name} cannot {'grow' if is_growth else 'shrink'} while it runs.")


class CannotOpen(Invalid):
    """What its machines let in from outside is settled when they are ordered."""

    code = "cannot_open"

    def __init__(self, name: str, *, provider: str) -> None:
        self.name = name
        self.provider = provider
        super().__init__(f"The firewall of {name} on {provider} cannot be changed while it runs.")


class CannotArchive(Invalid):
    """Its cloud keeps no images of machines' disks, or not of these."""

    code = "cannot_archive"

    def __init__(self, name: str, *, provider: str) -> None:
        self.name = name
        self.provider = provider
        super().__init__(f"What {name} has on its disks cannot be kept on {provider} without its machines.")


class UnknownMake(Invalid):
    """What its machines were made from is not known, so that no others can be made like them, and none left out."""

    code = "unknown_make"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"How the machines of {name} were made is not known.")


class SameSize(Invalid):
    """As many machines as there are."""

    code = "same_size"

    def __init__(self, name: str, *, count: int) -> None:
        self.name = name
        self.count = count
        super().__init__(f"{name} has {count} machines already.")


class NotPositive(Invalid):
    """A measure of a machine that is nothing or less; ``field`` as in ResourceRequest."""

    code = "not_positive"

    def __init__(self, field: str, asked: float) -> None:
        self.field = field
        self.asked = asked
        super().__init__(f"{field} must be above 0, not {asked:g}.")


class LeaseTooShort(Invalid):
    """A reservation that would be over at once."""

    code = "lease_too_short"

    def __init__(self, *, least_seconds: int, most_seconds: int) -> None:
        self.least_seconds = least_seconds
        self.most_seconds = most_seconds
        super().__init__(f"A reservation lasts at least {least_seconds} and at most {most_seconds} seconds.")


class ExtensionTooShort(Invalid):
    """An extension by nothing, or by less."""

    code = "extension_too_short"

    def __init__(self, *, least_seconds: int) -> None:
        self.least_seconds = least_seconds
        super().__init__(f"An extension is at least {least_seconds} seconds.")


class UnclearTime(Invalid):
    """Words for an end that cannot be told."""

    code = "unclear_time"

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(f"{words!r} is no time that can be told; say it like 'until friday 5pm'.")


class TimeIsOver(Invalid):
    """Words for an end that has passed."""

    code = "time_is_over"

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(f"{words!r} is over already.")


class OverToday(TimeIsOver):
    """Words for a part of today that has passed; ``again`` are words for the same time tomorrow."""

    code = "over_today"

    def __init__(self, words: str, *, again: str) -> None:
        self.again = again
        super().__init__(words)


class BadName(Invalid):
    """Words that clouds do not take as a part of a machine's name."""

    code = "bad_name"

    def __init__(self, words: str, *, most_characters: int) -> None:
        self.words = words
        self.most_characters = most_characters
        super().__init__(f"{words!r} cannot be a name: letters, digits and dashes, at most {most_characters}.")


class UnknownProvider(Invalid):
    """Providers that are not connected; ``known`` are those that are."""

    code = "unknown_provider"

    def __init__(self, providers: Sequence[str], known: Sequence[str]) -> None:
        self.providers = tuple(providers)
        self.known = tuple(known)
        super().__init__(f"Not connected yet: {', '.join(providers)}. There are: {', '.join(known)}.")


class NoOwnMachine(Invalid):
    """Docker nodes that cannot be had; ``is_at_terminal``: the person is where they could be."""

    code = "no_own_machine"

    def __init__(self, *, is_at_terminal: bool) -> None:
        self.is_at_terminal = is_at_terminal
        super().__init__(
            "No Docker engine is known here."
            if is_at_terminal
            else "Docker nodes are for people at the terminal of the machine that they run on."
        )


class NoImage(Invalid):
    """None of these providers has an image of the operating system; ``known`` are the systems that they have."""

    code = "no_image"

    def __init__(self, os: str, providers: Sequence[str], known: Sequence[str]) -> None:
        self.os = os
        self.providers = tuple(providers)
        self.known = tuple(known)
        super().__init__(f"No image of {os} on {' or '.join(providers)}. There are: {', '.join(known)}.")


class NoPrice(Invalid):
    """The team has set no price for a cloud that tells none itself: for ``sizes``, or for any of its machines."""

    code = "no_price"

    def __init__(self, provider: str, sizes: Sequence[str] = ()) -> None:
        self.provider = provider
        self.sizes = tuple(sizes)
        what = ", ".join(sizes) or "any machine"
        super().__init__(f"No price is set for {what} on {provider}. Set it in settings.yml: {provider}_prices.")


class OtherAccount(Invalid):
    """Credentials of another account, while machines run in the present one that only its own can end."""

    code = "other_account"

    def __init__(self, provider: str) -> None:
        self.provider = provider
        super().__init__(
            f"These credentials are of another {provider} account than the one that machines of yours still run in. "
            "Terminate those first, then replace."
        )


class CredentialsInUse(Invalid):
    """Machines run there that could not be ended without these credentials."""

    code = "credentials_in_use"

    def __init__(self, provider: str, names: Sequence[str]) -> None:
        self.provider = provider
        self.names = tuple(names)
        super().__init__(
            f"Still running on {provider}: {', '.join(names)}. Without the credentials nothing could end that; "
            "terminate it first."
        )


class NoColleague(Invalid):
    """Somebody that nothing can be shared with; ``why``: ``sharing.OWNER``, or what ``ports.Colleagues`` says."""

    code = "no_colleague"

    def __init__(self, user_id: str, why: str) -> None:
        self.user_id = user_id
        self.why = why
        super().__init__(f"Nothing can be shared with {user_id}: {why}.")


class ShareIsOver(Invalid):
    """A share whose end has passed."""

    code = "share_is_over"

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"A share until {until.isoformat()} would be over already.")


class NoSshKey(Invalid):
    """There is no public SSH key in the text, or one that cannot be read."""

    code = "no_ssh_key"

    def __init__(self, *, is_damaged: bool = False, why: str = "") -> None:
        self.is_damaged = is_damaged
        found = "This SSH key is damaged or not all there." if is_damaged else "There is no public SSH key here."
        self.what = why or found
        super().__init__(
            f"{self.what} It is one line that begins with ssh-ed25519 or ssh-rsa, as in ~/.ssh/id_ed25519.pub."
        )


class SshKeyIsPrivate(Invalid):
    """Somebody gave the half that nobody else may have."""

    code = "ssh_key_is_private"

    def __init__(self) -> None:
        super().__init__(
            "This is a private key: nobody else may have it, and it was not stored. Make a new pair with "
            "`ssh-keygen -t ed25519` and give me the line in the file that ends with .pub."
        )


class WeakSshKey(Invalid):
    """A key that protects too little. ``why``: what is the matter with it, as a clause."""

    code = "weak_ssh_key"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"It was not stored: {why}. Make a new one with `ssh-keygen -t ed25519`.")


class TooManySshKeys(Invalid):
    """One more than a person may have."""

    code = "too_many_ssh_keys"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} SSH keys, which is the most. Remove one first.")


class TooManyTemplates(Invalid):
    """One more than a person or a team may have."""

    code = "too_many_templates"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"There are {most} templates, which is the most. Delete one first.")


class TemplateNameTaken(Invalid):
    """Another template is called so."""

    code = "template_name_taken"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a template called {name} already. Delete it first, or take another name.")


class TooManyReminders(Invalid):
    """One more than a person may have."""

    code = "too_many_reminders"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} reminders, which is the most. Remove one first.")
