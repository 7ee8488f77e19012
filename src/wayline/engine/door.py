"""The one door every command passes through.

Callers submit and await. One writer thread takes all that is waiting, up to a bound, and decides it as a batch in one
transaction; nobody is answered before the commit. A refusal disturbs nobody. When a batch cannot be written it is
decided again, one command at a time, so that only the culprit fails.

Administration (people, templates, tokens …) is no decision about a run: it passes as a `Change`, a function that
writes on the transaction it is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Future, InvalidStateError
from datetime import datetime
from typing import Any

import msgspec
import psycopg
import sqlalchemy as sa
import structlog

from wayline.core.commands import Command
from wayline.core.facts import Actor
from wayline.core.refusals import Refusal
from wayline.core.task_queues import TASK_QUEUES
from wayline.engine.answers import LiveChange
from wayline.engine.batch import decide_command
from wayline.engine.clock import Clock
from wayline.engine.live import Live
from wayline.engine.tenant_facts import GraphCache, TenantCache, TenantFacts
from wayline.engine.working_set import WorkingSet
from wayline.store.changes import Overtaken
from wayline.store.database import Database
from wayline.store.tables import idempotency

log = structlog.get_logger(__name__)

MAX_BATCH = 256
MAX_WAITING = 20_000
MAX_TRIES = 8
MAX_KEY_CHARS = 255


class DoorClosed(RuntimeError):
    """The engine is stopping; the command was not taken."""


class Overloaded(Refusal):
    """Too many commands wait already."""

    def __init__(self) -> None:
        super().__init__(
            "overloaded", "The engine has more work than it can take; try again.", details={"retry_after_s": 1}
        )


class Transaction(msgspec.Struct):
    """What a Change writes on: the connection, the instant, and the tenant's facts as they are now.

    `publish` tells listeners after the commit.
    """

    connection: sa.Connection
    at: datetime
    tenant: TenantFacts | None
    live: list[LiveChange]

    def publish(self, tenant_id: str, kind: str, data: dict[str, Any], audience: frozenset[str] | None = None) -> None:
        """Tell listeners once this is committed."""
        self.live.append((tenant_id, kind, data, audience))


class Change(msgspec.Struct, frozen=True):
    """An administrative write: `write` gets the transaction and returns the answer, or raises Refusal."""

    tenant_id: str | None
    actor: Actor
    write: Callable[[Transaction], Any]


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A caller's key for a creating request, and what the request was (so that another one is told apart)."""

    tenant_id: str
    key: str
    request: bytes

    @property
    def request_hash(self) -> bytes:
        """SHA-256 of the request."""
        return hashlib.sha256(self.request).digest()


class StoredAnswer(msgspec.Struct, frozen=True):
    """The answer an earlier request with the same key was given."""

    status: int
    body: bytes


Render = Callable[[Any], tuple[int, bytes]]


class _Submission:
    __slots__ = ("asked", "future", "key", "outcome", "render", "when_decided")

    def __init__(
        self, asked: Command | Change, key: IdempotencyKey | None, render: Render | None, when_decided: Any
    ) -> None:
        self.asked = asked
        self.key = key
        self.render = render
        self.when_decided = when_decided
        self.outcome: Any = None


