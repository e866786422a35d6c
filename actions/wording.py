"""Which response tells a person about which error, and the small words of numbers, spans and names.

The sentences are responses in domain.yml; vendor text never gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clouddesk.language.money import hourly, rate
from clouddesk.model import approval, errors, handover, invalid
from clouddesk.model.configuration import ConfigureFailed
from clouddesk.model.offer import NearOffer, Offer
from clouddesk.model.reservation import ARCHIVING
from clouddesk.providers.table import PROVIDERS, title_of

_MOST_NAMES = 20


def of_error(error: errors.CloudDeskError) -> tuple[str, dict[str, Any]]:
    """The response and its values."""
    response = f"utter_error_{error.code}"
    if type(error) in _PLAIN:
        return response, {}
    if isinstance(error, errors.NothingFits) and not error.nearest:
        return "utter_error_nothing_fits_at_all", {"request": error.request}
    if isinstance(error, invalid.CannotArchive) and keeps_images(error.provider):
        return "utter_error_cannot_archive_this", {"name": error.name}
    if isinstance(error, errors.WrongState) and error.state == ARCHIVING:
        return "utter_error_being_archived", {"name": error.name, "wanted": error.wanted}
    for kind, values in _FACTS.items():
        if isinstance(error, kind):
            return response, values(error)
    if isinstance(error, errors.Invalid):
        return "utter_error_invalid", {"problem": error.problem}
    return "utter_error_error", {}


def _titles(providers: Sequence[str], *, last: str = "and") -> str:
    return names([provider_title(name) for name in providers], last=last)


def image_clouds(*, last: str = "and") -> str:
    """The clouds on which machines can be archived: "AWS, Google Cloud and DigitalOcean"; "" for none."""
    return _titles(_image_providers(), last=last)


def keeps_images(provider: str) -> bool:
    """Whether machines that were ordered there can be archived; those that were adopted cannot anywhere."""
    return provider in _image_providers()


def _image_providers() -> list[str]:
    return [name for name, spec in PROVIDERS.items() if spec.image_usd_gb_month is not None]


def provider_title(provider: str) -> str:
    """The name that people know."""
    return title_of(provider)


def names(known: Sequence[str], *, last: str = "and") -> str:
    """ "spark, dask and ray"; a long list is cut."""
    shown = list(known[:_MOST_NAMES])
    if len(known) > _MOST_NAMES:
        return ", ".join(shown) + ", …"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def duration(seconds: float) -> str:
    """ "2 days", "8 hours", "1 hour 30 minutes"."""
    minutes = max(1, round(seconds / 60))
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    if days and hours + minutes == 0:
        return plural(days, "day")
    if days >= 2:
        return f"{plural(days, 'day')} {plural(hours, 'hour')}" if hours else plural(days, "day")
    parts = [plural(days * 24 + hours, "hour")] if days * 24 + hours else []
    if minutes:
        parts.append(plural(minutes, "minute"))
    return " ".join(parts)


def plural(count: float, noun: str) -> str:
    """ "1 machine", "1,464 hours"."""
    number = f"{count:,.0f}" if count == int(count) else f"{count:,.4g}"
    return f"{number} {noun}" + ("" if count == 1 else "s")


def offer_line(offer: Offer) -> str:
    """ "m5.xlarge on AWS in us-east-1: 4 vCPU, 16 GB, $0.192/h"."""
    gpu = f", {offer.gpus} × {(offer.gpu_type or 'GPU').upper()}" if offer.gpus else ""
    return (
        f"{offer.size} on {provider_title(offer.provider)} in {offer.region}: "
        f"{offer.vcpus} vCPU, {offer.memory_gb:g} GB{gpu}, {hourly(offer.machine_hourly_price_usd(offer.disk_gb))}"
    )


def near_line(near: NearOffer) -> str:
    """The offer at the price of the whole request, and what it gives up: "…, $0.4/h for all 4 (not in london)"."""
    together = f" for all {near.count}" if near.count > 1 else ""
    whole = replace(near.offer, hourly_price_usd=near.hourly_price_usd, address_hourly_price_usd=0.0)
    line = offer_line(whole) + together
    given_up = given_up_words(near.offer, near.disk_gb, near.gives_up)
    return f"{line} ({given_up})" if given_up else line


def given_up_words(offer: Offer, disk_gb: float, gives_up: Mapping[str, Any]) -> str:
    """What of a wish the offer is not: "16 GB memory instead of 32, not in london"."""
    has = {
        "vcpus": f"{offer.vcpus} vCPU",
        "memory_gb": f"{offer.memory_gb:g} GB memory",
        "storage_gb": f"at most {disk_gb:g} GB disk",
        "gpu_count": plural(offer.gpus, "GPU") if offer.gpus else "no GPU",
    }
    parts = []
    for field, wish in gives_up.items():
        if field in has:
            parts.append(f"{has[field]} instead of {wish:g}")
        elif field == "max_hourly_price_usd":
            parts.append(f"more than {rate(wish)} an hour")
        elif field == "spot":
            parts.append("no spot price")
        elif field == "region":
            parts.append(f"not in {wish}")
        elif field == "providers":
            parts.append(f"not on {_titles(wish, last='or')}")
        elif field in ("excluded_regions", "excluded_sizes"):
            parts.append("though you ruled it out")
        else:
            parts.append(f"not {names([str(item).upper() for item in wish], last='or')}")
    return ", ".join(parts)


def _measured(number: float, what: str) -> str:
    return plural(number, what.removesuffix("s"))


def _limit(error: errors.LimitExceeded) -> str:
    """ "720 hours (30 days)", "100 machines"."""
    limit = _measured(error.limit, error.what)
    if error.what == "hours" and error.limit >= 48 and error.limit % 24 == 0:
        return f"{limit} ({plural(error.limit / 24, 'day')})"
    return limit


_PLAIN = (
    *(errors.Denied, errors.QuoteExpired, errors.OfferChanged, errors.Unavailable, errors.Undecided, errors.Frozen),
    *(approval.OverBudget, approval.NobodyApproves, approval.AlreadyDecided, approval.NotYoursToDecide),
    *(invalid.ExtensionTooShort, invalid.ShareIsOver, invalid.SshKeyIsPrivate),
)
"""Errors without facts that a person needs, or whose facts depend on who reads them."""

_MEASURES = {"vcpus": "vCPUs", "memory_gb": "GB of memory", "storage_gb": "GB of disk", "gpu_count": "GPUs"}

_NO_COLLEAGUE = {
    "owner": "it is theirs already.",
    "bot": "that is a bot.",
    "guest": "they are a guest here, and machines are for members of this workspace.",
    "deactivated": "their account is deactivated.",
    "foreign": "they are not of this workspace.",
    "unknown": "I could not check who that is. Say it again with their @name.",
}

_NO_OWN_MACHINE = {
    True: "no Docker engine answered when I was started. Start Docker, then run `clouddesk down` and `clouddesk up`",
    False: "Docker nodes run on the machine that I run on, and are for people at its terminal",
}
"""By whether the person is at that machine's terminal."""

