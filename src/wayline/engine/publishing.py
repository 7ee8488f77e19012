"""Creating, changing, publishing and archiving templates: what passes through the door as a Change.

A template has at most one draft beside its published versions, which never change. Every write moves its revision on,
so that whoever names the revision they saw does not overwrite what they have not seen. Checking a definition takes
longer than the writer may wait, so it is done before, and told to `create` and `edit`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.check import Checked, check
from wayline.core.facts import Actor
from wayline.core.inbox.definition import is_bare_graph
from wayline.core.plan import max_templates
from wayline.core.refusals import Issue, Refusal, not_found
from wayline.core.rules import NO_RULES
from wayline.core.steps.step_type import Problem
from wayline.core.template import normalised
from wayline.engine.door import Transaction
from wayline.engine.script_faults import template_faults
from wayline.engine.tenant_facts import TenantFacts
from wayline.store import audit
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.templates import (
    StoredTemplate,
    count_kept,
    head_of,
    insert_template,
    insert_version,
    live_runs_of,
    read_template,
    read_version,
    update_template,
)

FLAT_WORDS = ("trigger_type", "ticket_type", "trigger_subtype")


class Author(msgspec.Struct, frozen=True):
    """Whose template it is and who writes."""

    tenant_id: str
    actor: Actor


class WholeTemplate(msgspec.Struct, frozen=True):
    """A template with its newest published definition (None: never published) and how many live runs it has."""

    template: StoredTemplate
    definition: dict[str, Any] | None
    active_instances: int

    @property
    def working(self) -> dict[str, Any]:
        """What there is to look at: the published definition, else the draft."""
        return self.definition if self.definition is not None else self.template.draft or {}


class Edit(msgspec.Struct, frozen=True):
    """A partial update: fields of the definition, and whether it starts anything. `definition` replaces it whole before
    `changes` are laid over; None is left as it is."""

    changes: Mapping[str, Any] = {}
    definition: Mapping[str, Any] | None = None
    is_active: bool | None = None
    note: str | None = None


# -- looking ---------------------------------------------------------------------------------------


def look_at(connection: sa.Connection, *, tenant_id: str, template_id: str, lock: bool = False) -> WholeTemplate:
    """The template; refuses when the tenant has none of that id."""
    template = read_template(connection, tenant_id=tenant_id, template_id=template_id, lock=lock)
    if template is None:
        raise not_found("Template")
    published = None
    if template.version:
        published = read_version(connection, tenant_id=tenant_id, template_id=template_id, version=template.version)
    live = live_runs_of(connection, tenant_id=tenant_id, template_ids=[template_id])
    return WholeTemplate(
        template=template,
        definition=published.definition if published else None,
        active_instances=live.get(template_id, 0),
    )


def checked_for(
    tenant: TenantFacts, definition: Any, *, template_id: str | None = None, beside: Collection[str] = ()
) -> Checked:
    """What is wrong with a definition at this desk, where templates called as in `beside` will soon be too. That
    another template has its name is worth a warning."""
    others = [head for head in tenant.templates.values() if head.id != template_id]
    checked = check(
        definition,
        directory=tenant.directory,
        calendars=[name for name in tenant.calendars if name != "default"],
        templates=[*(head.name for head in tenant.templates.values()), *beside],
        queues=tenant.directory.queues,
        chat_channels=tenant.chat_channels,
        scripts=tenant.scripts,
        rules=[rule.name for rule in tenant.rules.rules.values()] if tenant.rules is not NO_RULES else None,
    )
    if faults := template_faults(definition):
        checked = msgspec.structs.replace(checked, problems=(*checked.problems, *faults))
    name = definition.get("name") if isinstance(definition, dict) else None
    if isinstance(name, str) and any(head.name.lower() == name.strip().lower() for head in others):
        said = f"Another template is called {name} too; whoever names it gets the newer one."
        clash = Problem("warning", "duplicate_name", said, "name")
        return msgspec.structs.replace(checked, problems=(clash, *checked.problems))
    return checked


def to_publish(held: WholeTemplate, edit: Edit) -> dict[str, Any] | None:
    """The definition that an edit publishes; None when it publishes nothing. Activating a template that was never
    published publishes its draft."""
    wanted = merged(_base(held, edit), edit.changes)
    if held.definition is None:
        return wanted if edit.changes or edit.definition is not None or edit.is_active else None
    return None if _same(wanted, held.definition) else wanted


def _base(held: WholeTemplate, edit: Edit) -> Mapping[str, Any]:
    """What changes are laid over. A graph of an inbox template by itself replaces the steps alone."""
    if edit.definition is None:
        return held.working
    if is_bare_graph(edit.definition):
        return {**held.working, "steps": edit.definition}
    return edit.definition


def merged(definition: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with some of its fields replaced; None takes one away. Flat trigger words change the trigger: a
    subtype goes when the type is said without one."""
    base = normalised(dict(definition))
    flat = {word: changes[word] for word in FLAT_WORDS if word in changes}
    rest = {name: value for name, value in changes.items() if name not in flat}
    wanted = {name: value for name, value in {**base, **rest}.items() if value is not None or name not in rest}
    if not flat or "trigger" in rest:
        return wanted
    before = base.get("trigger")
    kept = before if isinstance(before, dict) and flat.get("trigger_type") != "manual" else {}
    subtype = None if "trigger_type" in flat else kept.get("subtype")
    words = {
        "type": flat.get("trigger_type") or ("ticket_type" if flat.get("ticket_type") else kept.get("type", "manual")),
        "ticket_type": flat.get("ticket_type", kept.get("ticket_type")),
        "subtype": flat.get("trigger_subtype", subtype),
    }
    return {**wanted, "trigger": {name: value for name, value in words.items() if value is not None}}


