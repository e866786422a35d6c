"""The clouds: one ``LibcloudProvider`` over a table, with a small class for what each API does differently."""

from clouddesk.providers.libcloud_provider import LibcloudProvider, open_provider
from clouddesk.providers.spec import CredentialField, ProviderSpec
from clouddesk.providers.table import LIVE_PRICED, PROVIDERS, providers_with_os

__all__ = [
    "LIVE_PRICED",
    "PROVIDERS",
    "CredentialField",
    "LibcloudProvider",
    "ProviderSpec",
    "open_provider",
    "providers_with_os",
]