_STATES = {
    "partial": "only partly up and waits for your answer",
    "changed": "changing its number of machines",
    "opening": "in the middle of another change of who reaches it",
    "orphan": "without what that takes (machines of one reservation, in one region)",
}
"""States whose word alone says too little."""

_FACTS: dict[type[errors.CloudDeskError], Callable[[Any], dict[str, str]]] = {
    errors.NotFound: lambda error: {"words": error.words},
    errors.LimitExceeded: lambda error: {"asked": _measured(error.asked, error.what), "limit": _limit(error)},
    errors.UnknownSoftware: lambda error: {"software": error.software, "known": names(error.known)},
    errors.UnknownRegion: lambda error: {"region": error.region, "known": names(error.known, last="or")},
    errors.NothingFits: lambda error: {
        "request": error.request,
        "nearest": "\n".join(f"• {near_line(near)}" for near in error.nearest),
    },
    errors.CredentialsMissing: lambda error: {
        "provider": provider_title(error.provider) if error.provider else "any cloud",
        "command": error.provider or "aws",
    },
    errors.WrongState: lambda error: {
        "name": error.name,
        "state": _STATES.get(error.state, error.state),
        "wanted": error.wanted,
    },
    errors.Protected: lambda error: {"name": error.name},
    errors.ImagesLost: lambda error: {"name": error.name, "provider": provider_title(error.provider)},
    errors.NotLookedAfter: lambda error: {"name": error.name},
    errors.ProviderError: lambda error: {"provider": provider_title(error.provider), "command": error.provider},
    ConfigureFailed: lambda error: {"nodes": names(error.nodes) or "any machine", "step": error.step},
    invalid.NoSshKey: lambda error: {"problem": error.what},
    invalid.WeakSshKey: lambda error: {"why": error.why},
    invalid.TooManySshKeys: lambda error: {"most": str(error.most)},
    invalid.TooManyTemplates: lambda error: {"most": str(error.most)},
    invalid.TemplateNameTaken: lambda error: {"name": error.name},
    invalid.TooManyReminders: lambda error: {"most": str(error.most)},
    invalid.TooFewMachines: lambda error: {"asked": str(error.asked), "most": str(error.most)},
    invalid.ClusterTooSmall: lambda error: {
        "title": error.title,
        "least": str(error.least),
        "roles": ", ".join(error.roles),
    },
    invalid.CannotScale: lambda error: {
        "name": error.name,
        "title": error.title,
        "doing": "take machines in" if error.is_growth else "let machines go without losing what is on them",
    },
    invalid.CannotOpen: lambda error: {"name": error.name, "provider": provider_title(error.provider)},
    invalid.CannotArchive: lambda error: {
        "name": error.name,
        "provider": provider_title(error.provider),
        "clouds": f" I can on {image_clouds()}." if _image_providers() else "",
    },
    invalid.UnknownMake: lambda error: {"name": error.name},
    invalid.SameSize: lambda error: {"name": error.name, "machines": plural(error.count, "machine")},
    invalid.NotPositive: lambda error: {"asked": f"{error.asked:g}", "what": _MEASURES[error.field]},
    invalid.LeaseTooShort: lambda error: {"most": duration(error.most_seconds)},
    invalid.UnclearTime: lambda error: {"words": error.words},
    invalid.OverToday: lambda error: {"words": error.words, "again": error.again},
    invalid.TimeIsOver: lambda error: {"words": error.words},
    invalid.BadName: lambda error: {"words": error.words, "most": str(error.most_characters)},
    invalid.UnknownProvider: lambda error: {"provider": _titles(error.providers), "known": _titles(error.known)},
    invalid.NoPrice: lambda error: {
        "provider": provider_title(error.provider),
        "sizes": names(error.sizes) or "its machines",
    },
    invalid.NoImage: lambda error: {
        "os": error.os,
        "provider": _titles(error.providers, last="or"),
        "known": names(error.known),
    },
    invalid.NoOwnMachine: lambda error: {"why": _NO_OWN_MACHINE[error.is_at_terminal]},
    invalid.OtherAccount: lambda error: {"provider": provider_title(error.provider)},
    handover.NotLeft: lambda error: {"name": error.name, "owner": error.owner},
    handover.NotOffered: lambda error: {"name": error.name},
    handover.HandoverIsOver: lambda error: {"name": error.name, "owner": error.owner},
    invalid.NoColleague: lambda error: {"why": _NO_COLLEAGUE.get(error.why, error.why)},
    invalid.CredentialsInUse: lambda error: {"provider": provider_title(error.provider), "names": names(error.names)},
}
"""What a person reads of an error, as the values of its response."""
