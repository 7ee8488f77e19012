"""The desk that a log is replayed on: its tenant and its template, found or made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from wayline.cli.accounts import DEFAULT_PLAN, Writing, new_tenant, tenant_for, tenant_named, writing
from wayline.cli.replaying.stopped import ReplayStopped
from wayline.core.check import Checked, check
from wayline.core.facts import SYSTEM
from wayline.core.refusals import Refusal
from wayline.core.template import normalised, parse_template
from wayline.engine.door import Change, Door, Transaction
from wayline.engine.publishing import Author, create
from wayline.store.access import Row
from wayline.store.replays import startable_version


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """A definition without errors, as it is stored."""

    definition: dict[str, Any]
    checked: Checked

    @property
    def ticket_type(self) -> str:
        """What the tickets are: what the template is for, else tasks."""
        return parse_template(self.definition).head.trigger.ticket_type or "task"


@dataclass(frozen=True, slots=True)
class Published:
    """The version that is replayed on."""

    template_id: str
    version: int


def checked(definition: Any) -> CheckedTemplate:
    """Raises `bad_template` with the first error of the definition."""
    found = check(definition)
    if found.errors:
        first = found.errors[0]
        more = f"; {len(found.errors) - 1} more, see `wayline check`" if len(found.errors) > 1 else ""
        raise ReplayStopped("bad_template", f"the template at {first.path or 'its top'}: {first.message}{more}")
    plain = msgspec.json.decode(msgspec.json.encode(normalised(definition)))
    return CheckedTemplate(definition=plain, checked=found)


def find_tenant(wanted: str | None) -> str:
    """The id of the tenant of that name or id, made when there is none; None is `default` or the only one there is.

    Migrates the database. When it is not clear which tenant is meant, the command ends.
    """
    with writing() as tx:
        found = tenant_for(tx, name=None, email="") if wanted is None else _named(tx, wanted)
    return str(found["id"])


def _named(tx: Writing, wanted: str) -> Row:
    try:
        return tenant_named(tx, wanted)
    except Refusal:
        return new_tenant(tx, name=wanted, plan=DEFAULT_PLAN)


def find_template(door: Door, tenant_id: str, template: CheckedTemplate, *, note: str) -> Published:
    """The published version that says exactly this, of a new template when there is none.

    Refuses over the plan's limit of templates.
    """

    def write(transaction: Transaction) -> Published:
        found = startable_version(transaction.connection, tenant_id=tenant_id, definition=template.definition)
        if found is not None:
            return Published(*found)
        author = Author(tenant_id=tenant_id, actor=SYSTEM)
        made = create(transaction, author, template.definition, checked=template.checked, note=note)
        return Published(made.template.id, made.template.version)

    published: Published = door.submit_and_wait(Change(tenant_id=tenant_id, actor=SYSTEM, write=write))
    return published


def groups_by_step(definition: Mapping[str, Any]) -> dict[str, str | None]:
    """The group that each step's work is offered to, as it is named there; None when it goes to somebody else."""
    found: dict[str, str | None] = {}
    for step in definition["steps"]:
        assignee = step.get("assignee")
        found[step["id"]] = assignee.get("group") if isinstance(assignee, Mapping) else None
    return found