class Door:
    """Takes commands from any thread or task and answers after the commit."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        live: Live,
        secret_key: bytes,
        mail: bool = False,
        task_queues: Collection[str] = TASK_QUEUES,
        on_due: Callable[[datetime], None] | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.live = live
        self.tenants = TenantCache(rules=True)
        self.graphs = GraphCache()
        self.on_due = on_due
        self.secret_key = secret_key
        self.listening_loop: asyncio.AbstractEventLoop | None = None
        self._mail = mail
        self.task_queues = tuple(task_queues)
        self._waiting: deque[_Submission] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_for_ever, name="wayline-writer", daemon=True)

    # -- callers ---------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin taking commands."""
        self._thread.start()

    def close(self) -> None:
        """Decide what has been taken, then stop."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        if self._thread.is_alive():
            self._thread.join()

    async def submit(
        self, asked: Command | Change, *, key: IdempotencyKey | None = None, render: Render | None = None
    ) -> Any:
        """Have a command decided and await its answer; raises Refusal. With a key, `render` makes the answer that is
        stored beside it, and an earlier request's StoredAnswer comes back in its place."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._take(_Submission(asked, key, render, (loop, future)))
        return await future

    def submit_and_wait(
        self, asked: Command | Change, *, key: IdempotencyKey | None = None, render: Render | None = None
    ) -> Any:
        """The same for a thread of its own."""
        return self.submit_soon(asked, key=key, render=render).result()

    def submit_soon(
        self, asked: Command | Change, *, key: IdempotencyKey | None = None, render: Render | None = None
    ) -> Future[Any]:
        """The same, to be waited for later: commands submitted one after the other are decided in that order."""
        future: Future[Any] = Future()
        self._take(_Submission(asked, key, render, future))
        return future

    def _take(self, submission: _Submission) -> None:
        with self._arrived:
            if self._closing:
                raise DoorClosed("the engine is stopping")
            if len(self._waiting) >= MAX_WAITING:
                raise Overloaded
            self._waiting.append(submission)
            if len(self._waiting) == 1:
                self._arrived.notify()

    # -- the writer ------------------------------------------------------------------------------

    def _write_for_ever(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._closing:
                    self._arrived.wait()
                if not self._waiting:
                    return
                taken = self._next_batch()
            try:
                self._write(taken)
            except Exception as bug:
                log.exception("writer_broke")
                self._give_up_on(taken, bug)

    def _give_up_on(self, taken: list[_Submission], bug: Exception) -> None:
        """Answer whoever has not been answered: whether their command was written is not known."""
        for submission in taken:
            submission.outcome = bug
            with contextlib.suppress(RuntimeError, InvalidStateError):
                self._answer([submission], [])

    def _next_batch(self) -> list[_Submission]:
        """As many commands as there are, up to the bound; a Change goes alone."""
        taken: list[_Submission] = []
        while self._waiting and len(taken) < MAX_BATCH:
            if isinstance(self._waiting[0].asked, Change):
                if not taken:
                    taken.append(self._waiting.popleft())
                break
            taken.append(self._waiting.popleft())
        return taken

    def _write(self, taken: list[_Submission]) -> None:
        for attempt in range(1, MAX_TRIES + 1):
            try:
                live, soonest = self._transact(taken)
                break
            except Exception as error:
                again = isinstance(error, Overtaken) or _is_passing(error) or (_is_clash(error) and attempt == 1)
                if again and attempt < MAX_TRIES:
                    continue
                if len(taken) > 1:
                    for submission in taken:
                        self._write([submission])
                    return
                log.exception("not_written", asked=type(taken[0].asked).__name__)
                taken[0].outcome = error
                live, soonest = [], None
                break
        if soonest is not None and self.on_due is not None:
            self.on_due(soonest)
        self._answer(taken, live)

    def _transact(self, taken: list[_Submission]) -> tuple[list[LiveChange], datetime | None]:
        with self.database.writer.begin() as connection:
            if isinstance(taken[0].asked, Change):
                return self._write_change(connection, taken[0]), None
            work = WorkingSet(
                connection,
                tenants=self.tenants,
                graphs=self.graphs,
                at=self.clock.now(),
                secret_key=self.secret_key,
                mail=self._mail,
                shared=not self.database.is_sqlite,
                task_queues=self.task_queues,
            )
            work.load([s.asked for s in taken if isinstance(s.asked, Command)])
            remembered = _Remembered(connection, [s.key for s in taken if s.key is not None])
            for submission in taken:
                submission.outcome = self._decide(work, submission, remembered)
            for row in remembered.fresh:
                work.changes.insert(idempotency, row)
            work.flush()
            return work.live, work.soonest

    def _decide(self, work: WorkingSet, submission: _Submission, remembered: _Remembered) -> Any:
        assert isinstance(submission.asked, Command)
        try:
            earlier = remembered.answer_to(submission.key)
            if earlier is not None:
                return earlier
            answer = decide_command(work, submission.asked)
            remembered.keep(submission, answer, self.clock.now())
            return answer
        except Refusal as refusal:
            return refusal
        except Exception as bug:
            if work.half_applied:
                raise
            log.exception("decision_broke", command=type(submission.asked).__name__)
            return bug

    def _write_change(self, connection: sa.Connection, submission: _Submission) -> list[LiveChange]:
        change = submission.asked
        assert isinstance(change, Change)
        remembered = _Remembered(connection, [submission.key] if submission.key else [])
        try:
            submission.outcome = remembered.answer_to(submission.key)
        except Refusal as refusal:
            submission.outcome = refusal
        if submission.outcome is not None:
            return []
        known = self.tenants.current(connection, {change.tenant_id}) if change.tenant_id else {}
        transaction = Transaction(
            connection=connection, at=self.clock.now(), tenant=known.get(change.tenant_id or ""), live=[]
        )
        savepoint = connection.begin_nested()
        try:
            submission.outcome = change.write(transaction)
        except Refusal as refusal:
            savepoint.rollback()
            submission.outcome = refusal
            return []
        savepoint.commit()
        remembered.keep(submission, submission.outcome, transaction.at)
        if remembered.fresh:
            connection.execute(sa.insert(idempotency), remembered.fresh)
        return transaction.live

    def _answer(self, taken: list[_Submission], live: list[LiveChange]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
        for submission in taken:
            if isinstance(submission.when_decided, Future):
                _settle(submission.when_decided, submission.outcome)
            else:
                loop, future = submission.when_decided
                by_loop.setdefault(loop, []).append((future, submission.outcome))
        for loop, answers in by_loop.items():
            told = live if loop is self.listening_loop else []
            # A loop that has closed meanwhile (its thread was stopped) wants no answer, and takes no writer with it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._answer_on_loop, answers, told)
        if live and self.listening_loop not in by_loop:
            self.publish(live)

    def publish(self, live: list[LiveChange]) -> None:
        """Tell listeners, on the loop they listen on."""
        loop = self.listening_loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.live.publish, live)

    def _answer_on_loop(self, answers: list[tuple[asyncio.Future[Any], Any]], live: list[LiveChange]) -> None:
        for future, outcome in answers:
            if not future.done():
                _settle(future, outcome)
        if live:
            self.live.publish(live)


class _Remembered:
    """Idempotency keys of a batch: those answered before, and those answered now."""

    def __init__(self, connection: sa.Connection, keys: list[IdempotencyKey]) -> None:
        self._answers: dict[tuple[str, str], tuple[bytes, StoredAnswer]] = {}
        self.fresh: list[dict[str, Any]] = []
        if not keys:
            return
        query = sa.select(idempotency).where(
            idempotency.c.tenant_id.in_({k.tenant_id for k in keys}), idempotency.c.key.in_({k.key for k in keys})
        )
        for row in connection.execute(query):
            answer = StoredAnswer(status=row.status, body=row.answer)
            self._answers[(row.tenant_id, row.key)] = (row.request_hash, answer)

    def answer_to(self, key: IdempotencyKey | None) -> StoredAnswer | None:
        """The earlier answer; None for a new key; a refusal when the key was used for another request."""
        if key is None:
            return None
        if not 1 <= len(key.key) <= MAX_KEY_CHARS:
            raise Refusal("invalid", f"Idempotency-Key has 1 to {MAX_KEY_CHARS} characters.", code="bad_key")
        found = self._answers.get((key.tenant_id, key.key))
        if found is None:
            return None
        if found[0] != key.request_hash:
            raise Refusal("conflict", "That Idempotency-Key was used for another request.", code="key_reused")
        return found[1]

    def keep(self, submission: _Submission, answer: Any, at: datetime) -> None:
        """Store a new answer with the command that made it."""
        key = submission.key
        if key is None or submission.render is None:
            return
        status, body = submission.render(answer)
        self._answers[(key.tenant_id, key.key)] = (key.request_hash, StoredAnswer(status=status, body=body))
        self.fresh.append(
            {
                "tenant_id": key.tenant_id,
                "key": key.key,
                "request_hash": key.request_hash,
                "status": status,
                "answer": body,
                "created_at": at,
            }
        )


def _settle(future: Any, outcome: Any) -> None:
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _is_clash(error: Exception) -> bool:
    """Whether a key was taken by another process in between; deciding again sees its row."""
    return isinstance(_cause(error), sqlite3.IntegrityError | psycopg.IntegrityError)


def _is_passing(error: Exception) -> bool:
    """Whether trying again may help: a serialization failure, a deadlock, a busy file, a lost connection."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.OperationalError):
        return "database is locked" in str(cause)
    if isinstance(cause, psycopg.Error):
        lost = cause.sqlstate is None and isinstance(cause, psycopg.OperationalError)
        return lost or cause.sqlstate in ("40001", "40P01")
    return False


def _cause(error: Exception) -> BaseException | None:
    """The driver's own error, whether or not SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error
