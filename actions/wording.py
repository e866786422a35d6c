"""Which response tells a person about which error, and the small words of numbers, spans and names.

The sentences are responses in domain.yml; vendor text never gets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clouddesk.language.money import hourly
from clouddesk.model import errors
from clouddesk.model.offer import Offer
from clouddesk.providers.table import title_of

_MOST_NAMES = 20


def of_error(error: errors.CloudDeskError) -> tuple[str, dict[str, Any]]:
    """The response and its values."""
    response = f"utter_error_{error.code}"
    if isinstance(error, errors.LimitExceeded):
        return response, {"asked": _measured(error.asked, error.what), "limit": _limit(error)}
    if isinstance(error, errors.UnknownSoftware):
        return response, {"software": error.software, "known": names(error.known)}
    if isinstance(error, errors.UnknownRegion):
        return response, {"region": error.region, "known": names(error.known, last="or")}
    if isinstance(error, errors.Invalid):
        return "utter_error_invalid", {"problem": error.problem}
    if isinstance(error, errors.NothingFits):
        if not error.nearest:
            return "utter_error_nothing_fits_at_all", {"request": error.request}
        lines = "\n".join(f"• {offer_line(offer)}" for offer in error.nearest)
        return response, {"request": error.request, "nearest": lines}
    if isinstance(error, errors.NotFound):
        return response, {"words": error.words}
    if isinstance(error, errors.CredentialsMissing):
        title = provider_title(error.provider) if error.provider else "any cloud"
        return response, {"provider": title, "command": error.provider or "aws"}
    if isinstance(error, errors.WrongState):
        return response, {"name": error.name, "state": error.state, "wanted": error.wanted}
    if isinstance(error, errors.ProviderError):
        return response, {"provider": provider_title(error.provider), "command": error.provider}
    return response if isinstance(error, _PLAIN) else "utter_error_error", {}


_PLAIN = (errors.Denied, errors.QuoteExpired, errors.Unavailable)


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
        f"{offer.vcpus} vCPU, {offer.memory_gb:g} GB{gpu}, {hourly(offer.hourly_price_usd)}"
    )


def _measured(number: float, what: str) -> str:
    return plural(number, what.removesuffix("s"))


def _limit(error: errors.LimitExceeded) -> str:
    """ "720 hours (30 days)", "100 machines"."""
    limit = _measured(error.limit, error.what)
    if error.what == "hours" and error.limit >= 48 and error.limit % 24 == 0:
        return f"{limit} ({plural(error.limit / 24, 'day')})"
    return limit
