"""Messages about the clouds' own bills, whatever the classifier took them for.

"The aws bill for october" alone is what machines cost: here it is about holding the two against each other, or about
what a cloud itself says.
"""

from __future__ import annotations

import re

from actions.turn import Turn
from clouddesk.language.vocabulary import plain

_CLOUD = (
    r"(?:aws|amazon|digital ?ocean|azure|microsoft|google(?: cloud)?|gcp|linode|akamai|vultr|openstack"
    r"|(?:the |our )?(?:cloud )?(?:providers?|vendors?|clouds?)|they)"
)
_HOW = r"(?:(?:own|actual|real|official|last|monthly) )*"
_BILL = (
    rf"(?:(?:the|their|its|that|those|this) )?{_HOW}(?:{_CLOUD}(?:'?s'?)? )?{_HOW}"
    r"(?:bills?|invoices?|billing)\b"
)
_CHARGE = r"(?:charge[sd]?|charging|bill(?:s|ed|ing)?|invoice[sd]?|invoicing)"
_ASKS = re.compile(
    rf"\b(?:with|against|from|match(?:es|ing)?|tally(?:ing)? with|equals?|reconciles?|same as) {_BILL}"
    rf"|\bcompare\b[\w' ]*\b(?:to|and) {_BILL}(?! (?:last|of last|from last))"
    rf"|\bwhat (?:does|do|did|will) {_BILL} (?:say|show|tell|have|claim)\b"
    rf"|\bwhat(?:'s| is| was) on {_BILL}"
    rf"|\bcompare {_BILL}(?: (?:for|of|from) [\w ]+)? (?:with|to|against) (?:what|yours?|ours?|mine|my|the costs?)\b"
    rf"|\bwhat (?:does|do|did|is|has|have) {_CLOUD} (?:itself |themselves |really |actually )?{_CHARGE} (?:us|me)\b"
    r"(?! for (?:an?|one|\d))"
    rf"|\b(?:match(?:es)?|agrees? with|same as|with|against|from) what {_CLOUD} (?:\w+ )?{_CHARGE}\b"
    r"|\bcost explorer\b"
)
_OF_OURS = re.compile(
    r"\b(?:with|against|from|same as) (?:last|this|the previous) (?:week|month|quarter|year)'?s? bill\b"
)


def asks(turn: Turn) -> bool:
    """Whether the message asks to compare with what the clouds charge."""
    if turn.is_button:
        return False
    text = plain(turn.text)
    return _ASKS.search(text) is not None and _OF_OURS.search(text) is None
