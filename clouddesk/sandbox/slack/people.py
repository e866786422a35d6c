"""Who is in the simulated workspace, and where they talk: people of every kind, channels, DMs, the app."""

from __future__ import annotations

import datetime
import hashlib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEAM = "T0CLOUDDESK"
DOMAIN = "clouddesk-sim"
OTHER_TEAM = "T0ELSEWHERE"

PUBLIC = "channel"
PRIVATE = "group"
IM = "im"
MPIM = "mpim"

MEMBER = "member"
ADMIN = "admin"
GUEST = "guest"
SINGLE_CHANNEL_GUEST = "single_channel_guest"
BOT = "bot"
DEACTIVATED = "deactivated"
FOREIGN = "foreign"
APP_USER = "app_user"
SLACKBOT = "slackbot"
KINDS = (MEMBER, ADMIN, GUEST, SINGLE_CHANNEL_GUEST, BOT, DEACTIVATED, FOREIGN, APP_USER, SLACKBOT)

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "user_change",
)


@dataclass
class User:
    """A person, or a bot that looks like one."""

    id: str
    name: str
    real_name: str
    kind: str = MEMBER
    tz: str = "UTC"
    locale: str = "en-US"
    team_id: str = TEAM
    status_text: str = ""
    status_emoji: str = ""
    status_expiration: int = 0
    """In seconds since 1970; 0: until it is changed."""

    def offset_seconds(self) -> int:
        offset = datetime.datetime.now(zoneinfo.ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def as_dict(self, *, with_locale: bool = False, with_email: bool = False) -> dict[str, Any]:
        """The user object of the Web API."""
        is_bot = self.kind in (BOT, APP_USER)
        shown: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.kind == DEACTIVATED,
            "real_name": self.real_name,
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "team": self.team_id,
                "status_text": self.status_text,
                "status_emoji": self.status_emoji,
                "status_expiration": self.status_expiration,
                "avatar_hash": hashlib.sha256(self.id.encode()).hexdigest()[:12],
            },
            "is_bot": is_bot,
            "is_app_user": self.kind == APP_USER,
            "updated": 1_700_000_000,
        }
        if with_email and not is_bot and self.kind != SLACKBOT:
            shown["profile"]["email"] = f"{self.name}@example.com"
        if self.kind == FOREIGN:
            # Of people from elsewhere Slack tells less: no rights, and that they are strangers.
            shown["is_stranger"] = True
        if self.kind != DEACTIVATED:
            shown |= {"tz": self.tz, "tz_label": self.tz, "tz_offset": self.offset_seconds()}
            shown |= {
                "is_admin": self.kind == ADMIN,
                "is_owner": False,
                "is_primary_owner": False,
                "is_restricted": self.kind in (GUEST, SINGLE_CHANNEL_GUEST),
                "is_ultra_restricted": self.kind == SINGLE_CHANNEL_GUEST,
            }
        if with_locale:
            shown["locale"] = self.locale
        return shown


@dataclass
class Channel:
    """Where messages are: a channel, or a direct message."""

    id: str
    name: str
    kind: str = PUBLIC
    members: set[str] = field(default_factory=set)
    is_shared: bool = False
    """With another workspace (Slack Connect)."""
    is_archived: bool = False

    @property
    def is_direct(self) -> bool:
        return self.kind in (IM, MPIM)

    def other(self, user: str) -> str:
        """In a DM: the one who is not ``user``."""
        return next((member for member in sorted(self.members) if member != user), user)

    def as_dict(self, viewer: str) -> dict[str, Any]:
        """The conversation object of the Web API."""
        shown: dict[str, Any] = {"id": self.id, "created": 1_700_000_000, "is_archived": self.is_archived}
        shown |= {"is_im": self.kind == IM, "is_mpim": self.kind == MPIM, "is_org_shared": False}
        if self.kind == IM:
            return shown | {"user": self.other(viewer), "is_user_deleted": False, "is_open": True}
        return shown | {
            "name": self.name,
            "is_channel": self.kind == PUBLIC,
            "is_group": self.kind == PRIVATE,
            "is_private": self.kind != PUBLIC,
            "is_general": self.name == "general",
            "is_shared": self.is_shared,
            "is_ext_shared": self.is_shared,
            "is_member": viewer in self.members,
            "num_members": len(self.members),
        }


@dataclass(frozen=True)
class Shortcut:
    """An entry of Slack's menus: of a message, or of the whole workspace."""

    callback_id: str
    name: str
    is_of_message: bool = False


