"""Google Cloud: machines of Compute Engine."""

from __future__ import annotations

from clouddesk.model.errors import CredentialsRejected, NoCapacity, ProviderDown, QuotaExceeded, RateLimited
from clouddesk.providers.spec import CredentialField, ErrorPattern, ImageQuery, ProviderSpec
from clouddesk.providers.specs.systems import DEFAULT_VERSIONS

KEY_FIELD = "service_account_key"

GCP = ProviderSpec(
    name="gcp",
    title="Google Cloud",
    cloud="clouddesk.providers.gcp:GceCloud",
    credential_fields=(
        CredentialField(
            KEY_FIELD,
            "Service account key",
            "The whole JSON file of the key; `base64 -w0 key.json` makes one line of it. The account needs the roles "
            "Compute Instance Admin (v1) and Compute Security Admin, and no other.",
            is_json=True,
        ),
    ),
    # Image families, each in the project of who makes them: a family means its newest image. The guest agent makes
    # whatever user the keys are for; these are the names that the systems' own images have elsewhere.
    images={
        "ubuntu-22.04": ImageQuery("ubuntu-2204-lts", "ubuntu", "ubuntu-os-cloud"),
        "ubuntu-24.04": ImageQuery("ubuntu-2404-lts-{debian}", "ubuntu", "ubuntu-os-cloud"),
        "debian-12": ImageQuery("debian-12", "debian", "debian-cloud"),
        "debian-13": ImageQuery("debian-13", "debian", "debian-cloud"),
        "rocky-8": ImageQuery("rocky-linux-8", "rocky", "rocky-linux-cloud"),
        "rocky-9": ImageQuery("rocky-linux-9", "rocky", "rocky-linux-cloud"),
        "almalinux-8": ImageQuery("almalinux-8", "almalinux", "almalinux-cloud"),
        "almalinux-9": ImageQuery("almalinux-9", "almalinux", "almalinux-cloud"),
        "centos-stream-9": ImageQuery("centos-stream-9", "centos", "centos-cloud"),
    },
    default_versions={**DEFAULT_VERSIONS, "centos": "centos-stream-9", "centos-9": "centos-stream-9"},
    bills_stopped_machines=False,
    # 0.05 in Iowa; docs/prices.md says why more is taken. The whole disk is counted, what is written is billed.
    image_usd_gb_month=0.08,
    is_live_priced=False,
    # 1,500 requests a minute for a project and region: 150 at once + 60 x 20 are fewer.
    requests_per_second=20.0,
    request_burst=150,
    access_url="https://console.cloud.google.com/iam-admin/serviceaccounts",
    errors=(
        # Google says 403 for too many requests, for a reached quota and for a right that is missing.
        ErrorPattern(r"\b(userRateLimit|rateLimit|concurrentLimit)Exceeded\b|RATE_LIMIT_EXCEEDED", RateLimited),
        # Too many images of one disk in an hour.
        ErrorPattern(r"\bRESOURCE_OPERATION_RATE_EXCEEDED\b|\bOperation rate exceeded for resource\b", RateLimited),
        ErrorPattern(r"QUOTA_EXCEEDED|\bquotaExceeded\b|Quota '\w+' exceeded|\blimitExceeded\b", QuotaExceeded),
        ErrorPattern(r"RESOURCE_POOL_EXHAUSTED|\bSTOCKOUT\b|not have enough resources available", NoCapacity),
        ErrorPattern(
            r"\b(invalid_grant|invalid_client|unauthorized_client|deleted_client|disabled_client|access_denied)\b",
            CredentialsRejected,
        ),
        # A machine between two states, or another change of the same thing under way.
        ErrorPattern(r"\b(resourceNotReady|operationInProgress|RESOURCE_NOT_READY)\b|INTERNAL_ERROR", ProviderDown),
    ),
)
