"""Microsoft Azure: virtual machines by Azure Resource Manager."""

from __future__ import annotations

from clouddesk.model.errors import (
    CredentialsRejected,
    NoCapacity,
    ProviderDown,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
)
from clouddesk.providers.spec import CredentialField, ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

LOGIN = "azureuser"
"""Azure makes the user that it is told to; this is the name that its own tools take."""


def _image(publisher: str, offers: str) -> ImageQuery:
    """``offers``: "offer:sku" for x86 of generation 2, for ARM, and for x86 of generation 1, "-" for none."""
    return ImageQuery(offers, LOGIN, publisher)


def _ubuntu(offer: str, sku: str) -> ImageQuery:
    return _image("Canonical", f"{offer}:{sku}-gen2 {offer}:{sku}-arm64 {offer}:{sku}")


def _debian(version: str, arm: str) -> ImageQuery:
    offer = f"debian-{version}"
    return _image("Debian", f"{offer}:{version}-gen2 {arm} {offer}:{version}")


def _almalinux(version: str) -> ImageQuery:
    x86 = f"almalinux-x86_64:{version}"
    return _image("almalinux", f"{x86}-gen2 almalinux-arm:{version}-arm-gen2 {x86}-gen1")


AZURE = ProviderSpec(
    name="azure",
    title="Azure",
    cloud="clouddesk.providers.azure:AzureCloud",
    credential_fields=(
        CredentialField(
            "tenant_id",
            "Tenant ID",
            "The directory's id, as `az account show` tells it.",
            is_secret=False,
        ),
        CredentialField(
            "subscription_id",
            "Subscription ID",
            "Where the machines are made and paid for.",
            is_secret=False,
        ),
        CredentialField(
            "client_id",
            "Client ID",
            "The appId of a service principal that may make resource groups with machines and networks in them: "
            "`az ad sp create-for-rbac --name clouddesk --role Contributor --scopes /subscriptions/<subscription id>`. "
            "A role with just the rights that are used is in docs/azure.md.",
            is_secret=False,
        ),
        CredentialField("client_secret", "Client secret", "The password that the same command shows once."),
    ),
    images={
        "ubuntu-20.04": _ubuntu("0001-com-ubuntu-server-focal", "20_04-lts"),
        "ubuntu-22.04": _ubuntu("0001-com-ubuntu-server-jammy", "22_04-lts"),
        "ubuntu-24.04": _image(
            "Canonical",
            "ubuntu-24_04-lts:server ubuntu-24_04-lts:server-arm64 ubuntu-24_04-lts:server-gen1",
        ),
        "debian-11": _debian("11", "-"),
        "debian-12": _debian("12", "debian-12:12-arm64"),
        "debian-13": _debian("13", "debian-13:13-arm64"),
        # Rocky's and AlmaLinux's are offers of the marketplace; of Rocky's an account must have accepted the terms.
        "rocky-8": _image("resf", "rockylinux-x86_64:8-base rockylinux-aarch64:8-base -"),
        "rocky-9": _image("resf", "rockylinux-x86_64:9-base rockylinux-aarch64:9-base -"),
        "almalinux-8": _almalinux("8"),
        "almalinux-9": _almalinux("9"),
    },
    default_versions=DEFAULT_VERSIONS,
    # A machine that is stopped here is deallocated, not just powered off, which Azure goes on billing.
    bills_stopped_machines=False,
    is_live_priced=False,
    refines_prices=True,
    # Resource Manager's buckets for one service principal and subscription: 250 reads and 25 a second, 200 changes and
    # 10 a second. Deletions have a bucket of the same size as changes.
    requests_per_second=10.0,
    request_burst=200,
    # A machine's name follows from its key, and there is only one of that name in the reservation's resource group.
    creates_once=True,
    access_url="https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
    key_kinds=("ssh-rsa", "ssh-ed25519"),
    errors=(
        ErrorPattern(r"^429\b", RateLimited),
        ErrorPattern(
            r"^40[013] AADSTS|\b(Invalid|Expired)AuthenticationToken|\bAuthenticationFailed\b"
            r"|\b(Linked)?Authorization(Failed|PermissionMismatch)\b"
            r"|\b(InvalidSubscriptionId|SubscriptionNotFound|InvalidTenantId|(ReadOnly)?DisabledSubscription)\b",
            CredentialsRejected,
        ),
        # Said with 403 as well: a company's own rules, and terms of the marketplace that nobody has accepted.
        ErrorPattern(
            r"\b(RequestDisallowedByPolicy|MarketplacePurchaseEligibilityFailed|ResourcePurchaseValidationFailed)\b",
            RequestRejected,
        ),
        ErrorPattern(
            r"\b\w*Quota(Exceeded|Reached)\b|\b\w*LimitReached\b|\bLimitExceeded\b"
            r"|\bOperationNotAllowed\b.*\b(quota|exceeding approved)\b",
            QuotaExceeded,
        ),
        ErrorPattern(
            r"\b(SkuNotAvailable|NotAvailableForSubscription|RequestDisallowedByAzure)\b"
            r"|\b(Zonal)?Allocation(Failed|Timeout)\b|\bOverconstrained(Zonal)?AllocationRequest\b",
            NoCapacity,
        ),
        # Something else is being done with the same thing, or Azure could not finish in time.
        ErrorPattern(
            r"^409 Conflict|\bmarked for deletion\b|\b(ResourceGroupBeingDeleted|AnotherOperationInProgress"
            r"|OperationPreempted|RetryableError|ReferencedResourceNotProvisioned|NicReservedForAnotherVm"
            r"|InUse\w+CannotBeDeleted)\b",
            ProviderDown,
        ),
    ),
)
