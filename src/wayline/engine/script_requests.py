"""Carrying out what a script asked for: in its order, in the name of one person, each request by itself.

A request that is refused does nothing, is told with its reason, and leaves the others alone. Nobody's script may do
more than they themselves: see `_ROLES` and what requesters may (decision record 25).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from wayline.actions.script.confined import fault_of, handle_of
from wayline.core import commands, effects, person
from wayline.core import ticket as desk
from wayline.core.cause import Cause
from wayline.core.check import chat_doubt
from wayline.core.facts import Actor, Person
from wayline.core.inbox.scope import MAX_PEOPLE
from wayline.core.inbox.state import Dispatch
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.core.script import DONE, FUNCTIONS, REFUSED
from wayline.core.starting import id_sent_for
from wayline.core.user_query import QueryError, parse_query
from wayline.engine.applying import MAX_MAIL_ADDRESSES, About, Telling, notify
from wayline.engine.chains import begun_by
from wayline.engine.run_commands import know_live_templates, start_run
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.ticket_commands import create_ticket
from wayline.engine.working_set import HeldTicket, WorkingSet
from wayline.store import audit, groups, people
from wayline.store.templates import find_inbox_template

STAFF: Final = ("agent", "manager", "admin")
_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "send_email": STAFF,
    "send_chat": STAFF,
    "notify": STAFF,
    "create_dispatch": STAFF,
    "add_to_group": ("admin",),
    "add_label": ("admin",),
}
"""Who may ask for what; what is not listed here is for everybody, requesters within what is their own."""
REQUESTERS_SET: Final = frozenset({"type", "subtype", "title", "description", "priority", "category", "tags", "custom"})
REQUESTERS_CHANGE: Final = frozenset({"title", "description", "priority"})
MAX_TOLD: Final = MAX_MAIL_ADDRESSES


class Account(msgspec.Struct, frozen=True):
    """On whose account a script's requests are carried out: `by` is the person, None when that is nobody (any more);
    `of_the_desk` scripts are the operator's own and may do everything. `ticket_id` is what the script is about, `run`
    the one that runs it, None where a rule does."""

    tenant: TenantFacts
    by: Person | None
    of_the_desk: bool
    name: str
    job_id: str
    about: About
    ticket_id: str | None
    cause: Cause | None
    at: datetime
    run: Run | None = None

    @property
    def actor(self) -> Actor:
        """Whom timelines name: no person, so that nothing a script does counts as a person's act."""
        return Actor(user_id=None, name=self.name)

    @property
    def command(self) -> commands.Command:
        """What rows are written in the name of."""
        return commands.DoNothing(tenant_id=self.tenant.id, actor=self.actor)

    @property
    def is_requesters(self) -> bool:
        """Whether the person may do no more than requesters may."""
        return self.by is not None and self.by.role == "requester"


class _Carrying(msgspec.Struct):
    """One request at work: its effect's id, and the tickets that earlier ones have opened, by handle."""

    work: WorkingSet
    account: Account
    effect_id: str
    opened: dict[str, str]

    @property
    def tenant(self) -> TenantFacts:
        return self.account.tenant


