"""People: their accounts, their work, their absences. Staff see everybody; requesters see themselves, and names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.administration import ADMIN, IdFilter, administer, is_administrator, note
from wayline.api.auth import hash_password
from wayline.api.departure import hand_over, open_work
from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.login import invitation_link
from wayline.api.person_view import absence_view, person_view
from wayline.api.problems import data, issue, json
from wayline.core import person
from wayline.core.absence import closes_a_circle
from wayline.core.facts import Absence
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.engine.door import Transaction
from wayline.engine.one_core import on_any_core
from wayline.store import access, audit, people

resource = Resource("People")
Role = Literal["requester", "agent", "manager", "admin"]
FIRST_YEAR, LAST_YEAR = 2000, 2200


def _shape(**schema: Any) -> Any:
    """A field that is judged with all the others, by `core.person`; the schema is for readers of the API."""
    return Field(None, json_schema_extra=schema)


class PersonChanges(BaseModel):
    """Fields of a person; what is left out stays as it is."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})

    email: Any = _shape(type="string", format="email", maxLength=person.MAX_EMAIL_CHARS)
    name: Any = _shape(type="string", minLength=1, maxLength=person.MAX_NAME_CHARS)
    role: Any = _shape(type="string", enum=list(person.ROLES))
    manager_id: Any = _shape(anyOf=[{"type": "string", "format": "uuid"}, {"type": "null"}])
    labels: Any = _shape(type="array", items={"type": "string"}, maxItems=person.MAX_LABELS)
    active: Any = _shape(type="boolean")
    timezone: Any = _shape(type="string", description="IANA name, such as Europe/Berlin.")
    locale: Any = _shape(type="string", description="Language tag, such as de-AT.")
    password: Any = _shape(type="string", minLength=person.MIN_PASSWORD_CHARS)

    def given(self) -> dict[str, Any]:
        """What was written, unknown fields too."""
        return self.model_dump(exclude_unset=True)


class NewPerson(PersonChanges):
    """A person: `email` is required. Without a password they are invited, or never sign in."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False, "required": ["email"]})


class PersonList(Paging):
    """Filters of the list; `q` is a part of a name or address."""

    sort: Literal["name", "email", "role", "created_at"] = "name"
    order: Literal["asc", "desc"] = "asc"
    active: bool | None = None
    role: Role | None = None
    group_id: IdFilter | None = None
    manager_id: IdFilter | None = None


class Deactivation(BaseModel):
    """Who takes over (an id); left out, the substitute or nobody."""

    model_config = ConfigDict(extra="forbid")

    hand_over_to: str | None = None


class NewAbsence(BaseModel):
    """From when until when, and who stands in. Instants without an offset are UTC."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    substitute_id: str | None = None


class AbsenceList(Paging):
    """`past` shows those that are over too."""

    past: bool = False


# -- reading ---------------------------------------------------------------------------------------


@resource.endpoint("GET", "/users", query=PersonList, refusals=(400, 403))
async def list_users(call: Call) -> Response:
    """People by name. Requesters see the names of who is active, and search in names alone."""
    query: PersonList = call.query
    if not call.caller.is_staff:
        _refuse_hidden_filters(query)
    rows, total = await call.read(
        people.list_users,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        in_names_only=not call.caller.is_staff,
        active=query.active if call.caller.is_staff else True,
        role=query.role,
        group_id=query.group_id,
        manager_id=query.manager_id,
        sort=query.sort,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of(await _shown(call, rows), total, query))


def _refuse_hidden_filters(query: PersonList) -> None:
    """A filter on what one may not see would show it."""
    if query.role or query.group_id or query.manager_id or query.sort != "name" or query.active is False:
        raise Refusal("forbidden", "Requesters may look for names alone.", code="role")


@resource.endpoint("GET", "/users/{id}", refusals=(404,))
async def get_user(call: Call) -> Response:
    """One person; of others, requesters see the name."""
    row = await _person(call)
    return data((await _shown(call, [row]))[0])


