"""Tenants, and the credentials of their people: API tokens, web sessions, invitations.

A credential is a row of `tokens`; its `kind` says which of the three it is. Only a hash of the secret is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from wayline.store.database import new_id
from wayline.store.queues import found_queues
from wayline.store.tables import groups, runs, templates, tenants, tokens, users

Row = dict[str, Any]
Kind = Literal["api", "session", "invitation"]
INVITATION_LASTS = timedelta(days=7)
ENDED_SESSIONS_KEPT = timedelta(days=30)
_shown = (
    tokens.c.id,
    tokens.c.user_id,
    tokens.c.kind,
    tokens.c.name,
    tokens.c.abilities,
    tokens.c.created_at,
    tokens.c.expires_at,
    tokens.c.last_used_at,
)


_tenants = sa.select(tenants.c.id, tenants.c.name, tenants.c.plan, tenants.c.created_at)


# -- tokens ----------------------------------------------------------------------------------------


def add_token(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_id: str,
    kind: Kind,
    name: str,
    secret_hash: str,
    abilities: Collection[str],
    at: datetime,
    expires_at: datetime | None,
) -> Row:
    """A new credential; answers the row. `expires_at` None is no end."""
    row = {
        "id": new_id(),
        "user_id": user_id,
        "kind": kind,
        "name": name,
        "abilities": sorted(abilities),
        "created_at": at,
        "expires_at": expires_at,
        "last_used_at": None,
    }
    connection.execute(sa.insert(tokens).values(**row, tenant_id=tenant_id, secret_hash=secret_hash))
    return row


def add_invitation(connection: sa.Connection, *, tenant_id: str, user_id: str, secret_hash: str, at: datetime) -> Row:
    """An invitation to set a password, good for INVITATION_LASTS; earlier ones of the person end."""
    revoke_all(connection, tenant_id=tenant_id, user_id=user_id, kinds=["invitation"], at=at)
    return add_token(
        connection,
        tenant_id=tenant_id,
        user_id=user_id,
        kind="invitation",
        name="Invitation",
        secret_hash=secret_hash,
        abilities=(),
        at=at,
        expires_at=at + INVITATION_LASTS,
    )


def read_token(connection: sa.Connection, *, tenant_id: str, token_id: str) -> Row | None:
    """A credential of the tenant that has not been revoked; an expired one too."""
    query = sa.select(*_shown).where(
        tokens.c.id == token_id, tokens.c.tenant_id == tenant_id, tokens.c.revoked_at.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def list_tokens(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_id: str | None,
    kind: Kind,
    q: str | None = None,
    newest_first: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the credentials that have not been revoked, of one person or of everybody; `q` is a part of a name."""
    conditions = [tokens.c.tenant_id == tenant_id, tokens.c.kind == kind, tokens.c.revoked_at.is_(None)]
    if user_id is not None:
        conditions.append(tokens.c.user_id == user_id)
    if q:
        conditions.append(sa.func.lower(tokens.c.name).contains(q.lower(), autoescape=True))
    order = (tokens.c.created_at.desc(), tokens.c.id.desc()) if newest_first else (tokens.c.created_at, tokens.c.id)
    total = connection.execute(sa.select(sa.func.count()).select_from(tokens).where(*conditions)).scalar_one()
    query = (
        sa.select(*_shown, users.c.name.label("user_name"), users.c.email.label("user_email"))
        .join(users, users.c.id == tokens.c.user_id)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total


def replace_secret(connection: sa.Connection, *, tenant_id: str, token_id: str, secret_hash: str) -> None:
    """From now on another secret is this credential's."""
    named = (tokens.c.id == token_id, tokens.c.tenant_id == tenant_id)
    connection.execute(sa.update(tokens).where(*named).values(secret_hash=secret_hash, last_used_at=None))


def revoke_token(connection: sa.Connection, *, tenant_id: str, token_id: str, at: datetime) -> None:
    """The credential opens nothing any more."""
    named = (tokens.c.id == token_id, tokens.c.tenant_id == tenant_id)
    connection.execute(sa.update(tokens).where(*named).values(revoked_at=at))


def revoke_all(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_id: str,
    kinds: Collection[Kind],
    at: datetime,
    but: str | None = None,
) -> None:
    """Revoke a person's credentials of these kinds, but for the one with the id `but`."""
    conditions = [
        tokens.c.tenant_id == tenant_id,
        tokens.c.user_id == user_id,
        tokens.c.kind.in_(kinds),
        tokens.c.revoked_at.is_(None),
    ]
    if but is not None:
        conditions.append(tokens.c.id != but)
    connection.execute(sa.update(tokens).where(*conditions).values(revoked_at=at))


def forget_ended_sessions(connection: sa.Connection, *, tenant_id: str, user_id: str, at: datetime) -> None:
    """Remove a person's sessions and invitations that ended long ago, so that signing in leaves no growing pile."""
    long_ago = at - ENDED_SESSIONS_KEPT
    connection.execute(
        sa.delete(tokens).where(
            tokens.c.tenant_id == tenant_id,
            tokens.c.user_id == user_id,
            tokens.c.kind.in_(("session", "invitation")),
            sa.or_(tokens.c.revoked_at < long_ago, tokens.c.expires_at < long_ago),
        )
    )


def note_used(connection: sa.Connection, used: Mapping[str, datetime]) -> None:
    """Write when credentials were last used, by their ids, in the ids' order (other processes do the same)."""
    statement = sa.update(tokens).where(tokens.c.id == sa.bindparam("b_id")).values(last_used_at=sa.bindparam("v_at"))
    if used:
        connection.execute(statement, [{"b_id": token_id, "v_at": used[token_id]} for token_id in sorted(used)])


def open_invitation(connection: sa.Connection, *, secret_hash: str, at: datetime) -> Row | None:
    """The invitation with this secret that can still be taken up, with its tenant; None when there is none."""
    query = (
        sa.select(tokens.c.id, tokens.c.tenant_id, tokens.c.user_id)
        .join(users, users.c.id == tokens.c.user_id)
        .where(
            tokens.c.secret_hash == secret_hash,
            tokens.c.kind == "invitation",
            tokens.c.revoked_at.is_(None),
            tokens.c.expires_at > at,
            users.c.active,
        )
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


# -- tenants ---------------------------------------------------------------------------------------


def add_tenant(connection: sa.Connection, *, name: str, plan: str, at: datetime) -> Row:
    """A new tenant; answers {id, name, plan, created_at}."""
    tenant_id = new_id()
    row = {"id": tenant_id, "name": name, "plan": plan, "created_at": at}
    connection.execute(sa.insert(tenants).values(row))
    found_queues(connection, tenant_id)
    return row


def change_plan(connection: sa.Connection, *, tenant_id: str, plan: str) -> None:
    """Put a tenant on another plan; what exists beyond it stays."""
    connection.execute(sa.update(tenants).where(tenants.c.id == tenant_id).values(plan=plan))


def read_tenant(connection: sa.Connection, *, tenant_id: str) -> Row | None:
    """The tenant with this id."""
    row = connection.execute(_tenants.where(tenants.c.id == tenant_id)).one_or_none()
    return None if row is None else dict(row._mapping)


def list_tenants(connection: sa.Connection) -> list[Row]:
    """Every tenant by name; for the command line alone."""
    return [dict(row._mapping) for row in connection.execute(_tenants.order_by(tenants.c.name))]


def usage_of(connection: sa.Connection, *, tenant_id: str) -> dict[str, int]:
    """How many templates (archived ones aside), active people, groups and live runs a tenant has."""
    counted = {
        "templates": (templates, templates.c.status != "archived"),
        "users": (users, users.c.active),
        "groups": (groups, sa.true()),
        "active_instances": (runs, runs.c.completed_at.is_(None)),
    }
    return {
        name: connection.execute(
            sa.select(sa.func.count()).select_from(table).where(table.c.tenant_id == tenant_id, condition)
        ).scalar_one()
        for name, (table, condition) in counted.items()
    }