def carry_out(work: WorkingSet, account: Account, asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Do what was asked; answers each request with what became of it: {do, with, became: done, …} or {do, with,
    became: refused, code, why}.

    `half_applied` stands from here on: the caller has to end it, since a bug takes everything back.
    """
    work.half_applied = True
    outer, work.cause = work.cause, account.cause
    opened: dict[str, str] = {}
    told = []
    for place, request in enumerate(asked, 1):
        carrying = _Carrying(work, account, f"{account.job_id}:{place}", opened)
        # What a request sets going (a run) may break without spoiling anything, and becomes an incident there.
        work.half_applied = False
        try:
            outcome = {"became": DONE, **_done(carrying, request)}
        except Refusal as refusal:
            why = "; ".join(issue.message for issue in refusal.issues) or refusal.message
            outcome = {"became": REFUSED, "code": refusal.code, "why": why}
        finally:
            work.half_applied = True
        if request["do"] == "create_ticket" and outcome["became"] == DONE:
            opened[handle_of(place)] = outcome["ticket_id"]
        told.append({**request, **outcome})
    work.cause = outer
    return told


def _done(carrying: _Carrying, request: Mapping[str, Any]) -> dict[str, Any]:
    account, name, arguments = carrying.account, request["do"], request["with"]
    function = FUNCTIONS[name]
    fault = fault_of({"arguments": function.arguments, "needed": function.needed}, arguments)
    if fault is not None:
        raise Refusal("invalid", f"core.{name}: {fault}.", code="bad_request")
    if account.by is None and not account.of_the_desk:
        raise Refusal("forbidden", "There is nobody (any more) in whose name it would be done.", code="nobody")
    roles = _ROLES.get(name)
    if roles is not None and account.by is not None and account.by.role not in roles:
        said = f"{account.by.name} may not do that: it is for the role {' or '.join(roles)}."
        raise Refusal("forbidden", said, code="role")
    return _DOERS[name](carrying, arguments)


def _cause_of_what_it_begins(carrying: _Carrying) -> Cause | None:
    """A rule is in the chain already. Raises a Refusal where a run's chain has to end."""
    account = carrying.account
    return account.cause if account.run is None else begun_by(carrying.work, account.run, account.cause)


# -- tickets ---------------------------------------------------------------------------------------


def _create_ticket(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    account = carrying.account
    fields = {name: value for name, value in arguments.items() if value is not None}
    fields.setdefault("type", "task")
    if account.is_requesters:
        _refuse_beyond(fields, REQUESTERS_SET, account)
        fields["requester"] = account.by.id if account.by is not None else None
    elif "requester" not in fields:
        fields["requester"] = _requester_of(carrying)
    command = commands.CreateTicket(
        tenant_id=carrying.tenant.id,
        actor=account.actor,
        ticket_id=id_sent_for(carrying.effect_id),
        fields=fields,
        cause=_cause_of_what_it_begins(carrying),
    )
    ticket = create_ticket(carrying.work, carrying.tenant, command).ticket
    return {"ticket_id": ticket["id"], "ticket": ticket["number"]}


def _requester_of(carrying: _Carrying) -> str | None:
    """Whom a new ticket is for unless it is said: as the ticket the script is about, else the person whose script it
    is."""
    held = carrying.work.tickets.get(carrying.account.ticket_id or "")
    of_ticket = held.stored.ticket["requester"] if held is not None else None
    return of_ticket or (carrying.account.by.id if carrying.account.by is not None else None)


def _update_ticket(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    work, account = carrying.work, carrying.account
    held = _ticket_named(carrying, arguments.get("ticket"))
    changes = {name: value for name, value in arguments.items() if name != "ticket"}
    if account.is_requesters:
        _refuse_beyond(changes, REQUESTERS_CHANGE, account)
    found = desk.changes_to(held.stored.ticket, changes, directory=carrying.tenant.directory)
    ticket = held.stored.ticket
    if found:
        event = desk.updated(ticket, found, account.actor)
        work.change_ticket(held, found, account.at)
        work.note_ticket(held.stored, [event], account.command, account.at)
        work.count_work(carrying.tenant.id, found.get("assignee"))
    return {"ticket_id": ticket["id"], "ticket": ticket["number"], "changed": sorted(found)}


def _refuse_beyond(fields: Iterable[str], allowed: frozenset[str], account: Account) -> None:
    beyond = sorted(set(fields) - allowed)
    if beyond:
        name = account.by.name if account.by is not None else account.name
        raise Refusal("forbidden", f"{name} may not set {', '.join(beyond)}: that is for staff.", code="staff_only")


def _ticket_named(carrying: _Carrying, name: str | None) -> HeldTicket:
    """The ticket of that id, number or handle, or the one the script is about; of a requester's only their own."""
    account = carrying.account
    if name is None and account.ticket_id is None:
        raise Refusal("invalid", "The script is about no ticket; name one.", code="no_ticket")
    wanted = (carrying.opened.get(name, name) if name is not None else account.ticket_id) or ""
    names = {wanted.lower(), desk.number_in(wanted)}
    for held in carrying.work.tickets.values():
        ticket = held.stored.ticket
        if held.stored.tenant_id != carrying.tenant.id or names.isdisjoint((ticket["id"], ticket["number"])):
            continue
        if not account.is_requesters or ticket["requester"] == (account.by.id if account.by is not None else None):
            return held
    raise Refusal("not_found", f"There is no ticket {name or wanted}.", code="unknown_ticket")


# -- people ----------------------------------------------------------------------------------------


class _Found(msgspec.Struct):
    """Whom texts name: people by id, and addresses of nobody at the desk."""

    user_ids: dict[str, None] = {}
    addresses: dict[str, None] = {}


def _people_named(carrying: _Carrying, names: str | list[str], *, with_addresses: bool, most: int = MAX_TOLD) -> _Found:
    """Each text is a person, a group, an address where those are taken, or a user query; one that means nobody is
    refused."""
    found, directory = _Found(), carrying.tenant.directory
    for name in [names] if isinstance(names, str) else names:
        one, group = directory.person(name), directory.group(name)
        if one is not None:
            found.user_ids[one.id] = None
        elif group is not None and (members := directory.active_members(group)):
            found.user_ids.update(dict.fromkeys(members))
        elif with_addresses and "@" in name and " " not in name.strip():
            found.addresses[person.read_email(name)] = None
        else:
            found.user_ids.update(dict.fromkeys(_queried(carrying, name)))
    if len(found.user_ids) + len(found.addresses) > most:
        raise Refusal("invalid", f"That means more than {most:,} people.", code="too_many_people")
    return found


def _queried(carrying: _Carrying, text: str) -> list[str]:
    by = carrying.account.by
    try:
        found = parse_query(text).resolve(
            carrying.tenant.directory, current_user=by.id if by is not None else None, context={}
        )
    except QueryError as error:
        raise Refusal("invalid", f"{text} is no person, no group and no user query.", code="nobody_found") from error
    if not found:
        raise Refusal("invalid", f"{text} means nobody.", code="nobody_found")
    return list(found)


def _send_email(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if not carrying.work.mail:
        raise Refusal("conflict", "No mail server is set up.", code="no_mail")
    return _tell(carrying, arguments["to"], arguments["subject"], arguments.get("text"), channel="email")


def _notify(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _tell(carrying, arguments["to"], arguments["title"], arguments.get("text"), channel="push")


def _tell(carrying: _Carrying, to: str | list[str], title: str, text: str | None, *, channel: str) -> dict[str, Any]:
    account = carrying.account
    try:
        found = _people_named(carrying, to, with_addresses=channel == "email")
    except ValueError as error:
        raise Refusal("invalid", str(error), code="nobody_found") from error
    notice = effects.Notify(
        user_ids=tuple(found.user_ids),
        kind="message",
        title=title[: desk.MAX_TITLE_CHARS],
        body=(text or "")[: desk.MAX_TEXT_CHARS],
        channel=channel,
        addresses=tuple(found.addresses),
    )
    notify(carrying.work, Telling(tenant=carrying.tenant, about=account.about, at=account.at), notice)
    return {"told": [*found.user_ids, *found.addresses]}


def _send_chat(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    doubt = chat_doubt(arguments.get("channel"), carrying.tenant.chat_channels)
    if doubt is not None:
        raise Refusal("not_found", doubt, code="unknown_channel")
    written = {name: arguments[name] for name in ("channel", "text", "title") if arguments.get(name) is not None}
    carrying.work.add_job(
        carrying.tenant.id,
        carrying.effect_id,
        queue="chat",
        task_queue=carrying.account.about.task_queue,
        action={"type": "send_chat", **written},
        due_at=carrying.account.at,
    )
    return {"job_id": carrying.effect_id}


def _add_to_group(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    one = _one_person(carrying, arguments["user"])
    group = carrying.tenant.directory.group(arguments["group"])
    role = arguments.get("role") or "member"
    if group is None:
        raise Refusal("not_found", f"There is no group {arguments['group']}.", code="unknown_group")
    if role not in ("member", "lead"):
        raise Refusal("invalid", "role is member or lead.", code="unknown_role")
    by = {"tenant_id": carrying.tenant.id, "group_id": group.id, "user_id": one.id}
    people.lock_directory(carrying.work.connection, carrying.tenant.id)
    groups.put_member(carrying.work.connection, **by, role_in_group=role)
    _note(carrying, "group.member_set", group.id, {"user_id": one.id, "role_in_group": role})
    return {"user_id": one.id, "group_id": group.id}


def _add_label(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    one = _one_person(carrying, arguments["user"])
    connection, by = carrying.work.connection, {"tenant_id": carrying.tenant.id, "user_id": one.id}
    people.lock_directory(connection, carrying.tenant.id)
    row = people.read_user(connection, **by)
    before = list(row["labels"]) if row is not None else []
    fields, issues = person.read_fields({"labels": [*before, arguments["label"]]}, creating=False)
    if issues:
        raise Refusal("invalid", issues[0].message, code=issues[0].code)
    if fields["labels"] != before:
        people.change_user(connection, **by, fields=fields)
        _note(carrying, "user.updated", one.id, {"labels": [before, fields["labels"]]})
    return {"user_id": one.id, "labels": fields["labels"]}


def _one_person(carrying: _Carrying, name: str) -> Person:
    found = carrying.tenant.directory.person(name)
    if found is None:
        raise Refusal("not_found", f"There is no active person {name}.", code="unknown_user")
    return found


def _note(carrying: _Carrying, action: str, subject_id: str, detail: dict[str, Any]) -> None:
    audit.record(
        carrying.work.connection,
        tenant_id=carrying.tenant.id,
        at=carrying.account.at,
        actor=carrying.account.actor,
        action=action,
        subject_id=subject_id,
        detail={**detail, "by": carrying.account.name},
    )


# -- runs ------------------------------------------------------------------------------------------


def _start_workflow(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    work, account, tenant = carrying.work, carrying.account, carrying.tenant
    head = tenant.template_named(arguments["name"])
    if head is None:
        raise Refusal("not_found", f"No published template is called “{arguments['name']}”.", code="unknown_template")
    task_queue = arguments.get("task_queue")
    if task_queue is not None and task_queue not in work.task_queues:
        raise Refusal("invalid", f"task_queue is one of {', '.join(work.task_queues)}.", code="unknown_task_queue")
    ticket_id = None
    if arguments.get("ticket") is not None:
        ticket_id = _ticket_named(carrying, arguments["ticket"]).stored.ticket["id"]
        know_live_templates(work, ticket_id)
    command = commands.StartRun(
        tenant_id=tenant.id,
        run_id=id_sent_for(carrying.effect_id),
        template_id=head.id,
        ticket_id=ticket_id,
        owner_id=account.by.id if account.by is not None else None,
        variables=arguments.get("input") or {},
        task_queue=task_queue,
        trigger_type="rule" if account.about.kind == "rule" else "api",
        trigger_detail=f"Started by {account.name}",
        cause=_cause_of_what_it_begins(carrying),
    )
    return {"run_id": _begin(carrying, command, head.name)}


def _begin(carrying: _Carrying, command: commands.StartRun, name: str) -> str:
    """Start a run in the name of the account; answers its id."""
    work, account = carrying.work, carrying.account
    try:
        run = start_run(work, carrying.tenant, command).run
    except Refusal:
        raise
    except Exception as bug:
        if work.half_applied:
            raise
        raise Refusal("conflict", f"“{name}” could not be started: {bug}", code="start_failed") from bug
    if account.cause is not None:
        work.spread(carrying.tenant.id, account.cause.root)
    return run.id


def _create_dispatch(carrying: _Carrying, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Send a message. `to` is a user query, or people and groups; these are whoever they are now."""
    account, tenant, named = carrying.account, carrying.tenant, arguments["template"]
    template_id = find_inbox_template(carrying.work.connection, tenant_id=tenant.id, named=named)
    if template_id is None:
        raise Refusal("not_found", f"No published inbox template is called “{named}”.", code="unknown_template")
    found = _people_named(carrying, arguments["to"], with_addresses=False, most=MAX_PEOPLE)
    command = commands.StartRun(
        tenant_id=tenant.id,
        run_id=id_sent_for(carrying.effect_id),
        template_id=template_id,
        owner_id=account.by.id if account.by is not None else None,
        variables=arguments.get("data") or {},
        trigger_type="rule" if account.about.kind == "rule" else "api",
        trigger_detail=f"Sent by {account.name}",
        cause=_cause_of_what_it_begins(carrying),
        dispatch=Dispatch(
            to=list(found.user_ids),
            attributes=arguments.get("attributes") or {},
            title=arguments.get("title"),
            by_script=True,
        ),
    )
    return {"dispatch_id": _begin(carrying, command, named)}


_DOERS: Mapping[str, Callable[[_Carrying, Mapping[str, Any]], dict[str, Any]]] = {
    "create_ticket": _create_ticket,
    "update_ticket": _update_ticket,
    "send_email": _send_email,
    "send_chat": _send_chat,
    "notify": _notify,
    "add_to_group": _add_to_group,
    "add_label": _add_label,
    "start_workflow": _start_workflow,
    "create_dispatch": _create_dispatch,
}
