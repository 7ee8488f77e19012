"""Who is calling: bearer tokens and the web app's session, and what they may do.

A secret is random and long, so its SHA-256 is enough to keep. What a secret stands for is remembered for a moment, so
that a busy caller does not cost a query a call; a change to anybody's access, made in this process, forgets it all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.requests import Request

from wayline.api.problems import Unauthorized
from wayline.core.facts import SYSTEM, Actor
from wayline.core.refusals import Refusal
from wayline.engine.clock import monotonic_s
from wayline.engine.door import Change, DoorClosed, Overloaded
from wayline.store.access import note_used
from wayline.store.tables import tenants, tokens, users

if TYPE_CHECKING:
    from wayline.bootstrap import Wayline

SESSION_COOKIE = "wayline_session"
CSRF_COOKIE = "wayline_csrf"
CSRF_HEADER = "x-csrf-token"
TOKEN_PREFIX = "wl_"  # noqa: S105 - a prefix, not a secret
REMEMBERED_S = 2.0
REMEMBERED_CALLERS = 10_000
LAST_USED_EVERY_S = 60.0
ROLES = ("requester", "agent", "manager", "admin")
ABILITIES = (
    "*",
    "workflow:read",
    "workflow:write",
    "ticket:read",
    "ticket:write",
    "create-ticket",
    "run:read",
    "run:write",
    "task:act",
    "signal",
    "signal:on-behalf",
    "webhook:manage",
    "admin",
)
# What a role never may, whatever its token says; the rest is decided by whose the ticket, run or work item is.
_BEYOND: Mapping[str, frozenset[str]] = {
    "requester": frozenset({"workflow:read", "workflow:write", "signal:on-behalf", "webhook:manage", "admin"}),
    "agent": frozenset({"workflow:read", "workflow:write", "signal:on-behalf", "webhook:manage", "admin"}),
    "manager": frozenset({"signal:on-behalf", "webhook:manage", "admin"}),
    "admin": frozenset(),
}
_hasher = PasswordHasher()


class Caller(msgspec.Struct, frozen=True):
    """Who is calling, through which credential."""

    tenant_id: str
    user_id: str
    name: str
    email: str
    role: str
    plan: str
    abilities: frozenset[str]
    token_id: str
    is_session: bool
    actor: Actor

    @property
    def is_staff(self) -> bool:
        """Agents, managers and admins see all of their tenant's tickets and runs."""
        return self.role != "requester"

    def can(self, ability: str) -> bool:
        """Whether the credential carries the ability; writing implies reading, tickets' writing creating them, and
        administering managing webhooks."""
        held = self.abilities
        if "*" in held or ability in held or (ability == "create-ticket" and "ticket:write" in held):
            return True
        if ability == "webhook:manage" and "admin" in held:
            return True
        return ability.endswith(":read") and ability.replace(":read", ":write") in held


