"""Everything that can go wrong, named by the fact.

    CloudDeskError
    ├── Denied                    the actor may not do this (never reveals that a thing exists)
    ├── NotFound                  nothing by that name or id among what the actor may see
    ├── Invalid                   what was asked for makes no sense (0 nodes, a lease in the past)
    │   ├── LimitExceeded         over a limit from the settings
    │   ├── UnknownSoftware       no blueprint of that name
    │   ├── UnknownRegion         no provider has a region of that name
    │   └── …                     the kinds in ``clouddesk.model.invalid``
    ├── NothingFits               no offer meets the request; carries the nearest ones
    ├── QuoteExpired              the quote is gone or too old to say yes to
    │   └── OfferChanged          what it offers costs more now, or is not to be had any more
    ├── CredentialsMissing        the actor has no access to that provider yet
    ├── WrongState                the reservation cannot do that now
    ├── ImagesLost                it is archived, and somebody deleted all images of its disks
    ├── ProviderError             a cloud said no
    │   ├── CredentialsRejected
    │   ├── BillRefused           the key may not read the account's bill
    │   ├── QuotaExceeded
    │   ├── NoCapacity
    │   ├── RateLimited           retryable
    │   ├── ProviderDown          retryable
    │   ├── RequestRejected
    │   │   └── NoFirewall        machines without a firewall of their own
    │   ├── PutBack               a change broke off in the middle, and it is as it was before
    │   └── Unsure                … and nobody knows how it is; it is being put back
    └── Unavailable               a server of our own does not answer; nothing was changed (retryable)
        └── Undecided             it was passed on, its outcome is not known yet

Every error has a stable ``code``, keeps its facts as fields and builds its own English sentence for logs.
What a person reads is made from ``code`` and fields in one place (``actions/wording.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clouddesk.model.freeze import Freeze
    from clouddesk.model.offer import NearOffer


class CloudDeskError(Exception):
    """The root of all errors that CloudDesk raises on purpose."""

    code: ClassVar[str] = "error"
    is_retryable: ClassVar[bool] = False


class Denied(CloudDeskError):
    """The actor has no right to do this."""

    code = "denied"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"not allowed: {what}")


class NotFound(CloudDeskError):
    """Nothing by these words among what the actor may see (a stranger's thing is not found either)."""

    code = "not_found"

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(f"nothing found for {words!r}")


class Invalid(CloudDeskError):
    """What was asked for makes no sense; ``problem`` is a whole sentence that says what would."""

    code = "invalid"

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


class LimitExceeded(Invalid):
    """Over a limit that the settings set."""

    code = "limit_exceeded"

    def __init__(self, what: str, *, asked: float, limit: float) -> None:
        self.what = what
        self.asked = asked
        self.limit = limit
        super().__init__(f"{what}: {asked:g} asked, at most {limit:g} allowed")


class UnknownSoftware(Invalid):
    """No blueprint by that name."""

    code = "unknown_software"

    def __init__(self, software: str, known: Sequence[str]) -> None:
        self.software = software
        self.known = tuple(known)
        super().__init__(f"no blueprint for {software!r}; there are: {', '.join(known)}")


class UnknownRegion(Invalid):
    """No provider that was looked at has a region by these words."""

    code = "unknown_region"

    def __init__(self, region: str, known: Sequence[str]) -> None:
        self.region = region
        self.known = tuple(known)
        super().__init__(f"no region {region!r}; there are: {', '.join(known)}")


class NothingFits(CloudDeskError):
    """No offer meets the request. ``nearest`` holds the closest that exist, cheapest first."""

    code = "nothing_fits"

    def __init__(self, request: str, nearest: Sequence[NearOffer]) -> None:
        self.request = request
        self.nearest = tuple(nearest)
        super().__init__(f"no offer for {request}")


class QuoteExpired(CloudDeskError):
    """The quote is unknown or past its time; quote again."""

    code = "quote_expired"

    def __init__(self, quote_id: str) -> None:
        self.quote_id = quote_id
        super().__init__(f"quote {quote_id} has expired")


class OfferChanged(QuoteExpired):
    """What the quote offers costs more now, or is not to be had any more; quote again."""

    code = "offer_changed"


class CredentialsMissing(CloudDeskError):
    """The actor has not given access to this provider (or to any, when ``provider`` is None)."""

    code = "credentials_missing"

    def __init__(self, provider: str | None = None) -> None:
        self.provider = provider
        super().__init__(f"no credentials for {provider or 'any provider'}")


class WrongState(CloudDeskError):
    """The reservation is in a state in which this cannot be done."""

    code = "wrong_state"

    def __init__(self, name: str, *, state: str, wanted: str) -> None:
        self.name = name
        self.state = state
        self.wanted = wanted
        super().__init__(f"{name} is {state}; cannot {wanted}")


class ImagesLost(CloudDeskError):
    """The reservation is archived, and all images of its disks were deleted in the cloud: nothing can be started."""

    code = "images_lost"

    def __init__(self, name: str, *, provider: str) -> None:
        self.name = name
        self.provider = provider
        super().__init__(f"the images of {name} are gone on {provider}")


class Protected(CloudDeskError):
    """The reservation is protected: that is to be taken off first."""

    code = "protected"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is protected")


class Frozen(CloudDeskError):
    """Nobody of the workspace gets new machines for now."""

    code = "frozen"

    def __init__(self, freeze: Freeze) -> None:
        self.freeze = freeze
        super().__init__(f"frozen by {freeze.by}")


class NotLookedAfter(CloudDeskError):
    """The reservation's workflow was ended from outside: nothing that is asked of it would ever be done."""

    code = "not_looked_after"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"nothing looks after {name} any more; the next sweep tells of its machines")