@resource.endpoint("GET", "/users/{id}/work", refusals=(403, 404))
async def work_of_user(call: Call) -> Response:
    """What waits for a person by name: open work items and assigned tickets (for themselves, managers and admins)."""
    row = await _person(call)
    if row["id"] != call.caller.user_id and call.caller.role not in ("manager", "admin"):
        raise Refusal("forbidden", "This is for themselves, managers and admins.", code="role")
    return data(await call.read(open_work, tenant_id=call.caller.tenant_id, user_id=row["id"]))


async def _person(call: Call) -> people.Row:
    row = await call.read_one(people.read_user, tenant_id=call.caller.tenant_id, user_id=call.id("id", "Person"))
    if row is None:
        raise not_found("Person")
    return row


async def _shown(call: Call, rows: list[people.Row]) -> list[dict[str, Any]]:
    """People as the caller may see them."""
    seen = [r["id"] for r in rows if call.caller.is_staff or r["id"] == call.caller.user_id]
    groups = await call.read(people.memberships, tenant_id=call.caller.tenant_id, user_ids=seen) if seen else {}
    return [
        person_view(r, groups.get(r["id"], [])) if r["id"] in seen else {"id": r["id"], "name": r["name"]} for r in rows
    ]


# -- writing ---------------------------------------------------------------------------------------


@resource.endpoint("POST", "/users", ability="admin", roles=ADMIN, body=NewPerson, status=201, refusals=(400, 409))
async def create_user(call: Call) -> Response:
    """A new person. 409 when somebody has that address."""
    fields, issues = person.read_fields(call.body.given(), creating=True)
    password_hash = await _hashed(fields.pop("password", None))
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> people.Row:
        people.lock_directory(tx.connection, tenant_id)
        _refuse_bad(tx, tenant_id, None, fields, issues)
        row = people.add_user(tx.connection, tenant_id=tenant_id, fields=fields, password_hash=password_hash, at=tx.at)
        note(tx, call, "user.created", row["id"], {"email": row["email"], "name": row["name"], "role": row["role"]})
        return row

    return await administer(call, write, lambda row: data(person_view(row, []), 201))


@resource.endpoint("PATCH", "/users/{id}", ability="admin", roles=ADMIN, body=PersonChanges, refusals=(400, 404, 409))
async def update_user(call: Call) -> Response:
    """Change some fields. `active: false` deactivates, and hands the person's work over as DELETE does."""
    user_id = call.id("id", "Person")
    fields, issues = person.read_fields(call.body.given(), creating=False)
    password_hash = await _hashed(fields.pop("password", None))
    before = await administer_person(call, user_id, fields, issues, password_hash)
    departed: dict[str, Any] = {}
    if before["active"] and fields.get("active") is False:
        departed = await hand_over(call, user_id=user_id, heir_id=None)
    return data({**(await _shown(call, [await _person(call)]))[0], **departed})


async def administer_person(
    call: Call, user_id: str, fields: Mapping[str, Any], issues: list[Issue], password_hash: str | None = None
) -> people.Row:
    """Change a person's fields in one transaction; answers what they were before."""
    tenant_id = call.caller.tenant_id
    before: people.Row = {}

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, tenant_id)
        found = people.read_user(tx.connection, tenant_id=tenant_id, user_id=user_id)
        if found is None:
            raise not_found("Person")
        _refuse_bad(tx, tenant_id, user_id, fields, issues)
        if found["role"] == "admin" and found["active"] and _steps_down(fields):
            people.refuse_last_admin(tx.connection, tenant_id=tenant_id, user_id=user_id)
        before.update(found)
        _write_changes(tx, call, found, fields, password_hash)

    await administer(call, write, lambda _: data(None))
    return before


def _steps_down(fields: Mapping[str, Any]) -> bool:
    return fields.get("active") is False or fields.get("role", "admin") != "admin"


