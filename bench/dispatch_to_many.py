"""A message to ten thousand people: how long it takes to send it, to move everybody, and to answer for one.

    python -m bench.dispatch_to_many [PEOPLE]

Real servers on SQLite and PostgreSQL (fsync on) are asked over HTTP. There is no peer and no bar; the figures stand in
decision record 29.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvloop

from bench.client import Connection
from bench.services import postgresql
from bench.wayline_server import Desk, wayline
from wayline.store.bulk import BulkInsert
from wayline.store.database import Database, new_id
from wayline.store.directory import touch
from wayline.store.tables import tenants, users

DATABASE = "bench_dispatch"
TEMPLATE: dict[str, Any] = {
    "name": "Outage",
    "kind": "inbox",
    "steps": {
        "start": {
            "step": {
                "template": "Outage at {{ dispatch.site }}",
                "name": "New",
                "paths": [{"label": "Take", "step": "taken"}, {"label": "Decline", "step": "declined"}],
            },
            "actions": [{"action": "notify", "args": {"title": "Outage", "body": "{{ dispatch.site }}"}}],
        },
        "taken": {
            "step": {"name": "Taken", "scope": "$all", "paths": [{"label": "Done", "step": "over"}]},
            "actions": [{"action": "lock", "scope": "$all"}, {"action": "unlock", "scope": "$source"}],
        },
        "declined": {"step": {"name": "Declined", "status": "retired"}},
        "over": {"step": {"name": "Over", "scope": "$all", "status": "retired"}},
    },
}
_insert_users = BulkInsert(users)


def hire(database_url: str, people: int) -> None:
    """Write so many agents."""
    database = Database(database_url)
    try:
        with database.writer.begin() as connection:
            tenant_id = connection.execute(sa.select(tenants.c.id)).scalar_one()
            row = {"tenant_id": tenant_id, "role": "agent", "labels": [], "active": True, "timezone": "UTC"}
            row |= {"locale": "en", "created_at": datetime.now(UTC)}
            rows = [{**row, "id": new_id(), "email": f"p{n}@bench.example", "name": f"P{n}"} for n in range(people)]
            _insert_users.execute(connection, rows)
            touch(connection, tenant_id)
    finally:
        database.close()


async def measure(desk: Desk) -> dict[str, float]:
    """Seconds by what was asked."""
    connection = await Connection.open(desk.port)
    root, taken_s = desk.designer(), {}

    async def asked(what: str, request: Any, status: int) -> Any:
        begun_at = time.perf_counter()
        answer = await connection.call(request)
        taken_s[what] = round(time.perf_counter() - begun_at, 3)
        return json.loads(answer.expect(status))["data"]

    try:
        await asked("publish", root.post_json("/api/v1/workflows/templates", TEMPLATE), 201)
        body = {"template": "Outage", "to": "all users", "data": {"site": "Rome"}}
        sent = await asked("send", root.post_json("/api/v1/dispatches", body), 201)
        print(f"  {sent['dispatch']['counts']['total']} entries", file=sys.stderr)
        (mine,) = await asked("inbox", root.get("/api/v1/inbox?kind=entry"), 200)
        (other,) = await asked("inbox_of_another", desk.approver().get("/api/v1/inbox?kind=entry"), 200)
        decline, take, done = ({"path": path} for path in ("Decline", "Take", "Done"))
        choose = f"/api/v1/inbox/{mine['id']}/choose"
        await asked("decline", desk.approver().post_json(f"/api/v1/inbox/{other['id']}/choose", decline), 200)
        await asked("move_and_lock_all", root.post_json(choose, take), 200)
        await asked("read_dispatch", root.get(f"/api/v1/dispatches/{sent['dispatch']['id']}"), 200)
        await asked("retire_all", root.post_json(choose, done), 200)
    finally:
        connection.close()
    return taken_s


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(postgresql())
        cluster.fresh_database(DATABASE)
        places = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-dispatch-"))) for _ in range(2)]
        urls = {
            "sqlite": (places[0], f"sqlite:///{places[0] / 'wayline.db'}"),
            "postgresql": (places[1], cluster.url(DATABASE, scheme="postgresql+psycopg")),
        }
        for name, (place, url) in urls.items():
            desk = stack.enter_context(wayline(place, url))
            hire(url, people)
            print(name, json.dumps(uvloop.run(measure(desk))))


if __name__ == "__main__":
    main()
