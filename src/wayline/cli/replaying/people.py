"""The people a log names, as people of the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final
from uuid import UUID, uuid5

from wayline.core.facts import SYSTEM, Actor, Directory
from wayline.core.person import DEFAULTS, MAX_NAME_CHARS
from wayline.engine.door import Change, Door, Transaction
from wayline.eventlog.event import Case
from wayline.eventlog.route import Route
from wayline.store import audit
from wayline.store.groups import add_group, free_slug, put_member, slug_of
from wayline.store.people import add_user, lock_directory

MAIL_DOMAIN: Final = "example.org"
"""Reserved (RFC 2606): nobody can ever be reached there."""
UNKNOWN_NAME: Final = "Unknown"
ROLE: Final = "agent"
Membership = tuple[str | None, str | None]


class LogPeople:
    """Who is who: a person of the log is always the same user of a tenant, whichever log and process names them.

    None, for an event that names nobody, is a stand-in. Everybody joins the groups whose steps they work on.
    """

    def __init__(self, door: Door, tenant_id: str, group_of: Mapping[str, str | None]) -> None:
        self._door = door
        self._tenant_id = tenant_id
        self._group_of = group_of
        self._actors: dict[str | None, Actor] = {}
        self._enrolled: set[Membership] = set()

    @property
    def unknown_id(self) -> str:
        """The stand-in's user id."""
        return self._user_id(None)

    def actor(self, who: str | None) -> Actor:
        """The person as the one who acts."""
        actor = self._actors.get(who)
        if actor is None:
            actor = Actor(user_id=self._user_id(who), role=ROLE, name=_name(who))
            self._actors[who] = actor
        return actor

    def enrol(self, cases: Iterable[Case], route: Route) -> None:
        """Make users and members of those whom these cases name and who are not yet, in one Change at the most.

        Raises EventLogError `unknown_activity`.
        """
        acted = {(event.who, event.activity) for case in cases for event in case.events}
        wanted = {(who, self._group_of[route.step_of(activity)]) for who, activity in acted} - self._enrolled
        if wanted:
            # The same log enrols them in the same order, so that who comes first in a group is no accident.
            ordered = sorted(wanted, key=lambda pair: (pair[0] is None, pair[0] or "", pair[1] or ""))
            self._door.submit_and_wait(
                Change(tenant_id=self._tenant_id, actor=SYSTEM, write=lambda tx: self._write(tx, ordered))
            )
            self._enrolled |= wanted

    def _user_id(self, who: str | None) -> str:
        return str(uuid5(UUID(self._tenant_id), "replay:unknown" if who is None else f"replay:person:{who}"))

    def _write(self, tx: Transaction, wanted: list[Membership]) -> None:
        assert tx.tenant is not None
        directory = tx.tenant.directory
        missing = [who for who in dict.fromkeys(who for who, _ in wanted) if self._user_id(who) not in directory.people]
        joining = [(who, group) for who, group in wanted if group and not self._is_member(directory, who, group)]
        if not missing and not joining:
            return
        lock_directory(tx.connection, self._tenant_id)
        taken = set(directory.by_email)
        for who in missing:
            self._add(tx, who, taken)
        groups = {name: self._group_id(tx, directory, name) for name in dict.fromkeys(name for _, name in joining)}
        for who, name in joining:
            put_member(
                tx.connection,
                tenant_id=self._tenant_id,
                group_id=groups[name],
                user_id=self._user_id(who),
                role_in_group="member",
            )

    def _is_member(self, directory: Directory, who: str | None, name: str) -> bool:
        group = directory.group(name)
        return group is not None and directory.is_member(self._user_id(who), group.id)

    def _add(self, tx: Transaction, who: str | None, taken: set[str]) -> None:
        user_id = self._user_id(who)
        mailbox = slug_of(_name(who))
        if f"{mailbox}@{MAIL_DOMAIN}" in taken:
            mailbox += f"-{blake2b(user_id.encode(), digest_size=5).hexdigest()}"
        email = f"{mailbox}@{MAIL_DOMAIN}"
        taken.add(email)
        fields = {**DEFAULTS, "email": email, "name": _name(who), "role": ROLE}
        add_user(tx.connection, tenant_id=self._tenant_id, fields=fields, password_hash=None, at=tx.at, user_id=user_id)
        self._record(tx, "user.created", user_id, {"email": email, "name": _name(who), "role": ROLE})

    def _group_id(self, tx: Transaction, directory: Directory, name: str) -> str:
        known = directory.group(name)
        if known is not None:
            return known.id
        slug = free_slug(tx.connection, tenant_id=self._tenant_id, name=name)
        made = add_group(tx.connection, tenant_id=self._tenant_id, slug=slug, name=name, description=None, at=tx.at)
        self._record(tx, "group.created", made["id"], {"name": name, "slug": slug})
        return str(made["id"])

    def _record(self, tx: Transaction, action: str, subject_id: str, detail: Mapping[str, str]) -> None:
        audit.record(
            tx.connection,
            tenant_id=self._tenant_id,
            at=tx.at,
            actor=SYSTEM,
            action=action,
            subject_id=subject_id,
            detail=detail,
        )


def _name(who: str | None) -> str:
    return UNKNOWN_NAME if who is None else who[:MAX_NAME_CHARS]
