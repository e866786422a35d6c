"""Which question about what is open, or about one's own machines, a text asks: "how big?", "and with 3?".

What the message was taken for does not count: with a price shown, "how long would it run?" is about that.
"""

from __future__ import annotations

import re

from actions import meanings, questions
from actions.bargaining import asks_about_another, price_change
from actions.turn import Turn

REQUEST_FORMS = ("create_vm", "create_cluster")
_MOST_WORDS = 14
_MOST_WORDS_OF_A_CLOUD = 4
_MISTAKEN = ("out_of_scope", "nlu_fallback", "bot_challenge")
_LEAD = (
    r"(?:(?:and|so|btw|by the way|wait|hm+|ok|okay|sorry|hey|quick question|just|but|um|one question|please|pls|well"
    r"|tell me|actually|first|oh|cool|nice|no|(?:i )?(?:got|was|am|been) (?:interrupted|distracted|busy|away|back))"
    r"[ ,:.!-]+)*"
)
_REST = (
    r"(?: (?:is|are|am|be|would|will|does|do|has|have|it|its|that|this|they|them|these|for|of|each|one"
    r"|exactly|again|then|there|now|run|running|last|stay|up|in all|at most|the|an?|my|disks?|machines?|nodes?|vms?"
    r"|boxe?s?|servers?|cluster))*"
)
_OF_A_REQUEST = {
    "ready": r"(?:when|how (?:soon|fast|quick(?:ly)?|long)) .*\b(?:ready|available|(?:come|be|is|are) up|boot|set ?up"
    r"|start(?:ed)?|take|takes|use it|log ?in)\b.*",
    "keep": r"how long (?:can|could|may|am i allowed to) .*\b(?:keep|have|use|hold)\b.*",
    "lease": rf"(?:for )?how long{_REST}|(?:until|till) when{_REST}|what'?s? (?:is )?the (?:duration|lease|time)"
    r"|when (?:does|would|will|do) (?:it|they|that|this) (?:end|stop|expire|be (?:over|gone)|run out).*",
    "size": rf"how (?:big|large|powerful|strong){_REST}"
    rf"|how (?:much|many) (?:cores?|v?cpus?|memory|ram|disk|gigs|gb|machines|nodes|vms|boxes){_REST}"
    rf"|(?:what|which) (?:size|specs?|os|system|image|operating system){_REST}(?: (?:get|use|come with))?",
    "end": r"what(?:'s| is| happens| will happen| would happen|s)? .*\b"
    r"(?:(?:time|lease|hours?|days?|it) (?:is|are|runs?|has|'s) (?:over|up|out|done|expired|ended)"
    r"|(?:it|time|lease) (?:ends|expires|runs out)|the end|i forget.*|expir\w+)\b.*"
    r"|what (?:happens|comes) (?:then|after(?:wards| that| the .*)?)",
    "backup": r".*\b(?:back-?ups?|backed up|snapshots?)\b.*",
    "data": r"(?:is|are|what|how|will|do|does|would|where|can) .*\b(?:data|files)\b.*",
    "spot": r"(?:is|are|can|could|do|does|would|what about|how about|any|possible) .*\bspot\b.*|spot possible",
    "install": r"(?:can|could|will|would|do|does|is|are|what'?s?) .*"
    r"\b(?:(?:pre-?)?install(?:ed|s)?|come with|set ?up on)\b.*",
    "change_later": r"(?:can|could|may|is it possible|will) "
    r".*\b(?:chang|resiz|grow|upgrad|scal|modif|edit|switch|adapt)\w*\b.*"
    r"\b(?:later|after(?:wards)?|any ?time|once|still|when it runs)\b.*",
    "who_pays": r"who (?:pays|(?:has|will|is going|do i have) to pay|will pay|is paying"
    r"|gets? (?:the bill|billed|charged)).*|who'?s paying.*",
    "recommend": r"(?:what|which)(?: \w+){0,2} (?:(?:would|do|can|could|will|wud) (?:you|u)|should i)"
    r" (?:recommend|suggest|take|choose|pick|prefer|advi[sc]e|go for)\b.*"
    r"|(?:what'?s|what is|which (?:one )?is) (?:the best|best|your (?:recommendation|advice|favou?rite)).*"
    r"|any (?:recommendations?|suggestions?|advice).*",
    "why": r"why\b.*",
    "place": r".*\b(?:gdpr|dsgvo|data protection)\b.*|where (?:is|are|would|will|does) (?:it|they|that|this)\b.*",
}
_OPEN = (
    r"(?:(?:what(?:'s|s| is| was| are)?|anything|something)(?: is| are| we| else)? (?:still )?(?:open|pending|parked"
    r"|outstanding|waiting)(?: (?:right )?now| again| still| at the moment)?"
    r"|where (?:were|are) we|what were we (?:doing|at|talking about)|what (?:are you|do you) (?:waiting|wait) for"
    r"|what did you ask(?: me)?|what was (?:the|your) question|what (?:did you|have you) offer(?:ed)?(?: me)?"
    r"|what (?:were|are) my options|(?:can you |could you )?(?:repeat|say)"
    r"(?: (?:it|that|this|the (?:offer|question|price)))?"
    r"(?: again| once more)?(?:[ ,]+(?:please|pls))?|come again)"
)
_EXTENSION = re.compile(
    r"\b(?:how much|what(?:'?s)? (?:would|does|do|is|will|are|the)|price|costs?)\b.*"
    r"\b(?:exten(?:sion|ding|d)|prolong\w*|(?:keep|keeping) (?:it|them) longer)\b"
)
_OWN_COST = re.compile(
    r"(?:what|how much|what'?s)\b.*\b(?:my|all (?:of )?my|those|all) (?:\w+ )?"
    r"(?:machines?|vms?|clusters?|servers?|box(?:es)?|stuff|reservations?|instances?)\b.*\bcost(?:s|ing)?\b.*"
)
_SPENT = re.compile(r"\b(?:month|week|year|yesterday|last|spent|spend|team|day|per|would|will|report|history)\b")
_DONE_NOW = re.compile(
    rf"{_LEAD}(?:did|have|are) you (?:just |really |already )?"
    r"(?:create|order|make|buy|book|reserve|get|start|do)(?:d|ed|ing)? "
    r"(?:something|anything|it|that|one|a (?:vm|machine|cluster))(?: (?:now|already|just now|for me))?"
)
_FORGOTTEN = re.compile(
    rf"{_LEAD}what (?:happens|if|would happen)\b.*\bforget\b.*|.*\bwhat if i forget\b.*|what happens at the end\b.*"
)
_CHEAPER_OWN = re.compile(
    r"which (?:one |of (?:them|these|those|my \w+) )?(?:is|costs?|runs?) (?:the )?"
    r"(?:cheap(?:er|est)|less|least|more expensive|most expensive|more|most)(?: to (?:run|keep))?"
)
_WHAT_IF = re.compile(
    r"(?:and|but|or|what about|how about|what if|and if|and what if|what)\b "
    r"(?:with|on|in|for|only|at|if|it|as|the|\d+|an?|i)\b.*"
    r"|(?:is|are|would|could|can|might|wouldn'?t|isn'?t) .*"
    r"\b(?:ch[eap]*p[eap]*r|more expensive|pricier|dearer|less)\b.*"
)
_TAKES = re.compile(r"\b(?:use|take|get|go|do|make|try|switch|move|change|want|prefer|instead|rather|need)\b")
_ASKS_WITHOUT_A_MARK = ("is ", "what if ", "what about ", "how about ")
_OR_TASK = re.compile(r"\b(?:stop|start|delete|terminate|release|reboot|extend|kill|running|have|got)\b")
_TOPICS = {topic: re.compile(rf"{_LEAD}(?:{pattern})") for topic, pattern in _OF_A_REQUEST.items()}
_OF_NEW = re.compile(r"\b(?:an?|another|new|one) (?:\w+ )?(?:vms?|machines?|servers?|clusters?|box)\b")
_KEEPING = re.compile(
    r"\b(?:how much|what(?:'?s)?|price|costs?)\b.*\b(?:keep|keeping|have|run|running|leave)\b (?:it|them|this|that)\b.*"
)
"""Of what runs, where no request is open."""
TOPICS = (*_OF_A_REQUEST, "open", "own", "own_price", "extension", "own_cost", "cheaper_own", "what_if")