def _write_changes(
    tx: Transaction, call: Call, before: people.Row, fields: Mapping[str, Any], password_hash: str | None
) -> None:
    tenant_id, user_id = call.caller.tenant_id, before["id"]
    changed = audit.changed(before, fields)
    written = {name: value[1] for name, value in changed.items()}
    if password_hash is not None:
        written["password_hash"] = password_hash
        changed = {**changed, "password": ["…", "…"]}
    if not written:
        return
    people.change_user(tx.connection, tenant_id=tenant_id, user_id=user_id, fields=written)
    ended: list[access.Kind] = ["session", "invitation"] if password_hash is not None else []
    ended = ["api", "session", "invitation"] if written.get("active") is False else ended
    access.revoke_all(tx.connection, tenant_id=tenant_id, user_id=user_id, kinds=ended, at=tx.at)
    deactivated = written.get("active") is False
    note(tx, call, "user.deactivated" if deactivated else "user.updated", user_id, {"changes": changed})


def _refuse_bad(
    tx: Transaction, tenant_id: str, user_id: str | None, fields: Mapping[str, Any], issues: list[Issue]
) -> None:
    found = [*issues, *people.problems_of(tx.connection, tenant_id=tenant_id, user_id=user_id, fields=fields)]
    if found:
        raise invalid(*found)
    if "email" in fields:
        people.refuse_taken_email(tx.connection, tenant_id=tenant_id, user_id=user_id, email=fields["email"])


async def _hashed(password: str | None) -> str | None:
    """The hash of a password, made off the event loop: it takes a while on purpose."""
    return None if password is None else await run_in_threadpool(on_any_core, hash_password, password)


@resource.endpoint("DELETE", "/users/{id}", ability="admin", roles=ADMIN, status=204, refusals=(404, 409))
async def delete_user(call: Call) -> Response:
    """Deactivate a person: history keeps them. Their work goes to their substitute, else back to their groups."""
    await _deactivated(call, None)
    return Response(status_code=204)


@resource.endpoint(
    "POST", "/users/{id}/deactivate", ability="admin", roles=ADMIN, body=Deactivation, refusals=(400, 404, 409)
)
async def deactivate_user(call: Call) -> Response:
    """Deactivate a person and hand their work over; says how much, and what could not be handed over and why.

    Doing it again hands over what is left.
    """
    heir_id = None if call.body.hand_over_to is None else await _heir(call, call.body.hand_over_to)
    departed = await _deactivated(call, heir_id)
    return data({"user": (await _shown(call, [await _person(call)]))[0], **departed})


async def _heir(call: Call, heir_id: str) -> str:
    heir = None
    if ID_PATTERN.fullmatch(heir_id):
        heir = await call.read_one(people.read_user, tenant_id=call.caller.tenant_id, user_id=heir_id.lower())
    if heir is None or not heir["active"] or heir["id"] == call.id("id", "Person"):
        raise issue("hand_over_to", "There is no such active colleague.", "unknown_user")
    return str(heir["id"])


async def _deactivated(call: Call, heir_id: str | None) -> dict[str, Any]:
    user_id = call.id("id", "Person")
    await administer_person(call, user_id, {"active": False}, [])
    return await hand_over(call, user_id=user_id, heir_id=heir_id)


@resource.endpoint("POST", "/users/{id}/invitation", ability="admin", roles=ADMIN, status=201, refusals=(404, 409))
async def invite_user(call: Call) -> Response:
    """A link with which the person sets a password, once and within a week; earlier ones end. Shown this once."""
    user_id = call.id("id", "Person")
    link, secret_hash = invitation_link(call.wayline.settings.address)
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> dict[str, Any]:
        found = people.read_user(tx.connection, tenant_id=tenant_id, user_id=user_id)
        if found is None:
            raise not_found("Person")
        if not found["active"]:
            raise Refusal("conflict", "The person is not active.", code="inactive")
        row = access.add_invitation(
            tx.connection, tenant_id=tenant_id, user_id=user_id, secret_hash=secret_hash, at=tx.at
        )
        note(tx, call, "user.invited", user_id)
        return {"user_id": user_id, "expires_at": row["expires_at"]}

    # Idempotency keys keep answers, and a secret is kept nowhere: the link is put in after.
    made: list[dict[str, Any]] = []

    def render(answer: dict[str, Any]) -> Response:
        made.append(answer)
        return data({**answer, "link": None}, 201)

    response = await administer(call, write, render)
    return data({**made[-1], "link": link}, 201) if made else response


# -- absences --------------------------------------------------------------------------------------


