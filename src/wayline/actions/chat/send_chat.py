"""send_chat: say something in one of the desk's chat channels.

Plug-ins wait for their answers, so each message is said in a thread; what they ask for comes back to the event loop and
goes out there (see `carrying`). A message may arrive twice when a worker dies after it was said: chat services have no
key by which a repetition could be told.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from wayline.actions.addresses import Allowed
from wayline.actions.chat.services import Reached, read_address
from wayline.actions.http_request import cleaned, failure_of
from wayline.actions.job import Job
from wayline.actions.outbound import Outbound
from wayline.core.action import MAX_CHAT_CHARS, ActionFailed

if TYPE_CHECKING:
    from wayline.actions.chat.carrying import Conversation

THREADS = 8
SPARE_S = 2.0
"""What of a job's time is kept for writing down how it went."""
SHOWN_CHARS = 200
TITLE_MAX_CHARS = 500


class ChatAddress(msgspec.Struct, frozen=True):
    """A channel as it is needed to say something there."""

    channel_id: str
    name: str
    url: str


class ChatBook(Protocol):
    """Where performers look up channels; their addresses are kept sealed."""

    async def channel(self, *, tenant_id: str, name: str | None, channel_id: str | None) -> ChatAddress | None:
        """The tenant's channel of that id, else of that name, else its default one; None when there is none. Raises
        ActionFailed when it cannot be read."""
        ...

    async def note(self, *, tenant_id: str, channel_id: str, at: datetime, error: str | None) -> None:
        """Keep how the last message went."""
        ...


class Chat:
    """Performs send_chat. `address` is where people reach this server."""

    def __init__(self, *, allowed: Allowed, address: str, book: ChatBook) -> None:
        self._allowed = allowed
        self._address = address
        self._book = book
        self._outbound = Outbound(allowed)
        self._threads: ThreadPoolExecutor | None = None

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{channel, service}`; raises ActionFailed. A `test` never fails: how it went is kept with the channel."""
        name, channel_id = job.action.get("channel"), job.action.get("channel_id")
        to = await self._book.channel(tenant_id=job.tenant_id, name=name or None, channel_id=channel_id)
        if to is None:
            said = f"there is no chat channel {name}" if name else "the desk has no chat channel"
            raise ActionFailed(said, permanent=True)
        error: str | None = None
        try:
            reached = await self._say(job, to)
        except ActionFailed as failure:
            error = str(failure)
            if not job.action.get("test"):
                raise
            return {"channel": to.name, "error": error}
        finally:
            await self._book.note(tenant_id=job.tenant_id, channel_id=to.channel_id, at=job.at, error=error)
        return {"channel": to.name, "service": reached.service.name}

    async def _say(self, job: Job, to: ChatAddress) -> Reached:
        loop = asyncio.get_running_loop()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "wayline-chat")
        ends_s = loop.time() + max(job.timeout_s - SPARE_S, job.timeout_s / 2)
        speaking = loop.run_in_executor(self._threads, self._speak, job, to, loop, ends_s)
        try:
            async with asyncio.timeout_at(ends_s + SPARE_S / 2):
                return await speaking
        except TimeoutError:
            raise ActionFailed(f"not said within {job.timeout_s:g} s") from None

    def _speak(self, job: Job, to: ChatAddress, loop: asyncio.AbstractEventLoop, ends_s: float) -> Reached:
        """Say it, in a thread; raises ActionFailed."""
        from wayline.actions.chat.carrying import Conversation

        try:
            reached = read_address(to.url, address=self._address)
        except ValueError as error:
            raise ActionFailed(f"the address of {to.name} cannot be read any more: {error}", permanent=True) from error
        talk = Conversation(self._outbound, self._allowed, loop, time_s=loop.time, ends_s=ends_s)
        title = str(job.action.get("title") or "")[:TITLE_MAX_CHARS]
        text = str(job.action["text"])[:MAX_CHAT_CHARS]
        try:
            is_said = talk.hold(lambda: bool(reached.plugin.notify(body=text, title=title, body_format="text")))
        except Exception as error:
            # Somebody else's code: what it broke on may hold the channel's address, so no more than its kind is told.
            raise ActionFailed(
                f"the plug-in of {reached.service.name} broke: {type(error).__name__}", permanent=True
            ) from None
        if not is_said:
            raise _why_not(reached, talk, job.at)
        return reached

    async def close(self) -> None:
        """Let go of connections and threads; who still speaks is not waited for."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        await self._outbound.close()


def _why_not(reached: Reached, talk: Conversation, at: datetime) -> ActionFailed:
    """What went wrong first, when the plug-in says that the message was not taken: everywhere, if there are rooms."""
    if talk.failure is not None:
        return talk.failure
    if not talk.answers:
        return ActionFailed(f"it cannot be said at {reached.service.name}", permanent=True)
    amiss = next((answer for answer in talk.answers if not 200 <= answer.status < 300), None)
    if amiss is not None:
        return failure_of(amiss, at=at)
    said = cleaned(talk.answers[-1].body.decode("utf-8", "replace").strip()[:SHOWN_CHARS])
    return ActionFailed(f"{reached.service.name} did not take it{f': {said}' if said else ''}", permanent=True)