def refused(checked: Checked) -> Refusal:
    """The refusal to publish what has errors: every problem is an issue, the errors first."""
    errors = len(checked.errors)
    ordered = sorted(checked.problems, key=lambda problem: problem.severity != "error")
    return Refusal(
        "invalid",
        f"{errors} {'error keeps' if errors == 1 else 'errors keep'} it from being published.",
        code="has_errors",
        details={"problems": [msgspec.to_builtins(problem) for problem in checked.problems]},
        issues=[Issue(p.path, p.message, p.code) for p in ordered],
    )


# -- writing ---------------------------------------------------------------------------------------


def create(
    tx: Transaction,
    author: Author,
    definition: dict[str, Any],
    *,
    checked: Checked,
    publish: bool = True,
    note: str | None = None,
) -> WholeTemplate:
    """A new template, published at once or kept as a draft. Refuses over the plan's limit, then what has errors."""
    require_room(tx, author.tenant_id)
    if publish and checked.errors:
        raise refused(checked)
    definition = normalised(definition)
    template_id = new_id()
    insert_template(
        tx.connection,
        template_id=template_id,
        tenant_id=author.tenant_id,
        at=tx.at,
        created_by=author.actor.user_id,
        status="published" if publish else "draft",
        is_active=publish,
        version=1 if publish else 0,
        draft=None if publish else definition,
        **head_of(definition),
    )
    if publish:
        _keep_version(tx, author, template_id, 1, definition, note)
    return _written(tx, author, template_id, "template.created", {"published": publish})


def require_room(tx: Transaction, tenant_id: str) -> None:
    """Refuse another template over what the plan allows. The tenant's row is held from here on, so that two creates on
    two servers do not both find room."""
    touch(tx.connection, tenant_id)
    limit = max_templates(tx.tenant.plan) if tx.tenant is not None else None
    if limit is None:
        return
    used = count_kept(tx.connection, tenant_id)
    if used >= limit:
        raise no_room(tx.tenant.plan if tx.tenant else "", limit=limit, used=used)


def no_room(plan: str, *, limit: int, used: int) -> Refusal:
    """The refusal of one more template than the plan allows."""
    return Refusal(
        "license", f"The {plan} plan has room for {limit} templates.", details={"limit": limit, "used": used}
    )


def edit(
    tx: Transaction,
    author: Author,
    template_id: str,
    wanted: Edit,
    *,
    seen_revision: int | None,
    checked: Checked | None,
) -> WholeTemplate:
    """Apply an edit to the revision it was worked out for (None: whichever there is); `checked` is what checking the
    definition it publishes came to, None when it publishes nothing. An edit that changes nothing leaves no trace."""
    held = _held(tx, author, template_id, seen_revision)
    template = held.template
    if template.status == "archived" and not wanted.is_active:
        raise Refusal("conflict", "It is archived; set is_active to bring it back.", code="archived")
    definition = to_publish(held, wanted)
    values: dict[str, Any] = {}
    if definition is not None:
        assert checked is not None
        values |= _publish(tx, author, held, definition, checked, wanted.note)
    if wanted.is_active is not None and wanted.is_active != values.get("is_active", template.is_active):
        values["is_active"] = wanted.is_active
    if template.status == "archived":
        values["status"] = "published"
    if not values:
        return held
    update_template(tx.connection, tenant_id=author.tenant_id, template_id=template_id, at=tx.at, **values)
    detail: dict[str, Any] = {name: values[name] for name in ("version", "is_active", "status") if name in values}
    return _written(tx, author, template_id, "template.updated", detail)


def publish_draft(
    tx: Transaction,
    author: Author,
    template_id: str,
    *,
    seen_revision: int,
    checked: Checked | None,
    note: str | None = None,
) -> WholeTemplate:
    """Make the draft the next version."""
    held = _held(tx, author, template_id, seen_revision)
    _refuse_archived(held)
    draft = held.template.draft
    if draft is None or (held.definition is not None and _same(draft, held.definition)):
        raise Refusal(
            "conflict", "There is nothing to publish: no draft, or one that changes nothing.", code="no_draft"
        )
    assert checked is not None
    values = _publish(tx, author, held, draft, checked, note)
    values["draft"] = None
    update_template(tx.connection, tenant_id=author.tenant_id, template_id=template_id, at=tx.at, **values)
    detail = {"version": values["version"], "note": note}
    return _written(tx, author, template_id, "template.published", detail)


