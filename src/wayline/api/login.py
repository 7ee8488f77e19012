"""Signing in and out, who one is, invitations.

A sign-in makes one secret: the web app holds it as a cookie no script can read, another program sends it as a bearer
token. The page gets a second cookie it can read, and sends that one back with every write.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.administration import administer, note
from wayline.api.auth import (
    CSRF_COOKIE,
    SESSION_COOKIE,
    abilities_of,
    csrf_token,
    hash_of,
    hash_password,
    new_secret,
    password_matches,
    shown_abilities,
)
from wayline.api.endpoint import Call, Resource
from wayline.api.person_view import absence_view, person_view
from wayline.api.problems import Unauthorized, data, issue
from wayline.core import person
from wayline.core.facts import Actor
from wayline.core.plan import features_of
from wayline.core.refusals import Issue, Refusal, invalid
from wayline.engine.door import Change, Transaction
from wayline.engine.one_core import on_any_core
from wayline.store import access, audit, people

resource = Resource("Signing in")
SESSION_LASTS = timedelta(days=14)
MAX_ACCOUNTS_TRIED = 20
MAX_ABSENCES_SHOWN = 50


class Login(BaseModel):
    """`tenant` (name or id) is needed only by who has the same address and password in several."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=1, max_length=person.MAX_EMAIL_CHARS)
    password: str = Field(min_length=1, max_length=person.MAX_PASSWORD_CHARS)
    tenant: str | None = Field(None, max_length=200)


class OwnPassword(BaseModel):
    """The password until now, and the new one."""

    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(max_length=person.MAX_PASSWORD_CHARS)
    new_password: str = Field(min_length=person.MIN_PASSWORD_CHARS, max_length=person.MAX_PASSWORD_CHARS)


