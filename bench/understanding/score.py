"""What came out, compared with what was meant."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.figures import percentile
from nlu.sentences import Frame, Sentence

OUT_OF_SCOPE, PASTE_SECRET = "out_of_scope", "paste_secret"
ACTING = frozenset(
    (
        "create_vm",
        "create_cluster",
        "terminate_resource",
        "stop_resource",
        "start_resource",
        "reboot_resource",
        "extend_reservation",
        "scale_cluster",
        "schedule_power",
        "use_template",
        "delete_template",
        "unshare_resource",
        "remove_credentials",
    )
)
"""Intents that cost or destroy something, once the person has said yes to it."""

_NORMAL_QUANTILE = 1.96
_BINS = 10


@dataclass(frozen=True)
class Answer:
    """What a sentence was understood as; ``is_fallback`` when the bot would ask rather than act.

    ``busy_milliseconds`` is the processor's time alone: what the parse takes where nothing else runs.
    """

    intent: str
    confidence: float
    frame: Frame
    is_fallback: bool
    milliseconds: float
    busy_milliseconds: float


@dataclass(frozen=True)
class Outcome:
    """A sentence and its answer."""

    sentence: Sentence
    answer: Answer

    @property
    def is_right(self) -> bool:
        """The best intent is the one that was meant, whether or not the bot is sure of it."""
        return self.answer.intent == self.sentence.intent

    @property
    def is_exact(self) -> bool:
        """Intent and all values."""
        return self.is_right and self.answer.frame == self.sentence.frame

    @property
    def is_action(self) -> bool:
        """The bot would propose to do something that costs or destroys."""
        return self.answer.intent in ACTING and not self.answer.is_fallback


class Share(NamedTuple):
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies with 95 % confidence (Wilson)."""
        if not self.whole:
            return 0.0, 1.0
        square = _NORMAL_QUANTILE**2 / self.whole
        centre = (self.value + square / 2) / (1 + square)
        spread = math.sqrt(self.value * (1 - self.value) * square + square**2 / 4) / (1 + square)
        return max(0.0, centre - spread), min(1.0, centre + spread)


@dataclass(frozen=True)
class EntityScore:
    """Values of one entity that were found, made up and missed."""

    name: str
    hits: int
    extra: int
    missed: int

    @property
    def support(self) -> int:
        return self.hits + self.missed

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.extra)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.support)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.extra + self.missed)


class Bin(NamedTuple):
    """Answers of about one confidence."""

    size: int
    confidence: float
    accuracy: float


class Threshold(NamedTuple):
    """What asking below this confidence would bring."""

    value: float
    asked: int
    asked_in_vain: int
    wrong_unasked: int


def right(outcomes: Sequence[Outcome]) -> Share:
    """Intents."""
    return Share(sum(one.is_right for one in outcomes), len(outcomes))


def exact(outcomes: Sequence[Outcome]) -> Share:
    """Whole frames."""
    return Share(sum(one.is_exact for one in outcomes), len(outcomes))


def of_intent(outcomes: Iterable[Outcome], intent: str) -> list[Outcome]:
    """Those that mean it."""
    return [one for one in outcomes if one.sentence.intent == intent]


def by_intent(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """In the order of their names."""
    return {intent: of_intent(outcomes, intent) for intent in sorted({one.sentence.intent for one in outcomes})}


def by_tag(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """By the ways of writing that the author of the test set noted, the most frequent first; one may have several."""
    tagged = defaultdict(list)
    for one in outcomes:
        for tag in one.sentence.tags:
            tagged[tag].append(one)
    return dict(sorted(tagged.items(), key=lambda entry: -len(entry[1])))


def confusions(outcomes: Iterable[Outcome]) -> Counter[tuple[str, str]]:
    """Pairs of the meant and the understood intent that differ."""
    return Counter((one.sentence.intent, one.answer.intent) for one in outcomes if not one.is_right)


def entities(outcomes: Iterable[Outcome]) -> list[EntityScore]:
    """Each entity by normalised value, in the order of their names."""
    hits, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    for one in outcomes:
        for name in one.answer.frame.keys() | one.sentence.frame.keys():
            got, gold = (frame.get(name, frozenset()) for frame in (one.answer.frame, one.sentence.frame))
            hits[name] += len(got & gold)
            extra[name] += len(got - gold)
            missed[name] += len(gold - got)
    return [EntityScore(name, hits[name], extra[name], missed[name]) for name in sorted(hits)]


def all_entities(scores: Iterable[EntityScore]) -> EntityScore:
    """Every value alike, whichever entity it belongs to."""
    listed = list(scores)
    hits, extra, missed = (sum(getattr(one, name) for one in listed) for name in ("hits", "extra", "missed"))
    return EntityScore("all", hits, extra, missed)


def false_actions(outcomes: Iterable[Outcome]) -> Counter[str]:
    """What the bot would propose to do for sentences that are none of its business."""
    return Counter(one.answer.intent for one in of_intent(outcomes, OUT_OF_SCOPE) if one.is_action)


def wrong_actions(outcomes: Iterable[Outcome]) -> int:
    """How often it would propose to do something else than was meant."""
    return sum(one.is_action and not one.is_right and one.sentence.intent != OUT_OF_SCOPE for one in outcomes)


def calibration(outcomes: Iterable[Outcome]) -> list[Bin]:
    """Bins of equal width that hold something; answers that a found secret decided are left out."""
    binned = defaultdict(list)
    for one in outcomes:
        if one.answer.intent != PASTE_SECRET:
            binned[min(_BINS - 1, int(one.answer.confidence * _BINS))].append(one)
    return [
        Bin(len(own), sum(one.answer.confidence for one in own) / len(own), right(own).value)
        for _, own in sorted(binned.items())
    ]


def calibration_error(bins: Iterable[Bin]) -> float:
    """How far confidence and accuracy lie apart, weighed by the number of answers (ECE)."""
    listed = list(bins)
    distance = sum(one.size * abs(one.confidence - one.accuracy) for one in listed)
    return distance / max(1, sum(one.size for one in listed))


def threshold(outcomes: Iterable[Outcome], value: float) -> Threshold:
    """Asking instead of acting whenever the confidence is lower."""
    asked = asked_in_vain = wrong_unasked = 0
    for one in outcomes:
        is_low = one.answer.confidence < value
        asked += is_low
        asked_in_vain += is_low and one.is_right
        wrong_unasked += not is_low and not one.is_right
    return Threshold(value, asked, asked_in_vain, wrong_unasked)


def milliseconds(outcomes: Iterable[Outcome], share: float) -> float:
    """How long a parse takes at most in this share of the sentences."""
    return percentile([one.answer.milliseconds for one in outcomes], share)


def busy_milliseconds(outcomes: Iterable[Outcome], share: float) -> float:
    """How much of the processor's time."""
    return percentile([one.answer.busy_milliseconds for one in outcomes], share)
