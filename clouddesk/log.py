"""Logging: structlog, one JSON object a line, with everything that looks like a secret struck out."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET_KEYS = ("secret", "token", "password", "authorization", "access_key", "private_key")


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Strike out values whose key says that they are secret."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_KEYS):
            event[key] = "[redacted]"
    return event


def configure(*, process: str, level: int = logging.INFO) -> None:
    """Log to standard error as JSON lines; ``process`` is bound to every line."""

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        # Not a context variable: lines from worker threads would lack it.
        event["process"] = process
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            name_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
