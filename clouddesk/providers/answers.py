"""Answers of REST APIs whose errors libcloud loses: status, the cloud's words and headers are kept here."""

from __future__ import annotations

import json
import re
from typing import Any

from libcloud.common.base import JsonResponse
from libcloud.common.exceptions import BaseHTTPError, exception_from_message


class PlainResponse(JsonResponse):  # type: ignore[misc]  # libcloud has no types
    """Every status of 200 and more is a success, every error a ``BaseHTTPError``."""

    def success(self) -> bool:
        return 200 <= int(self.status) < 300

    def parse_error(self) -> Any:
        try:
            answer = json.loads(self.body)
        except ValueError:
            answer = {}
        words = self.words(answer) if isinstance(answer, dict) else ""
        raise exception_from_message(int(self.status), words or str(self.error or self.body), dict(self.headers))

    def words(self, answer: dict[str, Any]) -> str:
        """What the cloud says is wrong."""
        raise NotImplementedError


def is_about(error: BaseHTTPError, status: int, words: str) -> bool:
    """Whether a cloud refused with this status for the reason that these words (a regular expression) name."""
    return int(error.code) == status and re.search(words, str(error.message), re.IGNORECASE) is not None