@resource.endpoint("GET", "/users/{id}/absence", query=AbsenceList, refusals=(400, 403, 404))
async def list_absences(call: Call) -> Response:
    """When a person is away, now and later, the latest first (for themselves and staff)."""
    row = await _person(call)
    if not call.caller.is_staff and row["id"] != call.caller.user_id:
        raise Refusal("forbidden", "This is for themselves and staff.", code="role")
    query: AbsenceList = call.query
    rows, total = await call.read(
        people.list_absences,
        tenant_id=call.caller.tenant_id,
        user_id=row["id"],
        ending_after=None if query.past else call.wayline.clock.now(),
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([absence_view(a) for a in rows], total, query))


@resource.endpoint(
    "POST", "/users/{id}/absence", ability="task:act", body=NewAbsence, status=201, refusals=(400, 403, 404, 409)
)
async def create_absence(call: Call) -> Response:
    """Be away, and have somebody stand in (themselves or an admin). 409 when substitutes would form a circle."""
    user_id = (await _own_or_administered(call))["id"]
    absence = _read_absence(call.body, user_id)
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> people.Row:
        people.lock_directory(tx.connection, tenant_id)
        _refuse_bad_substitute(tx, tenant_id, absence)
        row = people.add_absence(tx.connection, tenant_id=tenant_id, absence=absence)
        note(tx, call, "absence.created", row["id"], {"user_id": user_id, **absence_view(row)})
        return row

    return await administer(call, write, lambda row: data(absence_view(row), 201))


@resource.endpoint("DELETE", "/users/{id}/absence/{absence_id}", ability="task:act", status=204, refusals=(403, 404))
async def delete_absence(call: Call) -> Response:
    """Take an absence back (themselves or an admin)."""
    user_id = (await _own_or_administered(call))["id"]
    absence_id = call.id("absence_id", "Absence")
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, tenant_id)
        row = people.remove_absence(tx.connection, tenant_id=tenant_id, user_id=user_id, absence_id=absence_id)
        if row is None:
            raise not_found("Absence")
        note(tx, call, "absence.deleted", absence_id, absence_view(row))

    return await administer(call, write, lambda _: Response(status_code=204))


async def _own_or_administered(call: Call) -> people.Row:
    row = await _person(call)
    if row["id"] != call.caller.user_id and not is_administrator(call):
        raise Refusal("forbidden", "This is for themselves and admins.", code="role")
    return row


def _read_absence(body: NewAbsence, user_id: str) -> Absence:
    issues = []
    instants = []
    for name, given in (("from", body.start), ("to", body.end)):
        instant = given if given.tzinfo is not None else given.replace(tzinfo=UTC)
        if not FIRST_YEAR <= given.year < LAST_YEAR:
            issues.append(Issue(name, f"Between {FIRST_YEAR} and {LAST_YEAR}.", "out_of_range"))
        else:
            instant = instant.astimezone(UTC)
        instants.append(instant)
    if not issues and instants[0] >= instants[1]:
        issues.append(Issue("to", "It ends after it begins.", "not_after"))
    substitute_id = body.substitute_id
    if substitute_id is not None:
        substitute_id = substitute_id.lower()
        if not ID_PATTERN.fullmatch(substitute_id):
            issues.append(Issue("substitute_id", "substitute_id is the id of a person.", "unknown_user"))
        elif substitute_id == user_id:
            issues.append(Issue("substitute_id", "Nobody stands in for themselves.", "own_substitute"))
    if issues:
        raise invalid(*issues)
    return Absence(user_id=user_id, start=instants[0], end=instants[1], substitute_id=substitute_id)


def _refuse_bad_substitute(tx: Transaction, tenant_id: str, absence: Absence) -> None:
    if absence.substitute_id is None:
        return
    substitute = people.read_user(tx.connection, tenant_id=tenant_id, user_id=absence.substitute_id)
    if substitute is None or not substitute["active"]:
        raise issue("substitute_id", "There is no such active colleague.", "unknown_user")
    others = people.absences_between(tx.connection, tenant_id=tenant_id, start=absence.start, end=absence.end)
    if closes_a_circle(absence, others):
        raise Refusal("conflict", "They would stand in for each other in a circle.", code="substitute_cycle")