class Acceptance(BaseModel):
    """The invitation's secret, and the password to have."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=person.MIN_PASSWORD_CHARS, max_length=person.MAX_PASSWORD_CHARS)


class OwnChanges(BaseModel):
    """What people may change of themselves."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    timezone: str | None = None
    locale: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A sign-in: whose, its secret, and until when it is good."""

    user: people.Row
    secret: str
    expires_at: datetime


# -- signing in ------------------------------------------------------------------------------------


@resource.endpoint("POST", "/auth/login", body=Login, public=True, refusals=(400, 401, 429))
async def login(call: Call) -> Response:
    """Sign in: sets the session cookie, and answers the same credential as a bearer token."""
    body: Login = call.body
    _limit_tries(call, body.email.strip().lower())
    account = await _account(call, body)
    tenant_id = account["tenant_id"]
    actor = Actor(user_id=account["id"], role=account["role"], name=account["name"])

    def write(tx: Transaction) -> Session:
        access.forget_ended_sessions(tx.connection, tenant_id=tenant_id, user_id=account["id"], at=tx.at)
        return _begin_session(tx, tenant_id, account)

    return _signed_in(call, await call.wayline.door.submit(Change(tenant_id=tenant_id, actor=actor, write=write)))


def _limit_tries(call: Call, name: str) -> None:
    client = call.request.client
    call.request.app.state.limits.count_login(client.host if client else "", name)


async def _account(call: Call, body: Login) -> people.Row:
    """The account these words open; raises Unauthorized for none, and a refusal asking which of several."""
    email = body.email.strip().lower()
    accounts = await call.read(people.accounts_of, email=email, tenant=body.tenant)
    matching = await run_in_threadpool(on_any_core, _matching, accounts[:MAX_ACCOUNTS_TRIED], body.password)
    if not matching:
        raise Unauthorized("The address or the password is wrong.")
    if len(matching) > 1:
        names = [a["tenant_name"] for a in matching]
        said = Issue("tenant", f"Say which one: {', '.join(names)}.", "ambiguous_tenant")
        raise Refusal("invalid", said.message, code="ambiguous_tenant", details={"tenants": names}, issues=[said])
    return matching[0]


def _matching(accounts: Sequence[people.Row], password: str) -> list[people.Row]:
    """The accounts with this password. It takes as long when there is no account."""
    if not accounts:
        password_matches(None, password)
    return [a for a in accounts if password_matches(a["password_hash"], password)]


def _begin_session(tx: Transaction, tenant_id: str, account: people.Row) -> Session:
    secret, secret_hash = new_secret()
    row = access.add_token(
        tx.connection,
        tenant_id=tenant_id,
        user_id=account["id"],
        kind="session",
        name="Web session",
        secret_hash=secret_hash,
        abilities=("*",),
        at=tx.at,
        expires_at=tx.at + SESSION_LASTS,
    )
    actor = Actor(user_id=account["id"], role=account["role"], name=account["name"])
    audit.record(
        tx.connection, tenant_id=tenant_id, at=tx.at, actor=actor, action="session.created", subject_id=row["id"]
    )
    groups = people.memberships(tx.connection, tenant_id=tenant_id, user_ids=[account["id"]])
    user = person_view(account, groups.get(account["id"], []))
    return Session(user=user, secret=secret, expires_at=row["expires_at"])


def _signed_in(call: Call, session: Session) -> Response:
    page_token = csrf_token(call.wayline.secret_key, session.secret)
    response = data(
        {
            "token": session.secret,
            "user": session.user,
            "expires_at": session.expires_at,
            "csrf_token": page_token,
        }
    )
    for name, value, hidden in ((SESSION_COOKIE, session.secret, True), (CSRF_COOKIE, page_token, False)):
        response.set_cookie(
            name,
            value,
            max_age=int(SESSION_LASTS.total_seconds()),
            path="/",
            secure=_is_https(call),
            httponly=hidden,
            samesite="lax",
        )
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_https(call: Call) -> bool:
    return call.wayline.settings.address.lower().startswith("https:")


@resource.endpoint("POST", "/auth/logout", status=204, refusals=(409,))
async def logout(call: Call) -> Response:
    """End the session, for the browser and for the bearer token that came with it."""
    if not call.caller.is_session:
        raise Refusal("conflict", "An API token is no session; revoke it at /tokens.", code="not_a_session")

    def write(tx: Transaction) -> None:
        access.revoke_token(tx.connection, tenant_id=call.caller.tenant_id, token_id=call.caller.token_id, at=tx.at)
        note(tx, call, "session.ended", call.caller.token_id)

    response = await administer(call, write, lambda _: Response(status_code=204))
    for name in (SESSION_COOKIE, CSRF_COOKIE):
        response.delete_cookie(name, path="/", secure=_is_https(call), httponly=name == SESSION_COOKIE, samesite="lax")
    return response


# -- who one is ------------------------------------------------------------------------------------


@resource.endpoint("GET", "/auth/me")
async def who_am_i(call: Call) -> Response:
    """The caller: account, tenant and plan, what they may do with this credential, groups, absences."""
    return data(await call.read(_me, call))


def _me(connection: sa.Connection, call: Call) -> dict[str, Any]:
    caller = call.caller
    by: dict[str, Any] = {"tenant_id": caller.tenant_id, "user_id": caller.user_id}
    row = people.read_user(connection, **by)
    tenant = access.read_tenant(connection, tenant_id=caller.tenant_id)
    if row is None or tenant is None:
        raise Unauthorized
    groups = people.memberships(connection, tenant_id=caller.tenant_id, user_ids=[caller.user_id])
    now = call.wayline.clock.now()
    away, _ = people.list_absences(connection, **by, ending_after=now, limit=MAX_ABSENCES_SHOWN)
    secret = call.request.cookies.get(SESSION_COOKIE)
    return {
        **person_view(row, groups.get(caller.user_id, [])),
        "tenant": {"id": tenant["id"], "name": tenant["name"]},
        "plan": tenant["plan"],
        "features": features_of(tenant["plan"]),
        "abilities": shown_abilities(caller.abilities),
        "may": [a for a in abilities_of(caller.role) if a != "*" and caller.can(a)],
        "absences": [absence_view(a) for a in away],
        "session": caller.is_session,
        "csrf_token": csrf_token(call.wayline.secret_key, secret) if secret and caller.is_session else None,
    }


@resource.endpoint("PATCH", "/auth/me", body=OwnChanges, refusals=(400,))
async def change_myself(call: Call) -> Response:
    """Change one's own name, time zone or language."""
    fields, issues = person.read_fields(call.body.model_dump(exclude_unset=True), creating=False)
    if issues:
        raise invalid(*issues)
    by = {"tenant_id": call.caller.tenant_id, "user_id": call.caller.user_id}

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, call.caller.tenant_id)
        before = people.read_user(tx.connection, **by) or {}
        changed = audit.changed(before, fields)
        if changed:
            people.change_user(tx.connection, **by, fields={name: value[1] for name, value in changed.items()})
            note(tx, call, "user.updated", call.caller.user_id, {"changes": changed})

    await administer(call, write, lambda _: data(None))
    return data(await call.read(_me, call))


