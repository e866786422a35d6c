"""Sums for all of the time that something is wanted: "10 dollars in total"."""

from __future__ import annotations

import re

from clouddesk.language.vocabulary import plain

_MONEY = r"(?:[$€£]\s?[\d.,]*\d|[\d.,]*\d\s?(?:[$€£]|dollars?|bucks|usd|euros?|eur|cents?)|\w+ (?:dollars?|bucks))"
_BUDGET = re.compile(
    rf"{_MONEY}\s*(?:in total|total|altogether|all together|in all|all in|overall|for (?:the whole|everything|all))\b"
    rf"|\bbudget\b|\btotal (?:cost|price)\b|\bin total\b[^,;]{{0,20}}{_MONEY}"
)
_HOURLY = re.compile(r"\b(?:per|an|every|each) h(?:ou)?r?\b|/ ?h(?:ou)?r?\b|\bhourly\b")


def is_budget(text: str) -> bool:
    """Whether a price is for all of the time: "10 dollars in total"."""
    said = plain(text)
    return _BUDGET.search(said) is not None and _HOURLY.search(said) is None
