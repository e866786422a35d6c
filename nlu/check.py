"""Whether the training data is fit to learn from: enough, by many people, nothing said twice. ``python -m nlu.check``.

A model that was trained on the same sentence in many coats, or on its own test, looks better than it is. Of the
test set only numbers are printed: who mends the training data must not read it.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from clouddesk.language.mask import mask
from nlu.overlap import alike, plain
from nlu.sentences import Sentence, sentences, separate

LEAST_SENTENCES = 8000
LEAST_OF_AN_INTENT = 100
LEAST_OF_A_WIDE_INTENT = 400
WIDE_INTENTS = frozenset(("create_vm", "create_cluster", "inform", "out_of_scope"))
"""Intents that people put in the most different words."""

LEAST_TESTED = 800
LEAST_AUTHORS = 10
LEAST_OF_AN_AUTHOR = 100
"""With fewer sentences nobody's way of writing is learned, and they are no author."""

LONG = 5
"""Words. Shorter sentences ("thanks a lot", "yes please") are said alike by people who never met."""

TOO_ALIKE = 0.6
"""Above it two long sentences are one: a word was exchanged, added or left out ("are we over budget already?", "are we
over budget yet"). At 0.5 pairs begin to differ in what they ask ("extend my visa by 3 months", "extend my gym
membership by 3 months"), which is what an intent is learned from."""

MOST_BY_TEMPLATE = 0.1
"""Share of one author's long sentences that have a twin among them once names and numbers are masked. A program with
five slots of three to five words each comes to 1.0; the author of terse commands to 0.06, all others to 0.01."""


def faults(training: Sequence[Sentence], test: Sequence[Sentence], *, size: bool = True) -> Iterator[str]:
    """Everything that is wrong, a line each; ``size`` is whether there must be enough."""
    if size:
        yield from _too_few(training, test)
    yield from _repeated(training)
    yield from _near_duplicates(training)
    yield from _by_template(training)
    yield from _in_test_set(training, test)


def _too_few(training: Sequence[Sentence], test: Sequence[Sentence]) -> Iterator[str]:
    if len(test) < LEAST_TESTED:
        yield f"The test set has {len(test)} sentences; at least {LEAST_TESTED} are needed."
    if len(training) < LEAST_SENTENCES:
        yield f"There are {len(training)} sentences; at least {LEAST_SENTENCES} are needed."
    of_intent = Counter(one.intent for one in training)
    for intent in sorted(of_intent.keys() | WIDE_INTENTS):
        least = LEAST_OF_A_WIDE_INTENT if intent in WIDE_INTENTS else LEAST_OF_AN_INTENT
        if of_intent[intent] < least:
            yield f"{intent} has {of_intent[intent]} sentences; at least {least} are needed."
    authors = [name for name, count in Counter(one.author for one in training).items() if count >= LEAST_OF_AN_AUTHOR]
    if len(authors) < LEAST_AUTHORS:
        yield (
            f"{len(authors)} authors have written {LEAST_OF_AN_AUTHOR} sentences or more; "
            f"at least {LEAST_AUTHORS} are needed."
        )


def _repeated(training: Sequence[Sentence]) -> Iterator[str]:
    said = defaultdict(list)
    for one in training:
        said[plain(one.said)].append(one)
    for same in said.values():
        if len(same) > 1:
            yield f"Said {len(same)} times: {' | '.join(map(_shown, same))}"


def _near_duplicates(training: Sequence[Sentence]) -> Iterator[str]:
    texts, long = _long(training)
    for pair in alike(texts, TOO_ALIKE):
        if texts[pair.first] != texts[pair.second]:  # else they are repeated
            yield f"Almost the same ({pair.share:.2f}): {_shown(long[pair.first])} | {_shown(long[pair.second])}"


def _by_template(training: Sequence[Sentence]) -> Iterator[str]:
    _, long = _long(training)
    with ProcessPoolExecutor() as pool:
        skeletons = list(pool.map(mask, [one.said for one in long], chunksize=256))
    of_author = defaultdict(list)
    for one, skeleton in zip(long, skeletons):  # noqa: B905 - a skeleton for each
        of_author[one.author].append(plain(skeleton))
    for author, own in sorted(of_author.items()):
        twins = {number for pair in alike(own, TOO_ALIKE) for number in (pair.first, pair.second)}
        if len(twins) > MOST_BY_TEMPLATE * len(own):
            examples = " | ".join(repr(own[number]) for number in sorted(twins)[:4])
            yield f"{len(twins)} of {len(own)} long sentences of author {author} look made by a program: {examples}"


def _in_test_set(training: Sequence[Sentence], test: Sequence[Sentence]) -> Iterator[str]:
    if repeated := len(test) - len({plain(one.said) for one in test}):
        yield f"Sentences of the test set that are there more than once: {repeated}."
    texts, long = _long(training)
    test_texts, _ = _long(test)
    nearest: dict[int, float] = defaultdict(float)
    for pair in alike(texts, TOO_ALIKE, test_texts):
        nearest[pair.first] = max(nearest[pair.first], pair.share)
    for number, share in nearest.items():
        yield f"Too near to a sentence of the test set ({share:.2f}): {_shown(long[number])}"


def _long(several: Sequence[Sentence]) -> tuple[list[str], list[Sentence]]:
    texts = [plain(one.said) for one in several]
    kept = [number for number, text in enumerate(texts) if len(text.split()) >= LONG]
    return [texts[number] for number in kept], [several[number] for number in kept]


def _shown(one: Sentence) -> str:
    return f"{one.author} {one.intent} {one.said!r}"


def summary(training: Sequence[Sentence], test: Sequence[Sentence]) -> str:
    """What was looked at."""
    known = {plain(one.said) for one in training}
    shared = sum(plain(one.said) in known for one in test)
    return (
        f"{len(training)} sentences, {len({one.intent for one in training})} intents, "
        f"{len({one.author for one in training})} authors; {shared} of {len(test)} of the test set "
        f"are everyday words (fewer than {LONG}) that the training data has as well."
    )


def main() -> None:
    """The command: exits with 1 when something is wrong."""
    training, test = sentences(), separate()
    found = list(faults(training, test))
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    if found:
        sys.exit(f"The training data has {len(found)} faults; mend nlu/intents.")
    sys.stdout.write(f"Training data: {summary(training, test)}\n")


if __name__ == "__main__":
    main()