# -- passwords -------------------------------------------------------------------------------------


@resource.endpoint("POST", "/auth/password", body=OwnPassword, status=204, refusals=(400, 429))
async def change_password(call: Call) -> Response:
    """Change one's own password; every other session ends, API tokens stay."""
    _limit_tries(call, call.caller.email)
    by = {"tenant_id": call.caller.tenant_id, "user_id": call.caller.user_id}
    stored = await call.read(people.password_hash_of, **by)
    if not await run_in_threadpool(on_any_core, password_matches, stored, call.body.current_password):
        raise issue("current_password", "That is not your password.", "wrong_password")
    password_hash = await _hashed(call.body.new_password, "new_password")

    def write(tx: Transaction) -> None:
        people.change_user(tx.connection, **by, fields={"password_hash": password_hash})
        access.revoke_all(tx.connection, **by, kinds=("session", "invitation"), at=tx.at, but=call.caller.token_id)
        note(tx, call, "user.password_changed", call.caller.user_id)

    return await administer(call, write, lambda _: Response(status_code=204))


async def _hashed(password: str, field: str) -> str:
    _, issues = person.read_fields({"password": password}, creating=False)
    if issues:
        raise invalid(*(Issue(field, i.message, i.code) for i in issues))
    return await run_in_threadpool(on_any_core, hash_password, password)


@resource.endpoint("POST", "/auth/invitation", body=Acceptance, public=True, refusals=(400, 429))
async def accept_invitation(call: Call) -> Response:
    """Take an invitation up: set the password and be signed in. An invitation is good once."""
    _limit_tries(call, "invitation")
    password_hash = await _hashed(call.body.password, "password")
    secret_hash = hash_of(call.body.token)

    def write(tx: Transaction) -> Session:
        invited = access.open_invitation(tx.connection, secret_hash=secret_hash, at=tx.at)
        if invited is None:
            raise issue("token", "The invitation has been used, or has expired; ask for a new one.", "ended")
        by = {"tenant_id": invited["tenant_id"], "user_id": invited["user_id"]}
        account = people.read_user(tx.connection, **by)
        assert account is not None
        access.revoke_all(tx.connection, **by, kinds=("session", "invitation"), at=tx.at)
        people.change_user(tx.connection, **by, fields={"password_hash": password_hash})
        return _begin_session(tx, invited["tenant_id"], account)

    try:
        session = await call.wayline.door.submit(Change(tenant_id=None, actor=Actor(user_id=None), write=write))
    finally:
        call.request.app.state.callers.forget()
    return _signed_in(call, session)


def invitation_link(address: str) -> tuple[str, str]:
    """A new invitation's link for people, and the hash to keep of its secret."""
    secret, secret_hash = new_secret()
    return f"{address}/invitation?token={secret}", secret_hash
