"""Definitions into the desk: all of them in one transaction, and each only when it says something new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from wayline.bootstrap import Wayline
from wayline.cli.accounts import DEFAULT_PLAN
from wayline.cli.definitions.documents import Document, Kind
from wayline.cli.definitions.problems import (
    Found,
    errors_in,
    named,
    namesakes,
    reading_problems,
    rule_problems,
    script_problems,
)
from wayline.core.check import Checked
from wayline.core.facts import EMPTY_DIRECTORY, SYSTEM
from wayline.core.rule import Rule
from wayline.core.rule_check import unknown_scripts
from wayline.core.script import of_name
from wayline.core.script_definition import ScriptDefinition
from wayline.core.steps.step_type import Problem
from wayline.engine import rule_publishing, script_keeping
from wayline.engine.door import Change, Transaction
from wayline.engine.publishing import Author, Edit, checked_for, create, edit, look_at, to_publish
from wayline.engine.script_keeping import Given
from wayline.engine.tenant_facts import TenantFacts
from wayline.store.rules import StoredRule, named_rules
from wayline.store.scripts import StoredScript, script_called
from wayline.store.templates import kept_names

NEW_DESK = TenantFacts(id="", version=0, plan=DEFAULT_PLAN, directory=EMPTY_DIRECTORY, calendars={}, templates={})
"""What is known of the tenant that the first definitions would make."""


class Applied(msgspec.Struct, frozen=True):
    """What became, or would become, of one document. `id` and `version` are None of what would be created."""

    document: Document
    kind: Kind
    name: str
    result: Literal["created", "updated", "unchanged"]
    id: str | None = None
    version: int | None = None


class Batch(msgspec.Struct, frozen=True):
    """Documents that are applied together, with what reading and checking them came to, and everything found wrong."""

    templates: Sequence[tuple[Document, Checked]]
    rules: Sequence[tuple[Document, Rule]]
    scripts: Sequence[tuple[Document, ScriptDefinition]]
    found: Found

    @property
    def refused(self) -> bool:
        """Whether an error in one keeps them all from being applied."""
        return errors_in(self.found) > 0


class Known(msgspec.Struct, frozen=True):
    """What the desk has by name (lower case): the ids of templates, rules and scripts; the newest where names are
    shared."""

    templates: Mapping[str, str]
    rules: Mapping[str, StoredRule]
    scripts: Mapping[str, StoredScript]


def known_at(connection: sa.Connection, tenant_id: str | None, documents: Iterable[Document]) -> Known:
    """What the desk has that these documents may mean; nothing when there is no desk yet."""
    if tenant_id is None:
        return Known(templates={}, rules={}, scripts={})
    documents = list(documents)
    names = [document.name for document in documents if document.kind == "rule"]
    scripts = (
        script_called(connection, tenant_id=tenant_id, name=document.name)
        for document in documents
        if document.kind == "script"
    )
    return Known(
        templates={name.strip().lower(): template_id for template_id, name in kept_names(connection, tenant_id)},
        rules={rule.name.strip().lower(): rule for rule in named_rules(connection, tenant_id=tenant_id, names=names)},
        scripts={of_name(script.name): script for script in scripts if script is not None},
    )


# -- checking --------------------------------------------------------------------------------------


def batch_of(documents: Sequence[Document], wayline: Wayline, tenant_id: str | None) -> Batch:
    """The documents, checked as they would be for everybody at this desk; None is a desk that is not there yet."""
    with wayline.database.reader.connect() as connection:
        tenant = wayline.tenants.current(connection, {tenant_id})[tenant_id] if tenant_id else NEW_DESK
        known = known_at(connection, tenant_id, documents)
    found: Found = [(document, problem) for document in documents for problem in reading_problems(document)]
    found += namesakes(documents)
    readable = [document for document in documents if document.unreadable is None]
    scripts: list[tuple[Document, ScriptDefinition]] = []
    for document in readable:
        if document.kind == "script":
            script, wrong = script_problems(document)
            found += [(document, problem) for problem in wrong]
            scripts += [(document, script)] if script is not None else []
    # What is applied together may name each other.
    named_here = [document.name for document in readable if document.kind == "script"]
    tenant = msgspec.structs.replace(tenant, scripts=(*tenant.scripts, *named_here))
    templates = [document for document in readable if document.kind == "template"]
    beside = [document.name for document in templates]
    checked = [(each, _checked(each, tenant, known, beside)) for each in templates]
    found += [(document, problem) for document, result in checked for problem in result.problems]
    rules: list[tuple[Document, Rule]] = []
    for document in readable:
        if document.kind == "rule":
            rule, problems = rule_problems(document, partial(rule_publishing.doubts, tenant=tenant, beside=beside))
            unknown = rule_publishing.unknown_task_queues(rule, wayline.settings.every_task_queue) if rule else []
            unknown += unknown_scripts(rule, tenant.scripts) if rule else []
            found += [(document, problem) for problem in problems]
            found += [(document, Problem("error", issue.code, issue.message, issue.path)) for issue in unknown]
            rules += [(document, rule)] if rule is not None else []
    return Batch(templates=checked, rules=rules, scripts=scripts, found=found)


def _checked(document: Document, tenant: TenantFacts, known: Known, beside: Sequence[str]) -> Checked:
    template_id = known.templates.get(document.name.lower())
    return checked_for(tenant, document.content, template_id=template_id, beside=beside)


# -- applying --------------------------------------------------------------------------------------


def would_apply(batch: Batch, wayline: Wayline, tenant_id: str | None) -> list[Applied]:
    """What applying the batch would do; nothing is written."""
    with wayline.database.reader.connect() as connection:
        known = known_at(connection, tenant_id, [document for document, _ in (*batch.rules, *batch.scripts)])
        scripts = [_planned_script(document, script, known) for document, script in batch.scripts]
        templates = [_planned(connection, tenant_id, each, known, lock=False) for each, _ in batch.templates]
        return [*scripts, *templates, *(_planned_rule(document, rule, known) for document, rule in batch.rules)]


def apply(batch: Batch, wayline: Wayline, tenant_id: str) -> list[Applied]:
    """Have the batch written, all of it or nothing; refuses over the plan's limit."""
    author = Author(tenant_id=tenant_id, actor=SYSTEM)
    write = partial(_write, author=author, batch=batch, secret_key=wayline.secret_key)
    applied: list[Applied] = wayline.door.submit_and_wait(Change(tenant_id=tenant_id, actor=SYSTEM, write=write))
    return applied