class Unavailable(CloudDeskError):
    """One of our own servers does not answer."""

    code = "unavailable"
    is_retryable = True

    def __init__(self, server: str) -> None:
        self.server = server
        super().__init__(f"{server} does not answer")


class Undecided(Unavailable):
    """A wish was passed on and no answer came in time: it may be carried out still."""

    code = "undecided"

    def __init__(self, server: str) -> None:
        self.server = server
        CloudDeskError.__init__(self, f"passed on; {server} has not answered yet")


class ProviderError(CloudDeskError):
    """A cloud said no. ``vendor_text`` is for the log, never for a person."""

    code = "provider_error"

    def __init__(self, provider: str, vendor_text: str = "") -> None:
        self.provider = provider
        self.vendor_text = vendor_text
        super().__init__(f"{provider}: {self.code}" + (f" ({vendor_text})" if vendor_text else ""))


class CredentialsRejected(ProviderError):
    """The cloud does not accept the key, or the key may not do what was asked."""

    code = "credentials_rejected"


class BillRefused(ProviderError):
    """The key works, and may not read what the account is charged."""

    code = "bill_refused"


class QuotaExceeded(ProviderError):
    """The account's own limit is reached."""

    code = "quota_exceeded"


class NoCapacity(ProviderError):
    """The cloud has no such machine free in that region now."""

    code = "no_capacity"


class RateLimited(ProviderError):
    """Too many calls; ``retry_after_seconds`` as the cloud said it, if it did."""

    code = "rate_limited"
    is_retryable = True

    def __init__(self, provider: str, vendor_text: str = "", *, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(provider, vendor_text)


class ProviderDown(ProviderError):
    """No connection, a time-out, or an error on the cloud's own side."""

    code = "provider_down"
    is_retryable = True


class RequestRejected(ProviderError):
    """The cloud finds the request itself wrong (an image that does not exist, a bad name)."""

    code = "request_rejected"


class NoFirewall(RequestRejected):
    """The machines have no firewall of their own, whose rules could be changed; nothing was."""

    code = "no_firewall"


class PutBack(ProviderError):
    """A change of the firewall broke off in the middle; its rules of before were put back."""

    code = "put_back"


class Unsure(ProviderError):
    """A change of the firewall broke off in the middle, and it could not be put back yet: that is tried again."""

    code = "unsure"
