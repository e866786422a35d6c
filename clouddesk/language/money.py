"""Amounts of dollars in words: what something has cost, and what it costs an hour."""

from __future__ import annotations

UNKNOWN = "an unknown price"
_LEAST_USD = 0.0001


def money(usd: float | None) -> str:
    """A sum in dollars and cents, "$9.84"; None is unknown, never zero.

    What would hide in the cents keeps four places, so that nothing costs "$0.00" or "$0.01".
    """
    if usd is None:
        return UNKNOWN
    if 0 < usd < 0.1:
        return f"${_without_zeros(f'{max(usd, _LEAST_USD):.4f}')}"
    return f"${usd:,.2f}"


def rate(usd: float, *, beside: float | None = None) -> str:
    """A price of an hour, "$1.23" or "$0.192": small ones keep the digits that tell them apart.

    ``beside``: the smallest of the prices that it is read next to, which all show as many digits.
    """
    if usd == 0:
        return "$0"
    if usd < _LEAST_USD:
        return f"less than ${_LEAST_USD}"
    least = usd if beside is None else min(usd, beside)
    digits = 2 if least >= 1 else 3 if least >= 0.1 else 4
    shown = f"{usd:,.{digits}f}"
    return f"${_without_zeros(shown) if beside is None else shown}"


def hourly(usd: float | None, *, beside: float | None = None) -> str:
    """A price of an hour with its unit, "$0.192/h"; None is unknown, never zero."""
    return "price unknown" if usd is None else f"{rate(usd, beside=beside)}/h"


def _without_zeros(digits: str) -> str:
    """Without zeros at the end, but with two places after the point."""
    whole, point, places = digits.partition(".")
    return f"{whole}{point}{places.rstrip('0').ljust(2, '0')}"
