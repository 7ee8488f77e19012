"""Remotes as callers: whoever shows an intervention's own token may ask through it, and do nothing else."""

from __future__ import annotations

from starlette.requests import Request

from wayline.api.auth import Caller
from wayline.api.problems import Unauthorized
from wayline.core.facts import Actor
from wayline.engine.remotes import TOKEN_PREFIX, hash_of
from wayline.store.interventions import owner_of_token

CREATE = "create-ticket"


class RemoteCaller(Caller, frozen=True):
    """A remote. `intervention` is the number of the one it may ask through; it is nobody of the desk's people."""

    intervention: int


def caller_or_remote(request: Request) -> Caller:
    """Who calls: a remote by its token, else whoever others know; raises Unauthorized."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip().startswith(TOKEN_PREFIX):
        caller: Caller = request.app.state.callers.identify(request)
        return caller
    database = request.app.state.wayline.database
    with database.reader.connect() as connection:
        owner = owner_of_token(connection, hash_of(secret.strip()))
    if owner is None:
        raise Unauthorized
    return RemoteCaller(
        tenant_id=owner.tenant_id,
        user_id=f"remote {owner.intervention}",
        name=owner.remote_name,
        email="",
        role="remote",
        plan=owner.plan,
        abilities=frozenset({CREATE}),
        token_id=f"remote {owner.tenant_id} {owner.intervention}",
        is_session=False,
        actor=Actor(user_id=None, role="remote", name=owner.remote_name),
        intervention=owner.intervention,
    )
