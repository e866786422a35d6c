"""One job from its beginning to its end: who it is, whether they may, what the dialogue says to it, where that goes."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import structlog
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from clouddesk.language.people import MENTION
from clouddesk.model.errors import CloudDeskError, Unavailable
from connectors.rasa import Message, RasaClient, Reply, Unreachable
from connectors.slack import answers, people
from connectors.slack.cards import of_reply
from connectors.slack.delivery import Delivery
from connectors.slack.events import COMMAND, NOTICE, PRESS, Job
from connectors.slack.faults import NotNow
from connectors.slack.home import Home
from connectors.slack.key_files import KeyFiles
from connectors.slack.lists import Lists, wish_in
from connectors.slack.messenger import Messenger
from connectors.slack.people import Known, People
from connectors.slack.pictures import Pictures
from connectors.slack.progress import Progress
from connectors.slack.settling import Settling
from connectors.slack.speaking import Speaker

_IS_OPEN, _IS_OVER = "utter_what_to_change", "utter_error_quote_expired"
"""What the dialogue answers when a quote is to be changed."""
STALE_SECONDS = 600
"""Older than this, and the person may have changed their mind: nothing is done, and that is said."""

_PRESSED = re.compile(r'"person": ?"(?P<id>[UW][A-Z0-9]+)"')
"""Whom a button names."""
_log = structlog.get_logger()


class Turns:
    """Does jobs; each may be done a second time after a gateway died, and acts once."""

    def __init__(
        self,
        *,
        rasa: RasaClient,
        messenger: Messenger,
        people: People,
        delivery: Delivery,
        progress: Progress,
        lists: Lists,
        home: Home,
        settling: Settling,
        pictures: Pictures,
        key_files: KeyFiles,
    ) -> None:
        self._key_files = key_files
        self._pictures = pictures
        self._settling = settling
        self._rasa = rasa
        self._lists = lists
        self._home = home
        self._messenger = messenger
        self._people = people
        self._delivery = delivery
        self._progress = progress

    async def do(self, job: Job) -> None:
        """Answer the job, or deliver it. Whatever breaks, the person hears of it and the log has the cause."""
        if job.kind == NOTICE:
            await self._delivery.deliver(job)
            return
        if job.kind == COMMAND and job.channel == await self._messenger.direct(job.user_id):
            job = replace(job, is_direct=True, response_url="")  # where everybody who sees it is that person
        speaker = Speaker(self._messenger, job, self._settling)
        began = time.monotonic()
        try:
            await self._answer(job, speaker)
        except (RedisError, SlackApiError, NotNow):
            raise
        except Exception:  # noqa: BLE001 - the person gets an answer all the same
            _log.exception("slack.turn_failed", kind=job.kind, conversation=job.conversation)
            await speaker.hint(answers.BROKEN)
        took = round((time.monotonic() - began) * 1000)
        _log.info("slack.answered", kind=job.kind, conversation=job.conversation, ms=took)

    async def _answer(self, job: Job, speaker: Speaker) -> None:
        known = await self._people.get(job.user_id)
        if known.refused == people.BOT:
            return  # two bots that answer each other never end
        if known.refused:
            await speaker.hint(answers.refused(known.refused))
        elif time.time() - job.at > STALE_SECONDS and not await self._messenger.has_begun(_asked(job)):
            await speaker.hint(answers.missed(job.at, known))
        elif job.secret is not None:
            await self._protect(job, speaker, job.secret)
        elif not await self._is_of_list(job, known, speaker):
            # What was acted on before Slack or a gateway went away is answered, however late.
            await speaker.expect(_asked(job))
            replies = await self._answer_files(job, known) if job.files else await self._ask(job, known)
            await speaker.say(*await self._lists.begin(job, replies))
            if replies[0] not in (answers.UNHEARD, answers.UNREACHABLE):
                await self._settling.settle(job)
            await self._pictures.show(job, replies)
            await self._show_progress(job, known)
            if job.kind == PRESS:
                await self._home.refresh(job.user_id)

    async def _is_of_list(self, job: Job, known: Known, speaker: Speaker) -> bool:
        """Whether it only asked for more of a list, and was answered: the dialogue knows of no pages."""
        wish = wish_in(job.text)
        if wish is None:
            return False
        try:
            return await self._lists.answer(job, wish, await self._people.actor(known), speaker)
        except NotNow:
            raise
        except Unavailable:
            await speaker.hint(answers.UNHEARD)
            return True

    async def _ask(self, job: Job, known: Known) -> list[Reply]:
        for user_id in {found["id"] for pattern in (MENTION, _PRESSED) for found in pattern.finditer(job.text)}:
            await self._people.get(user_id)  # the Desk knows then whether they are a colleague, or have left
        message = Message(job.person, job.conversation, job.text, known.timezone, id=job.id, locale=known.locale)
        try:
            if not job.before:
                return await self._rasa.send(message)
            first = await self._rasa.send(replace(message, text=job.before, id=f"{job.id}-before"))
            heard = {reply.response for reply in first}
            if _IS_OPEN in heard:
                return await self._rasa.send(message)
            if _IS_OVER in heard and job.otherwise:
                return [answers.REQUOTED, *await self._rasa.send(replace(message, text=job.otherwise))]
            return first  # what was to be said would be taken for a change of whatever else is open
        except Unreachable as error:
            return [answers.UNHEARD if error.was_heard is False else answers.UNREACHABLE]
        except CloudDeskError as error:
            _log.error("slack.dialogue_failed", code=error.code)
            return [answers.UNHEARD]

    async def _answer_files(self, job: Job, known: Known) -> list[Reply]:
        said = await self._key_files.said(job)
        return [said] if isinstance(said, Reply) else await self._ask(replace(job, text=said), known)

    async def _show_progress(self, job: Job, known: Known) -> None:
        try:
            await self._progress.look(job, await self._people.actor(known))
        except (CloudDeskError, SlackApiError) as error:
            # A luxury: the notice of the end comes in any case.
            _log.warning("slack.progress_not_shown", error=type(error).__name__)

    async def _protect(self, job: Job, speaker: Speaker, provider: str) -> None:
        """A key was pasted: take it away where we may, and say privately what to do."""
        fate = await self._delete(job)
        if not job.is_direct:
            await speaker.hint(answers.secret_seen(fate=fate))
        await speaker.tell(*of_reply(answers.secret_found(provider, fate=fate)))

    async def _delete(self, job: Job) -> str:
        if job.kind == COMMAND:
            return answers.UNSEEN
        if not job.message:
            return answers.OF_ANOTHER  # a message that a shortcut was used on
        try:
            await self._messenger.call("chat.delete", channel=job.channel, ts=job.message)
        except SlackApiError:
            return answers.TO_DELETE  # Slack lets bots delete only what they wrote themselves
        return answers.DELETED


def _asked(job: Job) -> str:
    """The mark that the dialogue has heard this job, or may have."""
    return f"{job.id}:asked"
