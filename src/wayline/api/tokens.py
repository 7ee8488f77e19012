"""Tokens: credentials for programs. Everybody has their own; admins see and end everybody's.

A token never passes on more than the credential that makes it has, unless an administrator makes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.administration import IdFilter, administer, is_administrator, note
from wayline.api.auth import ABILITIES, abilities_of, new_secret
from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.engine.door import Transaction
from wayline.store import access, people

resource = Resource("Tokens")
MAX_NAME_CHARS = 200


class NewToken(BaseModel):
    """What it is for, what it lets do, until when (left out: no end). `user_id` is for admins: whose it is."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    abilities: list[str] = Field(default_factory=lambda: ["*"], min_length=1, max_length=len(ABILITIES))
    expires_at: datetime | None = None
    user_id: str | None = None


class TokenList(Paging):
    """Admins see everybody's, or those of `user_id`; `q` is a part of the name. `kind=session`: who is signed in."""

    kind: Literal["api", "session"] = "api"
    user_id: IdFilter | None = None
    sort: Literal["created_at"] = "created_at"


@resource.endpoint("GET", "/tokens", query=TokenList, refusals=(400, 403))
async def list_tokens(call: Call) -> Response:
    """Tokens that have not been revoked, the newest first. Never their secrets."""
    query: TokenList = call.query
    me = call.caller.user_id
    if not is_administrator(call) and query.user_id not in (None, me):
        raise Refusal("forbidden", "Other people's tokens are for admins.", code="role")
    written = call.request.app.state.callers.note_used()
    if written is not None:
        await asyncio.wrap_future(written)
    rows, total = await call.read(
        access.list_tokens,
        tenant_id=call.caller.tenant_id,
        user_id=query.user_id if is_administrator(call) else me,
        kind=query.kind,
        q=query.q,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    shown = [{**row, "current": row["id"] == call.caller.token_id} for row in rows]
    return json(page_of(shown, total, query))


@resource.endpoint("POST", "/tokens", body=NewToken, status=201, refusals=(400, 403))
async def create_token(call: Call) -> Response:
    """A new token. Its secret is in `token`, this once: it is not kept, not even for an Idempotency-Key."""
    body: NewToken = call.body
    tenant_id = call.caller.tenant_id
    user_id = await _owner(call, body.user_id)
    expires_at = _expiry(call, body.expires_at)
    secret, secret_hash = new_secret()

    def write(tx: Transaction) -> access.Row:
        owner = people.read_user(tx.connection, tenant_id=tenant_id, user_id=user_id)
        if owner is None or not owner["active"]:
            raise issue("user_id", "There is no such active person.", "unknown_user")
        _refuse_more_than(owner["role"], body.abilities)
        _require_covered(call, body.abilities)
        row = access.add_token(
            tx.connection,
            tenant_id=tenant_id,
            user_id=user_id,
            kind="api",
            name=body.name,
            secret_hash=secret_hash,
            abilities=set(body.abilities),
            at=tx.at,
            expires_at=expires_at,
        )
        note(tx, call, "token.created", row["id"], {"user_id": user_id, "name": body.name, "abilities": body.abilities})
        return row

    response = await administer(call, write, lambda row: data({**row, "token": None}, 201))
    return _with_secret(response, secret)


async def _owner(call: Call, user_id: str | None) -> str:
    if user_id is None or user_id.lower() == call.caller.user_id:
        return call.caller.user_id
    if not is_administrator(call):
        raise Refusal("forbidden", "Tokens for other people are for admins to make.", code="role")
    if not ID_PATTERN.fullmatch(user_id):
        raise issue("user_id", "There is no such active person.", "unknown_user")
    return user_id.lower()


def _expiry(call: Call, expires_at: datetime | None) -> datetime | None:
    if expires_at is None:
        return None
    aware = expires_at if expires_at.tzinfo is not None else expires_at.replace(tzinfo=UTC)
    if aware <= call.wayline.clock.now():
        raise issue("expires_at", "expires_at lies in the past.", "in_the_past")
    if aware.year > 9000:
        raise issue("expires_at", "expires_at is too far away; leave it out for no end.", "out_of_range")
    return aware.astimezone(UTC)


def _refuse_more_than(role: str, abilities: Collection[str]) -> None:
    allowed = abilities_of(role)
    issues = []
    for position, ability in enumerate(abilities):
        if ability not in ABILITIES:
            said = f"{ascii(ability)[1:-1]} is no ability; there are {', '.join(ABILITIES)}."
            issues.append(Issue(f"abilities[{position}]", said, "unknown_ability"))
        elif ability not in allowed:
            said = f"The role {role} does not allow {ability}."
            issues.append(Issue(f"abilities[{position}]", said, "beyond_role"))
    if issues:
        raise invalid(*issues)


def _require_covered(call: Call, abilities: Collection[str]) -> None:
    """Refuse to hand out, with a narrow credential, what it does not have itself."""
    if is_administrator(call):
        return
    beyond = sorted(a for a in abilities if not call.caller.can(a))
    if beyond:
        raise Refusal(
            "forbidden",
            f"This token lacks {', '.join(beyond)} itself.",
            code="ability",
            details={"abilities": beyond},
        )


def _with_secret(response: Response, secret: str) -> Response:
    """The answer with the secret put in, unless it is the stored answer to an earlier request."""
    if "idempotent-replayed" in response.headers:
        return response
    shown: dict[str, Any] = msgspec.json.decode(response.body)["data"]
    answer = data({**shown, "token": secret}, response.status_code)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@resource.endpoint("POST", "/tokens/{id}/rotate", refusals=(403, 404, 409))
async def rotate_token(call: Call) -> Response:
    """Another secret for the same token, shown this once; the one until now ends at once."""
    token_id = call.id("id", "Token")
    secret, secret_hash = new_secret()

    def write(tx: Transaction) -> access.Row:
        row = _reachable(tx, call, token_id)
        if row["kind"] != "api":
            raise Refusal("conflict", "A session is ended, not rotated.", code="not_an_api_token")
        if row["expires_at"] is not None and row["expires_at"] <= tx.at:
            raise Refusal("conflict", "The token has expired.", code="expired")
        access.replace_secret(
            tx.connection, tenant_id=call.caller.tenant_id, token_id=token_id, secret_hash=secret_hash
        )
        note(tx, call, "token.rotated", token_id)
        return {**row, "last_used_at": None}

    response = await administer(call, write, lambda row: data({**row, "token": None}))
    return _with_secret(response, secret)


@resource.endpoint("DELETE", "/tokens/{id}", status=204, refusals=(403, 404))
async def revoke_token(call: Call) -> Response:
    """End a token or session at once."""
    token_id = call.id("id", "Token")

    def write(tx: Transaction) -> None:
        row = _reachable(tx, call, token_id)
        access.revoke_token(tx.connection, tenant_id=call.caller.tenant_id, token_id=token_id, at=tx.at)
        note(tx, call, "token.revoked", token_id, {"user_id": row["user_id"], "name": row["name"]})

    return await administer(call, write, lambda _: Response(status_code=204))


def _reachable(tx: Transaction, call: Call, token_id: str) -> access.Row:
    """The token, when the caller may end it: their own or, administering, anybody's; else it does not exist."""
    row = access.read_token(tx.connection, tenant_id=call.caller.tenant_id, token_id=token_id)
    if row is None or row["kind"] == "invitation":
        raise not_found("Token")
    if row["user_id"] != call.caller.user_id and not is_administrator(call):
        raise not_found("Token")
    if token_id != call.caller.token_id:
        _require_covered(call, row["abilities"])
    return row
