"""The desk before anything has happened: the company, its people and groups, their calendars, the example templates."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from wayline.api.auth import hash_password
from wayline.bootstrap import Wayline
from wayline.cli.definition_file import read_definition
from wayline.cli.demonstration.calendars import FOLLOW_THE_SUN, OFFICE_HOURS, Days
from wayline.cli.demonstration.people import (
    AWAY,
    COLLEAGUES,
    COMPANY,
    PASSWORD,
    SUBSTITUTE,
    TEAMS,
    Colleague,
)
from wayline.cli.demonstration.queues import QUEUES, RESOLUTION_CATEGORIES
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.facts import SYSTEM, Absence, Actor
from wayline.core.person import DEFAULTS
from wayline.engine import rule_publishing
from wayline.engine.door import Change, Transaction
from wayline.engine.publishing import Author, checked_for, create
from wayline.store import demo_desk, groups, people
from wayline.store.calendars import insert_calendar
from wayline.store.queues import insert_queue, put_managers
from wayline.store.resolution_categories import insert_category

TENANT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "marlow.example"))
"""Always the same, so that the demo's own tenant is never mistaken for somebody else's."""
PLAN = "enterprise"
AWAY_FOR = timedelta(days=6)
FOUNDER = "ruth"


class Cast(msgspec.Struct, frozen=True):
    """The people by the first names the stories call them by, as those who act."""

    actors: Mapping[str, Actor]

    def id_of(self, key: str) -> str:
        """A person's id."""
        user_id = self.actors[key].user_id
        assert user_id is not None
        return user_id


def found(wayline: Wayline, days: Days) -> Cast:
    """Make the company, or make it anew when its tenant is there already; all that it has is gone then."""
    password_hash = hash_password(PASSWORD)

    def write(tx: Transaction) -> Cast:
        if demo_desk.has_tenant(tx.connection, TENANT_ID):
            demo_desk.empty_tenant(tx.connection, TENANT_ID)
        else:
            demo_desk.add_tenant(tx.connection, tenant_id=TENANT_ID, name=COMPANY, plan=PLAN, at=tx.at)
        people.lock_directory(tx.connection, TENANT_ID)
        cast = _hire(tx, password_hash)
        _team_up(tx, cast)
        _open_hours(tx)
        _set_up_queues(tx, cast)
        _send_away(tx, cast, days)
        return cast

    cast: Cast = wayline.door.submit_and_wait(Change(tenant_id=None, actor=SYSTEM, write=write))
    return cast


def publish_examples(wayline: Wayline, cast: Cast, examples: list[Path]) -> None:
    """Publish the example templates, checked as they are for everybody. Raises a refusal for one with errors."""
    author = Author(tenant_id=TENANT_ID, actor=cast.actors[FOUNDER])
    for path in examples:
        definition = read_definition(path)
        with wayline.database.reader.connect() as connection:
            tenant = wayline.tenants.current(connection, {TENANT_ID})[TENANT_ID]
        publishing = partial(
            create,
            author=author,
            definition=definition,
            checked=checked_for(tenant, definition),
            note=f"From examples/{_place_of(path)}",
        )
        wayline.door.submit_and_wait(Change(tenant_id=TENANT_ID, actor=author.actor, write=publishing))


def _place_of(path: Path) -> str:
    return path.name if path.parent.name == "examples" else f"{path.parent.name}/{path.name}"


def save_rules(wayline: Wayline, cast: Cast, examples: list[Path]) -> None:
    """Have the example rules look at what happens from now on. Raises a refusal for one that cannot be read."""
    author = Author(tenant_id=TENANT_ID, actor=cast.actors[FOUNDER])
    for path in examples:
        rule = rule_publishing.parsed(read_definition(path))
        saving = partial(rule_publishing.create, author=author, rule=rule, secret_key=wayline.secret_key)
        wayline.door.submit_and_wait(Change(tenant_id=TENANT_ID, actor=author.actor, write=saving))


def _hire(tx: Transaction, password_hash: str) -> Cast:
    actors: dict[str, Actor] = {}
    for colleague in COLLEAGUES:
        manager = actors[colleague.manager].user_id if colleague.manager else None
        row = people.add_user(
            tx.connection,
            tenant_id=TENANT_ID,
            fields=_fields_of(colleague, manager),
            password_hash=password_hash,
            at=tx.at,
        )
        actors[colleague.key] = Actor(user_id=row["id"], role=colleague.role, name=colleague.name)
    return Cast(actors)


def _fields_of(colleague: Colleague, manager_id: str | None) -> dict[str, Any]:
    return {
        **DEFAULTS,
        "email": colleague.email,
        "name": colleague.name,
        "role": colleague.role,
        "manager_id": manager_id,
        "labels": list(colleague.labels),
        "timezone": str(OFFICE_HOURS["timezone"]),
    }


def _team_up(tx: Transaction, cast: Cast) -> None:
    for team in TEAMS:
        group = groups.add_group(
            tx.connection,
            tenant_id=TENANT_ID,
            slug=team.slug,
            name=team.name,
            description=team.description,
            at=tx.at,
        )
        for place, key in enumerate(team.members):
            groups.put_member(
                tx.connection,
                tenant_id=TENANT_ID,
                group_id=group["id"],
                user_id=cast.id_of(key),
                role_in_group="lead" if place < team.leads else "member",
            )


def _open_hours(tx: Transaction) -> None:
    for written in (OFFICE_HOURS, FOLLOW_THE_SUN):
        definition = CalendarDefinition.model_validate(written).model_dump(mode="json")
        insert_calendar(
            tx.connection, tenant_id=TENANT_ID, definition=definition, is_default=written is OFFICE_HOURS, at=tx.at
        )


def _set_up_queues(tx: Transaction, cast: Cast) -> None:
    for name, manager in QUEUES.items():
        number = insert_queue(tx.connection, tenant_id=TENANT_ID, name=name, outgoing_mailbox_id=None)
        put_managers(tx.connection, tenant_id=TENANT_ID, number=number, user_ids=[cast.id_of(manager)])
    for name, colour in RESOLUTION_CATEGORIES.items():
        insert_category(tx.connection, tenant_id=TENANT_ID, name=name, colour=colour)


def _send_away(tx: Transaction, cast: Cast, days: Days) -> None:
    """Somebody is away since the last working day's evening, and for some days to come."""
    start: datetime = days.on(1, "17:30")
    absence = Absence(
        user_id=cast.id_of(AWAY), start=start, end=days.now + AWAY_FOR, substitute_id=cast.id_of(SUBSTITUTE)
    )
    people.add_absence(tx.connection, tenant_id=TENANT_ID, absence=absence)