def save_draft(
    tx: Transaction, author: Author, template_id: str, definition: dict[str, Any], *, seen_revision: int | None
) -> WholeTemplate:
    """Keep a working copy beside the published version, errors and all."""
    held = _held(tx, author, template_id, seen_revision)
    _refuse_archived(held)
    draft = normalised(definition)
    values: dict[str, Any] = {"draft": draft}
    if held.definition is None:
        values |= head_of(draft, otherwise=held.template.name)
    update_template(tx.connection, tenant_id=author.tenant_id, template_id=template_id, at=tx.at, **values)
    return _written(tx, author, template_id, "template.draft_saved", {})


def drop_draft(tx: Transaction, author: Author, template_id: str, *, seen_revision: int | None) -> WholeTemplate:
    """Forget the working copy; a template that has nothing else cannot lose it."""
    held = _held(tx, author, template_id, seen_revision)
    if held.template.draft is None:
        raise not_found("Draft")
    if held.definition is None:
        raise Refusal("conflict", "It has no published version; delete the template instead.", code="only_a_draft")
    update_template(tx.connection, tenant_id=author.tenant_id, template_id=template_id, at=tx.at, draft=None)
    return _written(tx, author, template_id, "template.draft_dropped", {})


def archive(tx: Transaction, author: Author, template_id: str, *, seen_revision: int | None) -> WholeTemplate:
    """Put the template away: nothing starts from it, and what ran keeps its version. Doing it twice is done once."""
    held = _held(tx, author, template_id, seen_revision)
    if held.template.status == "archived":
        return held
    if held.active_instances:
        count = held.active_instances
        raise Refusal(
            "conflict",
            f"{count} {'instance is' if count == 1 else 'instances are'} active.",
            code="in_use",
            details={"active_instances": count},
        )
    update_template(
        tx.connection,
        tenant_id=author.tenant_id,
        template_id=template_id,
        at=tx.at,
        status="archived",
        is_active=False,
    )
    return _written(tx, author, template_id, "template.archived", {})


# -- what writes have in common --------------------------------------------------------------------


def _held(tx: Transaction, author: Author, template_id: str, seen_revision: int | None) -> WholeTemplate:
    """The template, kept from others, at the revision the caller saw (None: whichever)."""
    held = look_at(tx.connection, tenant_id=author.tenant_id, template_id=template_id, lock=True)
    require_revision(held, seen_revision)
    return held


def require_revision(held: WholeTemplate, seen_revision: int | None) -> None:
    """Refuse a write that was meant for another revision."""
    revision = held.template.revision
    if seen_revision is not None and seen_revision != revision:
        raise Refusal(
            "conflict",
            f"The template has changed since: it is at revision {revision}.",
            code="stale",
            details={"revision": revision},
        )


def _refuse_archived(held: WholeTemplate) -> None:
    if held.template.status == "archived":
        raise Refusal("conflict", "It is archived; set is_active to bring it back.", code="archived")


def _publish(
    tx: Transaction,
    author: Author,
    held: WholeTemplate,
    definition: dict[str, Any],
    checked: Checked,
    note: str | None,
) -> dict[str, Any]:
    """Keep the next version; answers the columns that change with it. The first one published begins to act, and what
    it was drafted as is no longer beside it."""
    if checked.errors:
        raise refused(checked)
    version = held.template.version + 1
    _keep_version(tx, author, held.template.id, version, definition, note)
    values = {**head_of(definition), "version": version, "status": "published"}
    return values if version > 1 else {**values, "is_active": True, "draft": None}


def _keep_version(
    tx: Transaction, author: Author, template_id: str, version: int, definition: dict[str, Any], note: str | None
) -> None:
    insert_version(
        tx.connection,
        tenant_id=author.tenant_id,
        template_id=template_id,
        version=version,
        definition=definition,
        note=note,
        published_by=author.actor.user_id,
        at=tx.at,
    )


def _written(tx: Transaction, author: Author, template_id: str, action: str, detail: dict[str, Any]) -> WholeTemplate:
    """Tell everybody that has to know, and read back what was written."""
    touch(tx.connection, author.tenant_id)
    found = look_at(tx.connection, tenant_id=author.tenant_id, template_id=template_id)
    template = found.template
    audit.record(
        tx.connection,
        tenant_id=author.tenant_id,
        at=tx.at,
        actor=author.actor,
        action=action,
        subject_id=template_id,
        detail={"name": template.name, "revision": template.revision, **detail},
    )
    tx.publish(author.tenant_id, "template.changed", {"id": template_id, "revision": template.revision})
    return found


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two definitions are written alike, order included."""
    return msgspec.json.encode(a) == msgspec.json.encode(b)
