"""Region words ("frankfurt", "us west", "europe", "fra1") → the providers' own region names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from clouddesk.model.errors import UnknownRegion

_LEAST_SCORE = 82.0  # of 100: "frankfrut", "mubmai" and "sinagpore" pass, "narnia" does not
_FUZZY_LENGTH = 4  # shorter words are too near to one another
_FILLER = re.compile(r"\b(in|the|region|regions|area|zone|datacenter|data center|somewhere|anywhere|near|around)\b")
_SHORT_PARTS = {"us", "eu", "uk"}  # other words of two letters mean a place only when they stand alone
_ANYWHERE = {"any", "anywhere", "somewhere", "global", "worldwide", "cheapest", "whatever"}

_BIG_PLACES = ("virginia", "new york", "san francisco", "frankfurt", "london", "singapore")

Place = tuple[str, str]
"""Provider and its region."""


@dataclass(frozen=True)
class Regions:
    """All regions of all providers, and the words for them."""

    names: dict[str, tuple[str, ...]]
    """Region names by provider, in the order of the data file."""
    opt_in: frozenset[Place]
    """Regions that an account must switch on first."""
    proposals: dict[str, tuple[str, ...]] = field(repr=False)
    """What to propose to somebody whose words are unknown, by provider: cities and region names."""
    words: dict[str, frozenset[Place]] = field(repr=False)
    narrow: frozenset[str] = field(repr=False)
    """Words for one place (a name, a city), which include a region that must be switched on."""

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Regions:
        """The regions of ``regions.yml``."""
        data = yaml.safe_load((Path(__file__).parent / "regions.yml").read_text())
        words: dict[str, set[Place]] = defaultdict(set)
        narrow: set[str] = set()
        opt_in: set[Place] = set()
        for provider, regions in data["regions"].items():
            for name, facts in regions.items():
                place = (provider, name)
                for word in (name, facts["city"], *facts.get("words", [])):
                    words[_normal(word)].add(place)
                    narrow.add(_normal(word))
                for word in _wider_words(data, facts):
                    words[_normal(word)].add(place)
                if facts.get("opt_in"):
                    opt_in.add(place)
        names = {provider: tuple(regions) for provider, regions in data["regions"].items()}
        found = {word: frozenset(places) for word, places in words.items()}
        proposals = {
            provider: tuple(dict.fromkeys([*(facts["city"] for facts in regions.values()), *regions]))
            for provider, regions in data["regions"].items()
        }
        return cls(names, frozenset(opt_in), proposals, found, frozenset(narrow))

    def with_places(self, places: Iterable[Place], whereabouts: Mapping[Place, str]) -> Regions:
        """With places that the data file does not have, known by their own names.

        ``whereabouts``: where a place is, in words ("frankfurt"); what else is said of all that these words mean is
        said of it too ("germany", "europe").
        """
        told = sorted(places)
        added = [place for place in told if place[1] not in self.names.get(place[0], ()) or place in whereabouts]
        if not added:
            return self
        names = {provider: list(known) for provider, known in self.names.items()}
        words = {word: set(found) for word, found in self.words.items()}
        narrow, wide = set(self.narrow), self.words.keys() - self.narrow
        for place in added:
            provider, name = place
            if name not in names.setdefault(provider, []):
                names[provider].append(name)
            where = _normal(whereabouts.get(place, ""))
            alike = self.words.get(where, frozenset())
            own = {_normal(name), where} - {""}
            narrow |= own - wide
            for word in own | {word for word, found in self.words.items() if alike and alike <= found}:
                words.setdefault(word, set()).add(place)
        return replace(
            self,
            names={provider: tuple(known) for provider, known in names.items()},
            proposals={
                **self.proposals,
                **{
                    provider: tuple(whereabouts.get(place, place[1]) for place in told if place[0] == provider)
                    for provider, _ in added
                },
            },
            words={word: frozenset(found) for word, found in words.items()},
            narrow=frozenset(narrow),
        )

    def resolve(self, said: str, providers: Iterable[str] = ()) -> frozenset[Place]:
        """The places that the words mean, only of ``providers`` when some are given. Raises UnknownRegion."""
        wanted = set(providers) or set(self.names)
        text = _normal(said)
        if text in _ANYWHERE:
            return self.usual(wanted)
        for word in self._readings(text):
            places = {place for place in self.words[word] if place[0] in wanted}
            if word not in self.narrow:
                # A country or continent means the regions that every account has, if there are any.
                places = (places - self.opt_in) or places
            if places:
                return frozenset(places)
        raise UnknownRegion(said, self._plausible(text, wanted))

    def known(self, said: str) -> frozenset[Place]:
        """All places that the words mean; none when nothing is known by them."""
        try:
            return self.resolve(said)
        except UnknownRegion:
            return frozenset()

    def usual(self, providers: Iterable[str] = ()) -> frozenset[Place]:
        """All places that need no switching on."""
        wanted = set(providers) or set(self.names)
        return frozenset((p, name) for p in wanted for name in self.names.get(p, ()) if (p, name) not in self.opt_in)

    def _readings(self, text: str) -> list[str]:
        """Known words for the text, most literal first."""
        zone = re.fullmatch(r"([a-z]{2}(?: [a-z]+)+ \d)[a-z]", text)  # us-east-1a is a zone of us-east-1
        stripped = " ".join(_FILLER.sub(" ", text).split())
        tries = [text, zone.group(1) if zone else "", stripped]
        # "eu (frankfurt)", "frankfurt, germany": the longest part that is known. A digit belongs to a name, and a wrong
        # name ("us-east-9") must not become another one: no part and no near word leaves it out.
        tokens = stripped.split()
        digits = [i for i, token in enumerate(tokens) if re.search(r"\d", token)]
        spans = [(i, j) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1)]
        parts = [" ".join(tokens[i:j]) for i, j in spans if all(i <= digit < j for digit in digits)]
        parts = [part for part in parts if len(part) > 2 or part in _SHORT_PARTS]
        parts.sort(key=lambda part: (part in self.narrow, len(part)), reverse=True)
        found = [word for word in (*tries, *parts) if word in self.words]
        if not found and len(stripped) >= _FUZZY_LENGTH and not re.search(r"\d", stripped):
            near = process.extractOne(stripped, list(self.words), scorer=fuzz.ratio, score_cutoff=_LEAST_SCORE)
            found = [str(near[0])] if near else []
        return found

    def _plausible(self, text: str, wanted: set[str]) -> list[str]:
        """A few names to propose: the nearest ones, then the big places."""
        known = [word for provider in sorted(wanted) for word in self.proposals.get(provider, ())]
        near = process.extract(text, known, scorer=fuzz.ratio, processor=_normal, limit=3, score_cutoff=60)
        usual = [word for word in _BIG_PLACES if word in known]
        return list(dict.fromkeys([*(str(hit[0]) for hit in near), *usual]))[:6]


def _wider_words(data: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    areas = [word for area in facts.get("areas", []) for word in data["areas"][area]]
    return [*areas, *data["countries"][facts["country"]], *data["continents"][facts["continent"]]]


def _normal(text: str) -> str:
    """Lower case, dashes and punctuation as blanks: "US-West" and "us west" are one."""
    return " ".join(re.sub(r"[^\w]+|_", " ", text.lower()).split())
