"""What a message is as the answer to a yes-or-no question; a pure text function.

What costs money or destroys data happens only on a clear, unconditional yes. So a yes is a closed vocabulary: the text
is cut into known phrases, the longest first (maximal munch), and one word that is not known makes it no yes any more.
A missed yes costs a second one; a yes that was none costs a machine.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import Enum


class Answer(Enum):
    """What an answer says. Only the first two are a yes, and only the first one may destroy anything."""

    YES = "yes"
    APPROVAL = "approval"
    """ "perfect", "sounds good": a yes to an offer, but no order to delete something."""
    NO = "no"
    QUESTION = "question"
    CONDITION = "condition"
    """ "yes but keep the disk", "yes if it is cheap"."""
    LATER = "later"
    HESITATION = "hesitation"
    OTHER = "other"
    """Something else is said, or something besides the yes."""


_YES = """
    yes, yess, yse, yep, yepp, yup, yeah, yea, yeh, ye, ya, yah, yas, y, aye, ack, ok, okay, okey, okie, oki, k, kk,
    okok, okey dokey, okie dokie, oki doki, sure, sure thing, surely, certainly, absolutely, definitely,
    affirmative, of course, by all means, for sure, totally, gladly, agreed, approved, accepted, granted, confirm,
    confirmed, i confirm, i agree, i am agree, i approve, i accept, i do, i am sure, i'm sure, im sure, quite sure,
    very sure,
    100% sure, positive, 100%, exactly, correct, right, that's right, thats right, that is right, that's correct,
    thats correct, that is correct, indeed, do it, do that, do so, do this, please do, just do it, just do that, do
    it now, make it so, make it happen, go, go ahead, go for it, go on, go right ahead, go go go, gogo, just go,
    carry on, crack on, proceed, continue, ship it, send it, let's go, lets go, let's do it, lets do it, let's do
    that, lets do that, let's do this, lets do this, let's, on with it, get on with it, fire away, engage, roger,
    roger that, will do, you may, you can, you have my blessing, you have my ok, you have my okay, uh huh, mhm, mm
    hm, yes sir, yessir, yes ma'am, hell yes, hell yeah, fuck yes, damn right, you bet, you got it, why not, deal,
    done deal, it's a deal, sold, i'm in, im in, that's what i want, thats what i want, that is what i want, that's
    exactly what i want, that's what i meant, that's exactly what i meant, that's the one, thats the one, that is
    the one, as proposed, as you propose, ja, jo, jup, jep, jepp, jawohl, klar, genau, passt, gerne, oui, d'accord,
    si, sí, claro, vale, dale, sim, da, hai, haan, haan ji, tak, kyllä, joo, sì, certo, да, 네, はい, 是, 好
"""
_APPROVAL = """
    good, great, perfect, lovely, nice, cool, excellent, wonderful, awesome, brilliant, super, fantastic, amazing,
    sweet, neat, fab, fine, all good, all right, alright, alrighty, fair enough, no problem, np, lgtm, sgtm, sounds
    good, sounds great, sounds right, sounds fine, sounds perfect, sounds nice, sounds ok, sounds okay, sounds like
    a plan, looks good, looks great, looks right, looks fine, looks perfect, looks ok, looks okay, very good, very
    nice, so good, that works, this works, works for me, works, that'll do, thatll do, that will do, good enough,
    good idea, fine by me, fine with me, fine for me, ok with me, ok for me, ok by me, okay with me, good for me,
    good with me, i'm fine with, i'm fine, i'm happy, i like it, i like that, like it, love it, that's fine, thats
    fine, that is fine, that's ok, thats ok, that is ok, that's okay, that's good, thats good, that is good, that's
    great, thats great, that's perfect, thats perfect, that's lovely, it's fine, its fine, it's ok, its ok, it's
    good, that'd be great, that would be great, that would be good, would be great, that'd be lovely, that'd be
    nice, that would be lovely, that would be nice, that would be wonderful, the price is fine, the price is ok,
    price is fine, price is ok, the price is good, that price is ok, that price is fine, that's acceptable,
    acceptable, very well, perfetto, perfecto, parfait, prima, super