def _write(tx: Transaction, *, author: Author, batch: Batch, secret_key: bytes) -> list[Applied]:
    known = known_at(tx.connection, author.tenant_id, [document for document, _ in (*batch.rules, *batch.scripts)])
    scripts = [_keep(tx, author, document, script, known) for document, script in batch.scripts]
    templates = [_publish(tx, author, document, checked, known) for document, checked in batch.templates]
    rules = [_save(tx, author, document, rule, known, secret_key) for document, rule in batch.rules]
    return [*scripts, *templates, *rules]


def _keep(tx: Transaction, author: Author, document: Document, script: ScriptDefinition, known: Known) -> Applied:
    planned = _planned_script(document, script, known)
    tenant_id, actor = author.tenant_id, author.actor
    given = Given(name=script.name, description=script.description or "", text=script.text)
    if planned.id is None:
        kept = script_keeping.create(tx, tenant_id=tenant_id, actor=actor, given=given)
    else:
        kept = script_keeping.change(tx, tenant_id=tenant_id, actor=actor, script_id=planned.id, given=given, seen=None)
    return msgspec.structs.replace(planned, id=kept.id, version=kept.version)


def _planned_script(document: Document, script: ScriptDefinition, known: Known) -> Applied:
    stored = known.scripts.get(of_name(script.name))
    if stored is None:
        return Applied(document=document, kind="script", name=script.name, result="created")
    before = (stored.name, stored.description, stored.text)
    changed = (script.name, script.description or None, script.text) != before
    return Applied(
        document=document,
        kind="script",
        name=script.name,
        result="updated" if changed else "unchanged",
        id=stored.id,
        version=stored.version + changed,
    )


def _publish(tx: Transaction, author: Author, document: Document, checked: Checked, known: Known) -> Applied:
    planned = _planned(tx.connection, author.tenant_id, document, known, lock=True)
    note = f"From {document.file.name}"
    if planned.id is None:
        made = create(tx, author, document.content, checked=checked, note=note)
    elif planned.result == "updated":
        wanted = Edit(definition=document.content, note=note)
        made = edit(tx, author, planned.id, wanted, seen_revision=None, checked=checked)
    else:
        return planned
    return msgspec.structs.replace(planned, id=made.template.id, version=made.template.version)


def _planned(
    connection: sa.Connection, tenant_id: str | None, document: Document, known: Known, *, lock: bool
) -> Applied:
    template_id = known.templates.get(document.name.lower())
    if template_id is None or tenant_id is None:
        return Applied(document=document, kind="template", name=document.name, result="created")
    held = look_at(connection, tenant_id=tenant_id, template_id=template_id, lock=lock)
    changed = to_publish(held, Edit(definition=document.content)) is not None
    return Applied(
        document=document,
        kind="template",
        name=document.name,
        result="updated" if changed else "unchanged",
        id=template_id,
        version=held.template.version + changed,
    )


def _save(tx: Transaction, author: Author, document: Document, rule: Rule, known: Known, secret_key: bytes) -> Applied:
    planned = _planned_rule(document, rule, known)
    if planned.id is None:
        saved = rule_publishing.create(tx, author, rule, secret_key=secret_key)
    else:
        saved = rule_publishing.change(
            tx, author, planned.id, lambda before: _left_alone(rule, before), secret_key=secret_key
        )
    return msgspec.structs.replace(planned, id=saved.id, version=saved.version)


def _planned_rule(document: Document, rule: Rule, known: Known) -> Applied:
    stored = known.rules.get(document.name.lower())
    if stored is None:
        return Applied(document=document, kind="rule", name=document.name, result="created")
    wanted = _left_alone(rule, stored)
    place = stored.position if wanted.position is None else wanted.position
    changed = (wanted.definition(), wanted.enabled, place) != (stored.definition, stored.enabled, stored.position)
    return Applied(
        document=document,
        kind="rule",
        name=document.name,
        result="updated" if changed else "unchanged",
        id=stored.id,
        version=stored.version + changed,
    )


def _left_alone(rule: Rule, stored: StoredRule) -> Rule:
    """A file that does not say whether the rule is enabled leaves it as the desk has it."""
    return rule if "enabled" in rule.model_fields_set else rule.model_copy(update={"enabled": stored.enabled})


def as_json(applied: Iterable[Applied]) -> list[dict[str, Any]]:
    """What was done as objects: file, document (when it has several), kind, name, result, id, version."""
    shown = ("kind", "name", "result", "id", "version")
    return [named(each.document) | {name: getattr(each, name) for name in shown} for each in applied]