def new_secret() -> tuple[str, str]:
    """A new bearer secret and the hash to keep of it."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return secret, hash_of(secret)


def hash_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Argon2id with the library's present parameters."""
    return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether this is the password; takes as long when there is none."""
    nobodys = _nobodys()
    try:
        return _hasher.verify(stored or nobodys, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """A hash no password has. It is made at the first check of any, for it costs 64 MB and a tenth of a second, which
    a command that checks none need not pay."""
    return _hasher.hash(secrets.token_urlsafe(16))


def csrf_token(secret_key: bytes, session_secret: str) -> str:
    """The token a page must send back with every write; bound to the session."""
    digest = hmac.digest(secret_key, b"csrf:" + session_secret.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


_by_hash = (
    sa.select(
        tokens.c.id.label("token_id"),
        tokens.c.kind,
        tokens.c.abilities,
        tokens.c.expires_at,
        tokens.c.last_used_at,
        users.c.id,
        users.c.name,
        users.c.email,
        users.c.role,
        users.c.tenant_id,
        tenants.c.plan,
    )
    .join(users, users.c.id == tokens.c.user_id)
    .join(tenants, tenants.c.id == users.c.tenant_id)
    .where(
        tokens.c.secret_hash == sa.bindparam("secret_hash"),
        tokens.c.kind.in_(("api", "session")),
        tokens.c.revoked_at.is_(None),
        users.c.active,
    )
)


class Callers:
    """Credentials → callers, remembered for a moment."""

    def __init__(self, wayline: Wayline) -> None:
        self._wayline = wayline
        self._kept: OrderedDict[str, tuple[float, Caller, datetime | None]] = OrderedDict()
        self.generation = 0
        self.used: dict[str, datetime] = {}
        self._noted_s = monotonic_s()

    def forget(self) -> None:
        """Look everybody up again: somebody's access has changed. Whoever remembers a caller compares `generation`."""
        self._kept.clear()
        self.generation += 1

    def note_used(self) -> Future[None] | None:
        """Have written when credentials were last used; None when there is nothing new to write.

        It is done once a minute while calls come in, and by whoever is about to show it. What was used in the last
        minute before the process ends may be lost.
        """
        if not self.used:
            return None
        used, self.used = self.used, {}
        self._noted_s = monotonic_s()
        change = Change(tenant_id=None, actor=SYSTEM, write=lambda tx: note_used(tx.connection, used))
        try:
            return self._wayline.door.submit_soon(change)
        except (DoorClosed, Overloaded):
            self.used = used | self.used  # the call that brought us here has better things to do than wait for this
            return None

    def identify(self, request: Request) -> Caller:
        """The caller of a request; raises Unauthorized, or a refusal when a session's write lacks its CSRF token."""
        headers = request.headers
        authorization = headers.get("authorization")
        if authorization is not None:
            scheme, _, secret = authorization.partition(" ")
            if scheme.lower() != "bearer" or not secret:
                raise Unauthorized
            return self._lookup(secret.strip())
        secret = request.cookies.get(SESSION_COOKIE, "")
        if not secret:
            raise Unauthorized
        caller = self._lookup(secret)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            wanted = csrf_token(self._wayline.secret_key, secret)
            if not hmac.compare_digest(wanted.encode(), headers.get(CSRF_HEADER, "").encode()):
                raise Refusal("forbidden", "The page is out of date; reload it.", code="csrf")
        return caller

    def _lookup(self, secret: str) -> Caller:
        kept = self._kept.get(secret)
        now_s = monotonic_s()
        if kept is not None and kept[0] > now_s and (kept[2] is None or kept[2] > self._wayline.clock.now()):
            return kept[1]
        caller, expires_at = self._read(secret)
        self._kept[secret] = (now_s + REMEMBERED_S, caller, expires_at)
        while len(self._kept) > REMEMBERED_CALLERS:
            self._kept.popitem(last=False)
        return caller

    def _read(self, secret: str) -> tuple[Caller, datetime | None]:
        with self._wayline.database.reader.connect() as connection:
            row = connection.execute(_by_hash, {"secret_hash": hash_of(secret)}).one_or_none()
        now = self._wayline.clock.now()
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            raise Unauthorized
        if row.last_used_at is None or (now - row.last_used_at).total_seconds() > LAST_USED_EVERY_S:
            self.used[row.token_id] = now
            if monotonic_s() - self._noted_s > LAST_USED_EVERY_S:
                self.note_used()
        caller = Caller(
            tenant_id=row.tenant_id,
            user_id=row.id,
            name=row.name,
            email=row.email,
            role=row.role,
            plan=row.plan,
            abilities=frozenset(row.abilities),
            token_id=row.token_id,
            is_session=row.kind == "session",
            actor=Actor(user_id=row.id, role=row.role, name=row.name),
        )
        return caller, row.expires_at


def allow(caller: Caller, *, ability: str | None, roles: tuple[str, ...] | None) -> None:
    """Refuse a caller whose credential lacks the ability, then one whose role may not."""
    if ability is not None and not caller.can(ability):
        raise Refusal(
            "forbidden", f"This token lacks the ability {ability}.", code="ability", details={"ability": ability}
        )
    if roles is not None and caller.role not in roles:
        raise Refusal("forbidden", f"This is for {' and '.join(roles)}.", code="role", details={"roles": list(roles)})


def abilities_of(role: str) -> tuple[str, ...]:
    """The abilities a token may carry whose owner has this role."""
    return tuple(a for a in ABILITIES if a not in _BEYOND[role])


def shown_abilities(abilities: frozenset[str]) -> list[Any]:
    """Abilities in a stable order."""
    return sorted(abilities)