"""
_FILLER = """
    please, pls, plz, plox, thanks, thx, ty, thank you, thank you very much, thanks a lot, many thanks, cheers,
    then, now, right now, right away, straight away, at once, immediately, asap, quick, quickly, today, so, well,
    oh, ah, and, just, it, that, this, them, these, those, all, all of it, all of them, all of these, all three, all
    four, both, both of them, for me, with that, with it, with this, with them, my friend, mate, man, buddy, dude,
    bot, sir, dear, the, a, i, to, is, for good, really, very much, bitte, danke, gracias, por favor, s'il vous
    plaît, merci, señor, i would like to, i'd like to, id like to, i want to, too, with you, here, to me, me, from me
"""
_NO = """
    no, nope, nah, nay, na, noo, never, no way, no thanks, no thank you, not now, not yet, not today, don't, dont,
    do not, don't do it, dont do it, do not do it, don't do that, dont do that, please don't, stop, stop it, abort,
    cancel, cancel it, cancel that, forget it, forget that, nevermind, never mind, nvm, leave it, leave it running,
    leave it be, keep it, keep them, keep it running, no deal, i don't want it, i don't want that, i dont want it,
    rather not, better not, i'd rather not, id rather not, i disagree, negative, wrong, wrong machine, wrong one,
    the wrong one, the wrong machine, that's wrong, thats wrong, that is wrong, that's the wrong one, that's the
    wrong machine, thats the wrong machine, not that one, not this one, not that machine, wrong vm, wrong box, wrong
    server, wrong cluster, my mistake, my bad, i was wrong, didn't mean that, i didn't mean that, changed my mind, i
    changed my mind, i've changed my mind, nein, nee, non, nej, niet, sorry
"""
_CONDITIONS = """
    if, when, whenever, but, unless, only, except, provided, providing, assuming, suppose, supposing, as long as, so
    long as, in case, on condition, however, although, though, whether, depending, depends, without, instead, until,
    till, after, before, once, as soon as, otherwise, or, subject to, given that, minus, besides, yet, also not, not
"""
_LATER = """
    later, tomorrow, tonight, this evening, this afternoon, next, next week, next month, next time, another time,
    some other time, another day, soon, in a bit, in a while, in a minute, in a moment, in a sec, in an hour, in
    half an hour, in the morning, in the evening, in the afternoon, at noon, at midnight, at night, after lunch, on
    monday, on tuesday, on wednesday, on thursday, on friday, on saturday, on sunday, monday, tuesday, wednesday,
    thursday, friday, saturday, sunday, on the weekend, at the weekend, later today, later on, eventually, one day,
    mañana, morgen, später
"""
_HESITATION = """
    hold on, hang on, wait, wait a sec, wait a minute, wait a moment, wait a second, hm, hmm, hmmm, hum, um, umm,
    uh, uhm, er, erm, eh, huh, meh, mm, one sec, one second, one moment, one minute, 1 sec, 1 second, 1 min, 1
    minute, sec, a sec, a second, a moment, a minute, moment, just a sec, just a second, just a moment, just a
    minute, give me a sec, give me a second, give me a minute, give me a moment, gimme a sec, gimme a minute, let me
    think, let me see, let me check, let me ask, let me look, let me think about it, let me think about that, let me
    sleep on it, lemme think, lemme check, lemme see, i'll think about it, ill think about it, i have to think, i
    need to think, i'm thinking, im thinking, thinking, think, maybe, perhaps, possibly, probably, i guess, i
    suppose, i think, i think so, guess so, not sure, i'm not sure, im not sure, i am not sure, i'm not so sure,
    unsure, dunno, i don't know, i dont know, idk, no idea, not quite sure, not so fast, easy, slow down, hold your
    horses, brb, bear with me, stand by, standby, undecided, can't decide, cant decide, whatever, kind of, sort of,
    ish, let me ask my boss, i'll ask, about it, oops, whoa, woah, wow, ugh
