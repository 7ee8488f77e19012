"""Interventions as rows, and what has been asked through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.intervention import Intervention, Texts, definition_of
from wayline.core.run import Run, decode
from wayline.store.database import new_id
from wayline.store.numbering import next_number
from wayline.store.tables import (
    counters,
    intervention_requests,
    interventions,
    queues,
    runs,
    template_versions,
    tenants,
)

KEPT = (
    "name",
    "title",
    "fields",
    "labels",
    "remote_enabled",
    "remote_epilog_url",
    "remote_timeout_s",
    "notify_inbox_managers",
    "create_urgent",
)
"""Fields that a row has under the same names."""


class ShownIntervention(msgspec.Struct, frozen=True):
    """An intervention with what lists show beside it; neither the remote's token nor its hash is read."""

    intervention: Intervention
    queue_name: str
    remote_name: str | None
    has_token: bool


class StoredRemote(msgspec.Struct, frozen=True):
    """Where answers go, and what the remote is shown: `token_sealed` None: it has no token yet."""

    enabled: bool
    url: str | None
    timeout_s: int
    token_sealed: bytes | None
    token_number: int


class TokenOwner(msgspec.Struct, frozen=True):
    """The remote whose token it is."""

    tenant_id: str
    plan: str
    intervention: int
    remote_name: str


class Request(msgspec.Struct, frozen=True):
    """What was asked once, and became a ticket with a run."""

    ticket_id: str
    run_id: str


class RequestOnTicket(msgspec.Struct, frozen=True):
    """A request as its ticket shows it. `name` is what the intervention is called now; None: it has been deleted."""

    intervention: int
    name: str | None
    uid: str
    run: Run
    created_at: datetime


_columns = (*(interventions.c[name] for name in KEPT), interventions.c.number, interventions.c.queue_number)
_columns += (interventions.c.texts, interventions.c.definition_id, interventions.c.definition_version)


# -- interventions ---------------------------------------------------------------------------------


def list_interventions(connection: sa.Connection, *, tenant_id: str) -> list[ShownIntervention]:
    """The tenant's interventions by name; there are as many as may be made."""
    query = _shown().where(interventions.c.tenant_id == tenant_id)
    return [_shown_of(row) for row in connection.execute(query.order_by(interventions.c.folded_name))]


def read_intervention(
    connection: sa.Connection, *, tenant_id: str, number: int, lock: bool = False
) -> ShownIntervention | None:
    """One intervention; `lock` keeps others from changing it (PostgreSQL)."""
    query = _shown().where(interventions.c.tenant_id == tenant_id, interventions.c.number == number)
    row = connection.execute(query.with_for_update(of=interventions) if lock else query).one_or_none()
    return None if row is None else _shown_of(row)


