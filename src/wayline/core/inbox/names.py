"""The names that texts, `$context` and behaviours of an inbox run may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wayline.core.facts import Directory
from wayline.core.inbox.state import Dispatch
from wayline.core.run import Run


def names_of(run: Run, scope: Mapping[str, Any], directory: Directory, source_id: str | None) -> dict[str, Any]:
    """What `scope` has (variables, `steps`, `ticket`, `run`), and beside it:

    `dispatch` (what it was sent with: attributes first, then data, then its own title and due instant), `attributes`
    and `data` apart, `source` (whoever activates the step: id, name, email) and `choice` (the latest: path, step, by,
    data). A run that nobody dispatched has its variables for data.
    """
    assert run.inbox is not None
    sent = run.inbox.dispatch or Dispatch()
    own = {"id": run.id, "title": sent.title, "due_at": sent.due_at}
    return {
        **scope,
        "dispatch": {**own, **run.variables, **sent.attributes},
        "attributes": sent.attributes,
        "data": run.variables,
        "source": person_shown(directory, source_id),
        "choice": run.inbox.choice,
    }


def person_shown(directory: Directory, user_id: str | None) -> dict[str, Any]:
    """A person as texts see one; empty for nobody."""
    person = directory.people.get(user_id or "")
    return {} if person is None else {"id": person.id, "name": person.name, "email": person.email}