@dataclass
class App:
    """The app that is installed in the workspace."""

    app_id: str = "A0CLOUDDESK"
    bot_user_id: str = "U0CLOUDDESK"
    bot_id: str = "B0CLOUDDESK"
    name: str = "clouddesk"
    # Made up, and of no use anywhere else; in the form that the SDK and scrubbers know.
    bot_token: str = "xoxb-sandbox-0000-bot"  # noqa: S105
    app_token: str = "xapp-1-sandbox-0000-app"  # noqa: S105
    signing_secret: str = "5a9dbc0ffee0sandbox0signing0key0"  # noqa: S105
    verification_token: str = "sandbox-verification"  # noqa: S105
    scopes: tuple[str, ...] = SCOPES
    events: tuple[str, ...] = EVENTS
    commands: tuple[str, ...] = ("/cloud",)
    shortcuts: tuple[Shortcut, ...] = ()
    request_url: str | None = None
    """None: Socket Mode. Otherwise events, interactions and commands are posted there, signed."""

    def install(self, manifest: Mapping[str, Any]) -> None:
        """As when somebody installs it: scopes, events, commands and shortcuts are those of its manifest."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        self.scopes = tuple(manifest["oauth_config"]["scopes"]["bot"])
        self.events = tuple(settings.get("event_subscriptions", {}).get("bot_events", ()))
        self.commands = tuple(command["command"] for command in features.get("slash_commands", ()))
        self.shortcuts = tuple(
            Shortcut(one["callback_id"], one["name"], is_of_message=one["type"] == "message")
            for one in features.get("shortcuts", ())
        )


@dataclass
class Workspace:
    """One workspace with its people and places."""

    team_id: str = TEAM
    domain: str = DOMAIN
    name: str = "CloudDesk's workspace"
    app: App = field(default_factory=App)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    """User groups (``S…``) and who is in them."""

    def add_user(self, name: str, kind: str = MEMBER, **more: Any) -> User:
        """A new person. ``name`` is what they are called in tests; the id follows from it."""
        team = OTHER_TEAM if kind == FOREIGN else self.team_id
        more.setdefault("real_name", name.replace("-", " ").title())
        user = User(id=more.pop("id", f"U0{_letters(name)}"), name=name, kind=kind, team_id=team, **more)
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, kind: str = PUBLIC, members: tuple[str, ...] = (), **more: Any) -> Channel:
        """A new channel with these people in it (names or ids)."""
        prefix = {PUBLIC: "C0", PRIVATE: "G0", IM: "D0", MPIM: "G0MP"}[kind]
        channel = Channel(id=more.pop("id", f"{prefix}{_letters(name)}"), name=name, kind=kind, **more)
        channel.members |= {self.user(member).id for member in members}
        self.channels[channel.id] = channel
        return channel

    def user(self, name: str) -> User:
        """By id or name. Raises KeyError."""
        found = self.users.get(name) or next((user for user in self.users.values() if user.name == name), None)
        if found is None:
            raise KeyError(f"there is no user {name}")
        return found

    def find_channel(self, name: str) -> Channel | None:
        """By id, or by name with or without ``#``."""
        name = name.removeprefix("#")
        return self.channels.get(name) or next(
            (channel for channel in self.channels.values() if channel.name == name and not channel.is_direct), None
        )

    def direct(self, *users: str) -> Channel:
        """The DM among these people; opened when it is not there yet."""
        members = {self.user(user).id for user in users}
        for channel in self.channels.values():
            if channel.is_direct and channel.members == members:
                return channel
        name = "mpdm-" + "--".join(sorted(members)) if len(members) > 2 else "-".join(sorted(members))
        return self.add_channel(name, MPIM if len(members) > 2 else IM, tuple(members))


def usual_workspace() -> Workspace:
    """A small workspace with one person of every kind, ready for tests and for the page."""
    made = Workspace()
    made.add_user("slackbot", SLACKBOT, id="USLACKBOT")
    made.add_user(made.app.name, APP_USER, id=made.app.bot_user_id, real_name="CloudDesk")
    made.add_user("ann", ADMIN, real_name="Ann Vogel", tz="Europe/Berlin", locale="de-DE")
    made.add_user("ben", real_name="Ben Carter", tz="America/New_York")
    made.add_user("chitra", real_name="Chitra Rao", tz="Asia/Kolkata", locale="en-GB")
    made.add_user("gus", GUEST, real_name="Gus Guest", tz="Europe/London", locale="en-GB")
    made.add_user("single", SINGLE_CHANNEL_GUEST, real_name="Sina Single", tz="Europe/London")
    made.add_user("dora", DEACTIVATED, real_name="Dora Departed")
    made.add_user("fay", FOREIGN, real_name="Fay Foreign", tz="Asia/Tokyo", locale="ja-JP")
    made.add_user("otherbot", BOT, real_name="Other Bot")
    app = made.app.name
    made.add_channel("general", members=("ann", "ben", "chitra", "gus", "otherbot", app))
    made.add_channel("data", members=("ann", "ben", app))
    made.add_channel("without-app", members=("ann", "ben"))
    made.add_channel("secret", PRIVATE, members=("ann", app))
    made.add_channel("shared", members=("ann", "fay", app), is_shared=True)
    made.groups["S0CLOUDADMINS"] = [made.user("ann").id]
    return made


def _letters(name: str) -> str:
    letters = "".join(letter for letter in name.upper() if letter.isalnum())
    # Long names (DMs) and names that are not ASCII make an id of their own.
    if letters.isascii() and 0 < len(letters) <= 12:
        return letters
    return hashlib.sha256(name.encode()).hexdigest()[:9].upper()
