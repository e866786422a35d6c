"""A text with what varies (names, numbers, places, ends) replaced by words for its kind, so that intents generalise."""

from __future__ import annotations

from clouddesk.language.scan import Item, scan
from clouddesk.language.words import words

# The kind's stand-in words; letters only, so that character n-grams see them as words of their own.
_STAND_INS = {
    "resource_name": "zname",
    "template_name": "zname",
    "person": "zperson",
    "size_name": "zsize",
    "os": "zos",
    "gpu_type": "zgpu",
    "provider": "zcloud",
    "software": "zsoft",
    "region": "zplace",
    "until": "zend",
    "duration": "zlong",
    "price": "zprice",
    "gb": "zbytes",
    "vcpus": "zcores",
    "number": "znum",
    "opaque": "zlink",
    "spot": "spot",
}


def mask(text: str) -> str:
    """The lower-case text with a stand-in for each item that is not a plain word."""
    return " ".join(_stand_in(item) for item in scan(text))


def _stand_in(item: Item) -> str:
    if item.kind in ("word", "mark"):
        return "zname" if _is_name(item.word) else item.word
    if item.kind == "until" and item.hint == "bare":
        return f"ztime {item.value}"
    if item.kind == "until":
        return f"zend {item.value}"
    if item.kind == "duration":
        return "zlong"
    return _STAND_INS.get(item.kind, item.kind)


_COMPOUNDS = words(
    """
    on-demand pre-emptible set-up sign-in log-in follow-up e-mail check-in heads-up read-only in-house re-run
    """
)


def _is_name(word: str) -> bool:
    """Words such as ``etl-2`` or ``gpu_rig`` are names."""
    if "-" in word.strip("-") and any(map(str.isdigit, word)):
        return True
    return "_" in word.strip("_")
