"""Definitions into the desk: all of them in one transaction, and each only when it says something new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from wayline.bootstrap import Wayline
from wayline.cli.accounts import DEFAULT_PLAN
from wayline.cli.definitions.documents import Document, Kind
from wayline.cli.definitions.problems import Found, errors_in, named, namesakes, reading_problems
from wayline.core.check import Checked
from wayline.core.facts import EMPTY_DIRECTORY, SYSTEM
from wayline.engine.door import Change, Transaction
from wayline.engine.publishing import Author, Edit, checked_for, create, edit, look_at, to_publish
from wayline.engine.tenant_facts import TenantFacts
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
    """Documents that are applied together, with what checking each template came to, and everything found wrong."""

    templates: tuple[tuple[Document, Checked], ...]
    found: Found

    @property
    def refused(self) -> bool:
        """Whether an error in one keeps them all from being applied."""
        return errors_in(self.found) > 0


def batch_of(documents: Sequence[Document], wayline: Wayline, tenant_id: str | None) -> Batch:
    """The documents, checked as they would be for everybody at this desk; None is a desk that is not there yet."""
    found: Found = [(document, problem) for document in documents for problem in reading_problems(document)]
    found += namesakes(documents)
    readable = [document for document in documents if document.unreadable is None]
    with wayline.database.reader.connect() as connection:
        tenant = wayline.tenants.current(connection, {tenant_id})[tenant_id] if tenant_id else NEW_DESK
        ids = _ids_by_name(connection, tenant_id)
    templates = list(_checked(readable, tenant, ids))
    found += [(document, problem) for document, checked in templates for problem in checked.problems]
    return Batch(templates=tuple(templates), found=found)


def _checked(
    documents: Iterable[Document], tenant: TenantFacts, ids: Mapping[str, str]
) -> Iterator[tuple[Document, Checked]]:
    templates = [document for document in documents if document.kind == "template"]
    names = [document.name for document in templates]
    for document in templates:
        template_id = ids.get(document.name.lower())
        yield document, checked_for(tenant, document.content, template_id=template_id, beside=names)


def would_apply(batch: Batch, wayline: Wayline, tenant_id: str | None) -> list[Applied]:
    """What applying the batch would do; nothing is written."""
    with wayline.database.reader.connect() as connection:
        ids = _ids_by_name(connection, tenant_id)
        return [_planned(connection, tenant_id, document, ids, lock=False) for document, _ in batch.templates]


def apply(batch: Batch, wayline: Wayline, tenant_id: str) -> list[Applied]:
    """Have the batch written, all of it or nothing; refuses over the plan's limit."""
    author = Author(tenant_id=tenant_id, actor=SYSTEM)
    change = Change(tenant_id=tenant_id, actor=SYSTEM, write=partial(_write, author=author, batch=batch))
    applied: list[Applied] = wayline.door.submit_and_wait(change)
    return applied


def _write(tx: Transaction, *, author: Author, batch: Batch) -> list[Applied]:
    ids = _ids_by_name(tx.connection, author.tenant_id)
    return [_publish(tx, author, document, checked, ids) for document, checked in batch.templates]


def _publish(tx: Transaction, author: Author, document: Document, checked: Checked, ids: Mapping[str, str]) -> Applied:
    planned = _planned(tx.connection, author.tenant_id, document, ids, lock=True)
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
    connection: sa.Connection, tenant_id: str | None, document: Document, ids: Mapping[str, str], *, lock: bool
) -> Applied:
    template_id = ids.get(document.name.lower())
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


def _ids_by_name(connection: sa.Connection, tenant_id: str | None) -> dict[str, str]:
    """The newest template of each name, as whoever names one gets it."""
    if tenant_id is None:
        return {}
    return {name.strip().lower(): template_id for template_id, name in kept_names(connection, tenant_id)}


def as_json(applied: Iterable[Applied]) -> list[dict[str, Any]]:
    """What was done as objects: file, document (when it has several), kind, name, result, id, version."""
    shown = ("kind", "name", "result", "id", "version")
    return [named(each.document) | {name: getattr(each, name) for name in shown} for each in applied]