"""
_SIGNS = {
    "👍": " yes ",
    ":+1:": " yes ",
    ":thumbsup:": " yes ",
    "+1": " yes ",
    "✅": " yes ",
    "✔": " yes ",
    "👌": " yes ",
    ":ok_hand:": " yes ",
    ":white_check_mark:": " yes ",
    "👎": " no ",
    ":-1:": " no ",
    ":thumbsdown:": " no ",
    "❌": " no ",
    "🚫": " no ",
    "✋": " wait ",
    "🤔": " hm ",
    ":thinking_face:": " hm ",
    "🤷": " hm ",
}
_ASKS = re.compile(
    r"(?:(?:and|but|so|ok|okay|well|hm+|sorry|wait)[ ,]+)*"
    r"(?:what|how|why|who|whose|when|where|which|does|did|should i|is (?:it|that|there|this)"
    r"|are (?:you|there|they|these)|(?:can|could|do) (?:i|you|we)"
    r"|do they|would (?:it|i|you|that (?:mean|be the))|will (?:it|that))\b(?! not\b)"
)
_WORD = re.compile(r"100%|[^\W_]+(?:['.-][^\W_]+)*")
_AFTER_A_YES = re.compile(r"[\s,;.!]+(?:and then|and also|and|then|also|plus|afterwards)\s+|[,;.!]\s+")


def read(text: str, *, doing: Collection[str] = (), named: Iterable[str] = ()) -> Answer:
    """What the text says to the question that is open.

    ``doing`` are the verbs of what is asked ("get", "give back"): "delete it" is a yes where deleting was asked.
    ``named`` are the words that the question itself holds; said again, they add nothing.
    """
    plain = _plain(text)
    if "?" in plain or "¿" in plain:
        return Answer.QUESTION
    words = _WORD.findall(plain)
    kinds = set(_kinds(words, doing, {word for phrase in named for word in _WORD.findall(phrase.lower())}))
    asks = _ASKS.match(plain.strip()) is not None and not kinds <= {Answer.YES, Answer.APPROVAL, None}
    if asks:
        return Answer.QUESTION
    if Answer.NO in kinds and kinds <= {Answer.NO, Answer.HESITATION, Answer.LATER, None}:
        return Answer.NO
    for kind in (Answer.CONDITION, Answer.OTHER, Answer.LATER, Answer.HESITATION):
        if kind in kinds and not (kind is Answer.CONDITION and Answer.NO in kinds and Answer.YES not in kinds):
            return kind
    if Answer.NO in kinds:
        return Answer.OTHER if Answer.YES in kinds else Answer.NO
    if Answer.YES in kinds:
        return Answer.YES
    return Answer.APPROVAL if Answer.APPROVAL in kinds or _only_asks_politely(words) else Answer.OTHER


def yes_and_more(text: str, *, doing: Collection[str] = (), named: Collection[str] = ()) -> tuple[Answer, str]:
    """The yes that the text begins with, and what follows it: "yes, and stop the other one"."""
    for found in _AFTER_A_YES.finditer(text):
        answer = read(text[: found.start()], doing=doing, named=named)
        if answer in (Answer.YES, Answer.APPROVAL):
            return answer, text[found.end() :].strip()
    return Answer.OTHER, text


def _kinds(words: list[str], doing: Collection[str], named: Collection[str]) -> Iterable[Answer | None]:
    """The kind of each phrase; None for what adds nothing."""
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            if phrase in doing:
                yield Answer.YES
            elif phrase in _PHRASES:
                yield _PHRASES[phrase]
            elif length == 1 and phrase in named:
                yield None
            else:
                continue
            place += length
            break
        else:
            yield Answer.OTHER
            place += 1


def _plain(text: str) -> str:
    """Lower case, signs as words, a drawn-out letter once: "yesss", "hmmmm"."""
    plain = re.sub(r"<@\w+>", " ", text.lower().replace("’", "'"))
    for sign, word in _SIGNS.items():
        plain = plain.replace(sign, word)
    return re.sub(r"([^\W\d])\1{2,}", r"\1", plain).replace("uh-huh", "uh huh")


def _only_asks_politely(words: list[str]) -> bool:
    return set(words) <= {"please", "pls", "plz"} and bool(words)


_PHRASES: dict[str, Answer | None] = {
    " ".join(phrase.split()): kind
    for kind, phrases in (
        (None, _FILLER),
        (Answer.APPROVAL, _APPROVAL),
        (Answer.YES, _YES),
        (Answer.CONDITION, _CONDITIONS),
        (Answer.NO, _NO),
        (Answer.LATER, _LATER),
        (Answer.HESITATION, _HESITATION),
    )
    for phrase in phrases.split(",")
}
_LONGEST = max(len(phrase.split()) for phrase in _PHRASES)
