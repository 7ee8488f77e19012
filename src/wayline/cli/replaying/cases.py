"""What a case of a log comes to: a ticket, a run, and one command for every event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from wayline.core.commands import Command, CompleteStep, CreateTicket, StartRun
from wayline.core.facts import Actor
from wayline.core.names import storable
from wayline.core.ticket import MAX_TITLE_CHARS
from wayline.eventlog.event import Case
from wayline.eventlog.route import Route

MAX_ATTRIBUTES: Final = 50
MAX_ATTRIBUTE_NAME_CHARS: Final = 100
MAX_ATTRIBUTE_CHARS: Final = 500
"""A ticket is carried by every decision about it, so a log's attributes do not go into it without bounds."""
MAX_EXACT_INTEGER: Final = 2**53
"""Beyond it JSON's readers round."""


@dataclass(frozen=True, slots=True)
class CaseIds:
    """The ids a case's ticket and run have, the same whenever it is replayed on that template."""

    ticket_id: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a case is played: on which template, and by whom."""

    tenant_id: str
    template_id: str
    template_version: int
    ticket_type: str
    detail: str
    route: Route
    actor: Callable[[str | None], Actor]


def ids_of(case: Case, template_id: str) -> CaseIds:
    """Told apart by where the case stands in its log, what it is called and when it began: two logs that number their
    cases alike do not pass for one."""
    name = f"{case.id}\0{case.events[0].at.isoformat()}"
    return CaseIds(
        ticket_id=_id(f"{template_id}:ticket", case.position, name),
        run_id=_id(f"{template_id}:run", case.position, name),
    )


def _id(space: str, position: int, name: str) -> str:
    """UUID version 8 (RFC 9562, what an application makes of it): space, position and a digest of everything, so that
    neighbours in the log are neighbours in the index. Ids without order cost three times the pages a commit writes."""
    begins = blake2b(space.encode(), digest_size=4).digest()
    rest = blake2b(f"{space}:{position}:{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    middle = (position >> 12 & 0xFFFF) << 16 | 0x8000 | position & 0x0FFF
    value = int.from_bytes(begins) << 96 | middle << 64 | (int.from_bytes(rest) >> 2) | 0b10 << 62
    return str(UUID(int=value))


def beginning(case: Case, ids: CaseIds, played: Played, *, with_ticket: bool) -> Iterator[Command]:
    """Open the ticket, unless it is there, and start the run, by who did the first event, when they did it."""
    first = case.events[0]
    actor = played.actor(first.who)
    if with_ticket:
        yield CreateTicket(
            tenant_id=played.tenant_id,
            actor=actor,
            at=first.at,
            ticket_id=ids.ticket_id,
            fields={"type": played.ticket_type, "title": _title(case.id), "custom": _custom(case)},
            start_runs=False,
        )
    yield StartRun(
        tenant_id=played.tenant_id,
        actor=actor,
        at=first.at,
        run_id=ids.run_id,
        template_id=played.template_id,
        template_version=played.template_version,
        ticket_id=ids.ticket_id,
        variables=dict(played.route.variables(first.activity)),
        trigger_detail=played.detail,
    )


def step(case: Case, index: int, ids: CaseIds, played: Played) -> Command:
    """The event at `index`, done by who did it when they did it, leading to what came next in the log.

    Raises EventLogError `unknown_activity` and `unknown_transition`.
    """
    event = case.events[index]
    following = case.events[index + 1].activity if index + 1 < len(case.events) else None
    return CompleteStep(
        tenant_id=played.tenant_id,
        actor=played.actor(event.who),
        at=event.at,
        run_id=ids.run_id,
        step=played.route.step_of(event.activity),
        answer={"option": played.route.option_for(event.activity, following)},
    )


def _title(id_: str) -> str:
    return _clean(id_)[:MAX_TITLE_CHARS]


def _custom(case: Case) -> dict[str, Any]:
    """What the log says of the case, and of its first event."""
    said: Mapping[str, Any] = {**case.events[0].attributes, **case.attributes}
    return {
        _clean(name)[:MAX_ATTRIBUTE_NAME_CHARS]: _plain(value) for name, value in list(said.items())[:MAX_ATTRIBUTES]
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) <= MAX_EXACT_INTEGER:
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _clean(text)[:MAX_ATTRIBUTE_CHARS]


def _clean(text: str) -> str:
    """No text that a database cannot keep: a log may hold anything."""
    if storable(text):
        return text
    return "".join(sign if storable(sign) else "\ufffd" for sign in text)