def topic(turn: Turn) -> str | None:
    """The question's topic; None when the message asks none of these."""
    text = _plain(turn.text)
    if turn.is_button or turn.intent == "paste_secret" or len(text.split()) > _MOST_WORDS:
        return None
    if re.fullmatch(rf"{_LEAD}{_OPEN}", text):
        return "open"
    if turn.intent == "quote_price" and str(turn.one_of("resource_name") or "").startswith("r-"):
        return "own_price"
    if _EXTENSION.search(text) or _asks_to_keep(turn, text):
        return "extension"
    if turn.is_idle and _DONE_NOW.fullmatch(text):
        return "own"
    if turn.is_idle and _FORGOTTEN.fullmatch(text):
        return "end"
    if _OWN_COST.fullmatch(text) and not _SPENT.search(text):
        return "own_cost"
    if turn.all_of("resource_name"):
        return None
    if turn.is_idle and _CHEAPER_OWN.fullmatch(text):
        return "cheaper_own"
    if not is_about_a_request(turn):
        return None
    if found := next((name for name, pattern in _TOPICS.items() if pattern.fullmatch(text)), None):
        return found if found != "recommend" or _can_recommend(turn) else None
    return "what_if" if _is_what_if(turn, text) else None


def _asks_to_keep(turn: Turn, text: str) -> bool:
    """ "What would it cost to keep it?", with no request open: what runs, not a new one."""
    is_price = turn.intent == "quote_price" and not is_about_a_request(turn)
    says_more = turn.entities.keys() - {"resource_name", "duration_minutes", "until"}
    return is_price and not says_more and _KEEPING.search(text) is not None and not _OF_NEW.search(text)


