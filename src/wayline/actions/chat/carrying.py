"""Carrying what a chat plug-in sends: its requests go through the guarded client, and nowhere else.

The plug-ins of Apprise call functions of the library requests. Here stands what they find under that name instead: it
prepares a request as that library does, and hands it to `outbound`, which judges every address it connects to, follows
no redirect, and reads no more than is kept. A plug-in runs in a thread of its own; the connection belongs to the event
loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotInTime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from wayline import __version__
from wayline.actions.addresses import Allowed
from wayline.actions.outbound import Answer, Outbound
from wayline.actions.webhook import why_not_called
from wayline.core.action import ActionFailed

REQUESTS_MAX = 20
"""Requests of one message: a channel's address may name several rooms, or need to sign in first."""
VERBS = ("get", "post", "put", "patch", "delete", "head")
# Ways past `Carrier`.
WITHHELD = frozenset({"Session", "session", "sessions", "api", "adapters"})

_current = threading.local()


class Conversation:
    """The requests of one message. `failure` is why the first was not answered that was not, `answers` are the others'.

    `time_s` tells the time that `ends_s` is measured by.
    """

    def __init__(
        self,
        outbound: Outbound,
        allowed: Allowed,
        loop: asyncio.AbstractEventLoop,
        *,
        time_s: Callable[[], float],
        ends_s: float,
    ) -> None:
        self._outbound = outbound
        self._allowed = allowed
        self._loop = loop
        self._time_s = time_s
        self._ends_s = ends_s
        self._asked = 0
        self.answers: list[Answer] = []
        self.failure: ActionFailed | None = None

    def hold(self, say: Callable[[], bool]) -> bool:
        """Have `say` done in this thread, its requests being this conversation's."""
        _current.conversation = self
        try:
            return say()
        finally:
            _current.conversation = None

    def carry(self, method: str, url: str, written: dict[str, Any]) -> requests.Response:
        """Ask, and answer as the library requests does; raises its exceptions."""
        names = ("params", "data", "json", "headers", "auth", "cookies")
        prepared = requests.Request(
            method=method.upper(), url=url, **{name: written[name] for name in names if name in written}
        ).prepare()
        try:
            answer = self._answer(prepared)
        except ActionFailed as failure:
            self.failure = self.failure or failure
            raise requests.ConnectionError(str(failure)) from failure
        self.answers.append(answer)
        return _as_response(answer, prepared)

    def _answer(self, prepared: requests.PreparedRequest) -> Answer:
        url = _without_credentials(prepared.url or "")
        refused = why_not_called(self._allowed, url)
        if refused is not None:
            raise ActionFailed(f"the chat service may not be called: {refused}", permanent=True)
        self._asked += 1
        if self._asked > REQUESTS_MAX:
            raise ActionFailed(f"one message takes at most {REQUESTS_MAX} requests", permanent=True)
        left_s = self._ends_s - self._time_s()
        if left_s <= 0:
            raise ActionFailed("the chat service did not answer in time")
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        if body is not None and not isinstance(body, bytes):
            raise ActionFailed("a message to a chat service has no files", permanent=True)
        call = self._outbound.call(prepared.method or "POST", url, _headers(prepared), body)
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result(left_s)
        except NotInTime:
            future.cancel()
            raise ActionFailed("the chat service did not answer in time") from None


class Carrier:
    """What plug-ins find under the name `requests`."""

    def __getattr__(self, name: str) -> Any:
        if name in VERBS:
            return lambda url, *args, **written: self.request(name, url, *args, **written)
        if name in WITHHELD:
            raise AttributeError(f"chat plug-ins do without requests.{name}")
        return getattr(requests, name)

    def request(self, method: str, url: str, *args: Any, **written: Any) -> requests.Response:
        """`requests.request`. How to connect (`verify`, `timeout`, redirects, proxies) is not for a plug-in to say."""
        conversation: Conversation | None = getattr(_current, "conversation", None)
        if conversation is None:
            raise RuntimeError("a chat plug-in asks for something while nothing is being said")
        if args:
            written = {"params" if method.lower() == "get" else "data": args[0], **written}
        return conversation.carry(method, url, written)


class NoFiles:
    """What plug-ins find under the name `AppriseAttachment`: they read no file of this machine, and fetch none."""

    def __init__(self, *args: Any, **written: Any) -> None:
        """There is nothing to keep."""

    def __len__(self) -> int:
        return 0

    def add(self, *args: Any, **written: Any) -> bool:
        """Nothing is added."""
        return False


def _headers(prepared: requests.PreparedRequest) -> dict[str, str]:
    """In lower case, without what the connection sets itself."""
    written = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    written.pop("host", None)
    return {**written, "user-agent": f"Wayline/{__version__}", "accept-encoding": "identity"}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _without_credentials(url: str) -> str:
    """They are in a header by now."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _as_response(answer: Answer, prepared: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.url = prepared.url or ""
    response.request = prepared
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response._content = answer.body
    return response