def intervention_called(connection: sa.Connection, *, tenant_id: str, name: str) -> Intervention | None:
    """The intervention of that name, case aside; None when there is none."""
    query = sa.select(*_columns).where(
        interventions.c.tenant_id == tenant_id, interventions.c.folded_name == folded(name)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _intervention(row)


def has_interventions(connection: sa.Connection, tenant_id: str) -> bool:
    """Whether the tenant has any, deleted ones among them."""
    query = sa.select(sa.literal(1)).where(counters.c.tenant_id == tenant_id, counters.c.name == "id:intervention")
    return connection.execute(query).first() is not None


def folded(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()


def _shown() -> sa.Select[Any]:
    of_queue = (queues.c.tenant_id == interventions.c.tenant_id) & (queues.c.number == interventions.c.queue_number)
    beside = (queues.c.name.label("queue_name"), interventions.c.remote_name)
    has_token = interventions.c.token_hash.is_not(None).label("has_token")
    return sa.select(*_columns, *beside, has_token).select_from(interventions.join(queues, of_queue))


def _shown_of(row: Any) -> ShownIntervention:
    return ShownIntervention(
        intervention=_intervention(row),
        queue_name=row.queue_name,
        remote_name=row.remote_name,
        has_token=bool(row.has_token),
    )


def _intervention(row: Any) -> Intervention:
    return Intervention(
        **{name: getattr(row, name) for name in KEPT},
        id=row.number,
        queue_id=row.queue_number,
        texts=msgspec.convert(row.texts, Texts),
        definition_id=row.definition_id,
        definition_version=row.definition_version,
    )


def insert_intervention(connection: sa.Connection, *, tenant_id: str, fields: Mapping[str, Any], at: datetime) -> int:
    """A new intervention of these fields (those of `Intervention` but for its number and process); answers its
    number."""
    number = next_number(connection, tenant_id=tenant_id, of="intervention")
    made = Intervention(id=number, definition_id=new_id(), definition_version=1, **fields)
    row = _row_of(made) | {"tenant_id": tenant_id, "number": number, "token_number": 0, "created_at": at}
    connection.execute(sa.insert(interventions).values(**row, updated_at=at))
    _keep_process(connection, tenant_id, made, at)
    return number


def update_intervention(
    connection: sa.Connection, *, tenant_id: str, before: Intervention, fields: Mapping[str, Any], at: datetime
) -> None:
    """Change an intervention. Requests that were made go on by the process they began with."""
    after = msgspec.structs.replace(before, **fields)
    if definition_of(after) != definition_of(before):
        after = msgspec.structs.replace(after, definition_version=before.definition_version + 1)
        _keep_process(connection, tenant_id, after, at)
    connection.execute(_one(tenant_id, before.id, sa.update(interventions)).values(**_row_of(after), updated_at=at))


def _row_of(intervention: Intervention) -> dict[str, Any]:
    return {name: getattr(intervention, name) for name in KEPT} | {
        "folded_name": folded(intervention.name),
        "queue_number": intervention.queue_id,
        "texts": msgspec.structs.asdict(intervention.texts),
        "definition_id": intervention.definition_id,
        "definition_version": intervention.definition_version,
    }


def _keep_process(connection: sa.Connection, tenant_id: str, intervention: Intervention, at: datetime) -> None:
    row = {
        "template_id": intervention.definition_id,
        "version": intervention.definition_version,
        "tenant_id": tenant_id,
        "definition": definition_of(intervention),
        "published_by": None,
        "published_at": at,
    }
    connection.execute(sa.insert(template_versions).values(row))


def delete_intervention(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Remove an intervention and its remote's token; what was asked through it stays."""
    connection.execute(_one(tenant_id, number, sa.delete(interventions)))


def _one(tenant_id: str, number: int, statement: Any) -> Any:
    return statement.where(interventions.c.tenant_id == tenant_id, interventions.c.number == number)


def tickets_waiting(connection: sa.Connection, *, tenant_id: str, definition_id: str) -> int:
    """How many requests of the intervention have not come to their end."""
    query = sa.select(sa.func.count()).where(
        runs.c.tenant_id == tenant_id, runs.c.template_id == definition_id, runs.c.completed_at.is_(None)
    )
    return connection.execute(query).scalar_one()


def interventions_of_queue(connection: sa.Connection, *, tenant_id: str, number: int) -> list[str]:
    """Names of the interventions whose requests come to this queue."""
    query = sa.select(interventions.c.name).where(
        interventions.c.tenant_id == tenant_id, interventions.c.queue_number == number
    )
    return list(connection.execute(query.order_by(interventions.c.folded_name)).scalars())


# -- remotes ---------------------------------------------------------------------------------------


def put_token(
    connection: sa.Connection, *, tenant_id: str, number: int, remote_name: str, token_hash: str, token_sealed: bytes
) -> int:
    """Give the intervention's remote a token in place of the one it had; answers how many there have been."""
    statement = _one(tenant_id, number, sa.update(interventions)).values(
        remote_name=remote_name,
        token_hash=token_hash,
        token_sealed=token_sealed,
        token_number=interventions.c.token_number + 1,
    )
    tokens: int = connection.execute(statement.returning(interventions.c.token_number)).scalar_one()
    return tokens


def owner_of_token(connection: sa.Connection, token_hash: str) -> TokenOwner | None:
    """The remote that has the token with this hash; None for nobody."""
    query = (
        sa.select(interventions.c.tenant_id, tenants.c.plan, interventions.c.number, interventions.c.remote_name)
        .join(tenants, tenants.c.id == interventions.c.tenant_id)
        .where(interventions.c.token_hash == token_hash)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else TokenOwner(*row)


def read_remote(connection: sa.Connection, *, tenant_id: str, number: int) -> StoredRemote | None:
    """Where the intervention's answers go now; None when it has been deleted."""
    query = sa.select(
        interventions.c.remote_enabled,
        interventions.c.remote_epilog_url,
        interventions.c.remote_timeout_s,
        interventions.c.token_sealed,
        interventions.c.token_number,
    )
    row = connection.execute(_one(tenant_id, number, query)).one_or_none()
    return None if row is None else StoredRemote(*row)


# -- requests --------------------------------------------------------------------------------------


def find_request(connection: sa.Connection, *, tenant_id: str, number: int, uid: str) -> Request | None:
    """What was asked under this uid; None when nothing was."""
    query = sa.select(intervention_requests.c.ticket_id, intervention_requests.c.run_id).where(
        intervention_requests.c.tenant_id == tenant_id,
        intervention_requests.c.intervention_number == number,
        intervention_requests.c.uid == uid,
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Request(*row)


def run_of_item(connection: sa.Connection, *, tenant_id: str, item_id: str) -> str | None:
    """The run of the request that this work item stood for, whether or not it still does; None for any other."""
    query = sa.select(intervention_requests.c.run_id).where(
        intervention_requests.c.item_id == item_id, intervention_requests.c.tenant_id == tenant_id
    )
    return connection.execute(query).scalar_one_or_none()


def requests_on_ticket(connection: sa.Connection, *, tenant_id: str, ticket_id: str) -> list[RequestOnTicket]:
    """What was asked that became this ticket, with the runs."""
    asked = intervention_requests
    query = (
        sa.select(asked.c.intervention_number, interventions.c.name, asked.c.uid, runs.c.state, asked.c.created_at)
        .select_from(
            asked.join(runs, runs.c.id == asked.c.run_id).outerjoin(
                interventions,
                (interventions.c.tenant_id == asked.c.tenant_id)
                & (interventions.c.number == asked.c.intervention_number),
            )
        )
        .where(asked.c.ticket_id == ticket_id, asked.c.tenant_id == tenant_id)
        .order_by(asked.c.created_at, asked.c.uid)
    )
    return [
        RequestOnTicket(intervention=row[0], name=row[1], uid=row[2], run=decode(row[3]), created_at=row[4])
        for row in connection.execute(query)
    ]


def open_requests(connection: sa.Connection, ticket_ids: Sequence[str]) -> list[str]:
    """Ids of the live runs of what was asked and became these tickets."""
    query = (
        sa.select(intervention_requests.c.run_id)
        .join(runs, runs.c.id == intervention_requests.c.run_id)
        .where(intervention_requests.c.ticket_id.in_(ticket_ids), runs.c.completed_at.is_(None))
    )
    return list(connection.execute(query.order_by(intervention_requests.c.run_id)).scalars())