def is_about_a_request(turn: Turn) -> bool:
    """Whether machines that are asked for are what is open."""
    if turn.form:
        return turn.form in REQUEST_FORMS
    return turn.question is not None and questions.is_request(turn.question) and turn.request is not None


def _can_recommend(turn: Turn) -> bool:
    return turn.form is None or turn.asked == "software"


def _is_what_if(turn: Turn, text: str) -> bool:
    """ "and with 3?" asks for a price, also where a change would be taken; it needs the mark of a question."""
    goes_on = bool((turn.question or {}).get("variation")) and text.startswith("and ")
    if turn.form or not ("?" in turn.text or text.startswith(_ASKS_WITHOUT_A_MARK) or goes_on):
        return False
    if _OR_TASK.search(text) or asks_about_another(turn):
        return False
    if not (_WHAT_IF.fullmatch(text) or _is_of_a_cloud(turn, text)):
        return False
    return bool(price_change(turn)) or (turn.intent in _MISTAKEN and bool(clouds_read(turn)))


def clouds_read(turn: Turn) -> list[str]:
    """The clouds that a question names which was taken for chat, where nothing is read: "could google be cheaper?"."""
    return [str(value) for name, value in meanings.entities(turn, "quote_price") if name == "provider"]


def _is_of_a_cloud(turn: Turn, text: str) -> bool:
    """ "vultr?", "what about aws?": takes nothing yet."""
    is_short = len(text.split()) <= _MOST_WORDS_OF_A_CLOUD
    return is_short and set(turn.entities) == {"provider"} and not _TAKES.search(text)


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").strip(" .!?").split())
