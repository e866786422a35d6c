"""Shapes of secrets that the detect-secrets project keeps: GitLab, Stripe, SendGrid, Twilio, npm, basic auth in URLs …

Of its detectors those are used that know a shape; those that guess (keywords, entropy, public addresses) take chat for
code and are left out, and so is Artifactory's, which takes words in capitals that begin with AP.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator

# Module and class in detect_secrets.plugins, and the cloud whose secret it is, where it is one of ours.
_DETECTORS = (
    ("aws", "AWSKeyDetector", "aws"),
    ("azure_storage_key", "AzureStorageKeyDetector", "azure"),
    ("basic_auth", "BasicAuthDetector", None),
    ("cloudant", "CloudantDetector", None),
    ("discord", "DiscordBotTokenDetector", None),
    ("github_token", "GitHubTokenDetector", None),
    ("gitlab_token", "GitLabTokenDetector", None),
    ("ibm_cos_hmac", "IbmCosHmacDetector", None),
    ("jwt", "JwtTokenDetector", None),
    ("mailchimp", "MailchimpDetector", None),
    ("npm", "NpmDetector", None),
    ("openai", "OpenAIDetector", None),
    ("pypi_token", "PypiTokenDetector", None),
    ("sendgrid", "SendGridDetector", None),
    ("slack", "SlackDetector", None),
    ("softlayer", "SoftlayerDetector", None),
    ("square_oauth", "SquareOAuthDetector", None),
    ("stripe", "StripeDetector", None),
    ("telegram_token", "TelegramBotTokenDetector", None),
    ("twilio", "TwilioKeyDetector", None),
)


def find_known(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Place and cloud of each secret of a known shape; where only a part of the shape is secret, that part's place."""
    for provider, pattern in _rules():
        for match in pattern.finditer(text):
            part = next((number for number in range(1, pattern.groups + 1) if len(match[number] or "") > 2), 0)
            whole = part == 0 or len(match[part]) < 6  # a prefix such as "ghp" is a group too
            yield (*match.span(0 if whole else part), provider)


@functools.lru_cache(maxsize=1)
def _rules() -> tuple[tuple[str | None, re.Pattern[str]], ...]:
    """Loaded with the first message: importing the detectors takes about a tenth of a second."""
    rules = []
    for module, name, provider in _DETECTORS:
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)()
        rules += [(provider, pattern) for pattern in detector.denylist]
    return tuple(rules)
