"""A desk to call: a served tenant with people who hold tokens, and a neighbour who must never see any of it.

Ana asks (requester); Bo and Cy resolve (agents); Dee leads the service desk (manager); Root administers. Zed is another
tenant on the same server: Zoe administers it and Zack is its agent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from wayline.api.app import application
from wayline.api.auth import hash_password, new_secret
from wayline.bootstrap import Wayline
from wayline.core.facts import Actor
from wayline.settings import Settings
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.queues import found_queues, insert_queue
from wayline.store.resolution_categories import insert_category
from wayline.store.tables import group_members, groups, tenants, tokens, users

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """Somebody with an account: a password (PASSWORD) and a bearer token with every ability of the role."""

    id: str
    tenant_id: str
    name: str
    email: str
    role: str
    token: str

    @property
    def actor(self) -> Actor:
        """The person as commands name who asks."""
        return Actor(user_id=self.id, role=self.role, name=self.name)


@dataclass(frozen=True)
class Desk:
    """The served desk. `http` calls as nobody; `client(person)` calls with that person's token."""

    wayline: Wayline
    app: ASGIApp
    http: TestClient
    tenant_id: str
    zed_id: str
    ana: Person
    bo: Person
    cy: Person
    dee: Person
    root: Person
    zoe: Person
    zack: Person
    service_desk_id: str
    zed_group_id: str
    _clients: dict[str, TestClient] = field(default_factory=dict)

    def client(self, person: Person) -> TestClient:
        """A client that sends the person's token; the same one each time."""
        if person.id not in self._clients:
            self._clients[person.id] = self.new_client({"Authorization": f"Bearer {person.token}"})
        return self._clients[person.id]

    def new_client(self, headers: dict[str, str] | None = None) -> TestClient:
        """A client with cookies of its own, on the server's event loop."""
        client = TestClient(self.app, headers=headers)
        client.portal = self.http.portal
        return client

    def new_token(self, person: Person, *abilities: str) -> str:
        """Another bearer token of the person, with these abilities alone."""
        with self.wayline.database.writer.begin() as connection:
            return add_token(connection, person.tenant_id, person.id, abilities, self.wayline.clock.now())

    def using(self, token: str) -> TestClient:
        """A client that sends this token."""
        return self.new_client({"Authorization": f"Bearer {token}"})


class served_desk:
    """Serve a seeded desk for the length of a block; `settings` override those of the tests."""

    def __init__(self, database_url: str, directory: Path, **settings: Any) -> None:
        chosen = {"secret_key": "a key for tests alone", "data_dir": directory / "data", **settings}
        self.wayline = Wayline(Settings(database_url=database_url, **chosen), workers=False)
        self.app = application(self.wayline)
        self.http = TestClient(self.app)

    def __enter__(self) -> Desk:
        seeded = seed(self.wayline)
        self.http.__enter__()
        return Desk(wayline=self.wayline, app=self.app, http=self.http, **seeded)

    def __exit__(self, *raised: Any) -> None:
        self.http.__exit__(*raised)


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


def seed(wayline: Wayline) -> dict[str, Any]:
    """Write both tenants and everybody in them; answers the fields of Desk."""
    at = wayline.clock.now()
    with wayline.database.writer.begin() as connection:
        acme, zed = new_id(), new_id()
        for tenant_id, name in ((acme, "Acme"), (zed, "Zed")):
            row = {"id": tenant_id, "name": name, "plan": "enterprise", "created_at": at}
            connection.execute(sa.insert(tenants).values(row))
            found_queues(connection, tenant_id)

        def person(tenant_id: str, name: str, role: str, manager: Person | None = None) -> Person:
            return add_person(connection, tenant_id, name, role, at, manager_id=manager.id if manager else None)

        root = person(acme, "Root", "admin")
        dee = person(acme, "Dee", "manager")
        seeded: dict[str, Any] = {
            "tenant_id": acme,
            "zed_id": zed,
            "root": root,
            "dee": dee,
            "ana": person(acme, "Ana", "requester", dee),
            "bo": person(acme, "Bo", "agent", dee),
            "cy": person(acme, "Cy", "agent", dee),
            "zoe": person(zed, "Zoe", "admin"),
            "zack": person(zed, "Zack", "agent"),
        }
        of_desk = {seeded["bo"]: "member", seeded["cy"]: "member", dee: "lead"}
        seeded["service_desk_id"] = add_group(connection, acme, "Service desk", of_desk, at)
        seeded["zed_group_id"] = add_group(connection, zed, "Zed’s desk", {seeded["zack"]: "lead"}, at)
        touch(connection, acme)
        touch(connection, zed)
    return seeded


def add_person(
    connection: sa.Connection, tenant_id: str, name: str, role: str, at: Any, *, manager_id: str | None = None
) -> Person:
    """A person of the tenant, called `<name>@<tenant>.example`, with a token that may all the role allows."""
    user_id = new_id()
    domain = connection.execute(sa.select(tenants.c.name).where(tenants.c.id == tenant_id)).scalar_one().lower()
    email = f"{name.lower()}@{domain}.example"
    row = {
        "id": user_id,
        "tenant_id": tenant_id,
        "email": email,
        "name": name,
        "role": role,
        "password_hash": password_hash(),
        "manager_id": manager_id,
        "labels": [],
        "active": True,
        "timezone": "UTC",
        "locale": "en",
        "created_at": at,
    }
    connection.execute(sa.insert(users).values(row))
    token = add_token(connection, tenant_id, user_id, ("*",), at)
    return Person(id=user_id, tenant_id=tenant_id, name=name, email=email, role=role, token=token)


def add_token(connection: sa.Connection, tenant_id: str, user_id: str, abilities: tuple[str, ...], at: Any) -> str:
    """A bearer token without an end; answers its secret."""
    secret, secret_hash = new_secret()
    row = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "user_id": user_id,
        "kind": "api",
        "name": "tests",
        "secret_hash": secret_hash,
        "abilities": list(abilities),
        "created_at": at,
    }
    connection.execute(sa.insert(tokens).values(row))
    return secret


def add_queues(wayline: Wayline, tenant_id: str, *names: str) -> None:
    """Queues of the tenant beside the built-in ones."""
    with wayline.database.writer.begin() as connection:
        for name in names:
            insert_queue(connection, tenant_id=tenant_id, name=name, outgoing_mailbox_id=None)
        touch(connection, tenant_id)


def add_categories(wayline: Wayline, tenant_id: str, *names: str) -> None:
    """Resolution categories of the tenant."""
    with wayline.database.writer.begin() as connection:
        for name in names:
            insert_category(connection, tenant_id=tenant_id, name=name, colour="#336699")
        touch(connection, tenant_id)


def add_group(connection: sa.Connection, tenant_id: str, name: str, members: dict[Person, str], at: Any) -> str:
    """A group with its members and what each is in it; answers its id."""
    group_id = new_id()
    slug = name.lower().replace("’", "").replace(" ", "-")
    row = {"id": group_id, "tenant_id": tenant_id, "slug": slug, "name": name, "created_at": at}
    connection.execute(sa.insert(groups).values(row))
    for position, (member, role_in_group) in enumerate(members.items()):
        row = {
            "group_id": group_id,
            "user_id": member.id,
            "tenant_id": tenant_id,
            "role_in_group": role_in_group,
            "position": position,
        }
        connection.execute(sa.insert(group_members).values(row))
    return group_id
