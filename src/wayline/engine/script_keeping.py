"""Keeping scripts: what passes through the door as a Change, and judging texts before it does."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from wayline.actions.script.runner import Ran, ScriptError, check_script, run_script
from wayline.core.facts import Actor
from wayline.core.refusals import Issue, Refusal, not_found
from wayline.core.script import of_name
from wayline.engine.door import Transaction
from wayline.store import audit
from wayline.store import scripts as stored
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.scripts import StoredScript

SCRIPTS_MAX: Final = 1_000
"""Scripts of one tenant."""
AT_ONCE: Final = 2
"""Processes for texts that somebody waits to have checked or tried; those of jobs are counted by their queue."""
WAITING_MAX: Final = 6
"""Who may wait for one of those; each holds a thread meanwhile, and the others are sent away."""
CHECKED_KEPT: Final = 2_000
MAX_NAMED: Final = 10

_places = threading.BoundedSemaphore(AT_ONCE + WAITING_MAX)
_processes = threading.BoundedSemaphore(AT_ONCE)
_checked: OrderedDict[str, ScriptError | None] = OrderedDict()
_checked_lock = threading.Lock()


class Given(msgspec.Struct, frozen=True):
    """What is to be kept of a script; None is left as it is, an empty description is none."""

    name: str | None = None
    description: str | None = None
    text: str | None = None


# -- judging ---------------------------------------------------------------------------------------


def fault_of_text(text: str) -> ScriptError | None:
    """Why a text is no script; None when it is one. What was found of a text is remembered."""
    with _checked_lock:
        if text in _checked:
            _checked.move_to_end(text)
            return _checked[text]
    with _a_process():
        found = check_script(text)
    if found is not None and found.passing:
        raise _busy()
    with _checked_lock:
        _checked[text] = found
        while len(_checked) > CHECKED_KEPT:
            _checked.popitem(last=False)
    return found


def tried(text: str, params: dict[str, Any]) -> Ran:
    """What comes of a script, with nothing carried out."""
    with _a_process():
        return run_script(text, params)


@contextmanager
def _a_process() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise _busy()
    try:
        with _processes:
            yield
    finally:
        _places.release()


def _busy() -> Refusal:
    return Refusal(
        "overloaded", "Too many scripts are being tried at the moment; try again.", details={"retry_after_s": 1}
    )


def require_script(text: str) -> str:
    """The text; refuses one that is no script, naming the line."""
    fault = fault_of_text(text)
    if fault is not None:
        raise Refusal(
            "invalid",
            fault.said(),
            code="not_a_script",
            details={"line": fault.line, "column": fault.column},
            issues=[Issue("text", fault.said(), fault.code)],
        )
    return text


# -- writing ---------------------------------------------------------------------------------------


def create(tx: Transaction, *, tenant_id: str, actor: Actor, given: Given) -> StoredScript:
    """A new script. Refuses a name that another one has, and more than SCRIPTS_MAX."""
    assert given.name is not None
    assert given.text is not None
    touch(tx.connection, tenant_id)
    _refuse_taken(tx, tenant_id, given.name)
    if stored.count_scripts(tx.connection, tenant_id) >= SCRIPTS_MAX:
        raise Refusal("conflict", f"A desk has at most {SCRIPTS_MAX:,} scripts.", code="too_many")
    script = StoredScript(
        id=new_id(),
        name=given.name,
        description=given.description or None,
        text=given.text,
        version=1,
        created_by=actor.user_id,
        created_at=tx.at,
        updated_at=tx.at,
    )
    stored.insert_script(tx.connection, tenant_id=tenant_id, script=script)
    return _noted(tx, tenant_id, actor, script, "script.created")


def change(
    tx: Transaction, *, tenant_id: str, actor: Actor, script_id: str, given: Given, seen: int | None
) -> StoredScript:
    """Change a script; refuses when it is not at the version that was seen any more. One that is in use keeps its
    name, case aside. A change that changes nothing leaves no trace."""
    touch(tx.connection, tenant_id)
    before = _held(tx, tenant_id, script_id)
    if seen is not None and seen != before.version:
        raise Refusal(
            "conflict",
            f"The script has changed since: it is at version {before.version}.",
            code="stale",
            details={"version": before.version},
        )
    name = given.name if given.name is not None else before.name
    if of_name(name) != of_name(before.name):
        _refuse_taken(tx, tenant_id, name)
        _refuse_used(tx, tenant_id, before)
    description = before.description if given.description is None else given.description or None
    text = given.text if given.text is not None else before.text
    if (name, description, text) == (before.name, before.description, before.text):
        return before
    after = msgspec.structs.replace(
        before, name=name, description=description, text=text, version=before.version + 1, updated_at=tx.at
    )
    stored.update_script(tx.connection, tenant_id=tenant_id, script=after)
    return _noted(tx, tenant_id, actor, after, "script.updated")


def remove(tx: Transaction, *, tenant_id: str, actor: Actor, script_id: str) -> None:
    """Remove a script that no rule and no published template runs."""
    touch(tx.connection, tenant_id)
    script = _held(tx, tenant_id, script_id)
    _refuse_used(tx, tenant_id, script)
    stored.delete_script(tx.connection, tenant_id=tenant_id, script_id=script_id)
    _noted(tx, tenant_id, actor, script, "script.deleted")


def _held(tx: Transaction, tenant_id: str, script_id: str) -> StoredScript:
    found = stored.read_script(tx.connection, tenant_id=tenant_id, script_id=script_id, lock=True)
    if found is None:
        raise not_found("Script")
    return found


def _refuse_taken(tx: Transaction, tenant_id: str, name: str) -> None:
    if stored.script_called(tx.connection, tenant_id=tenant_id, name=name) is not None:
        raise Refusal("conflict", f"There is a script called “{name}”.", code="name_taken")


def _refuse_used(tx: Transaction, tenant_id: str, script: StoredScript) -> None:
    uses = stored.uses_of(tx.connection, tenant_id=tenant_id, name=script.name)
    if uses:
        said = " and ".join(f"the {kind} {_listed(names)}" for kind, names in uses.items())
        raise Refusal("conflict", f"“{script.name}” is in use by {said}.", code="in_use", details={"uses": uses})


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(f"“{name}”" for name in names[:MAX_NAMED]) + more


def _noted(tx: Transaction, tenant_id: str, actor: Actor, script: StoredScript, action: str) -> StoredScript:
    audit.record(
        tx.connection,
        tenant_id=tenant_id,
        at=tx.at,
        actor=actor,
        action=action,
        subject_id=script.id,
        detail={"name": script.name, "version": script.version},
    )
    tx.publish(tenant_id, "script.changed", {"id": script.id})
    return script
