"""A desk for tests: who and what a table declares, and somebody for every name that nobody declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wayline.cli.definitions.tables import DeskOfTable, PersonAtDesk
from wayline.core.business_time import Calendar, calendar_from
from wayline.core.facts import Actor, Directory, Group, Person
from wayline.core.graph import whos_of
from wayline.core.rule import Rule
from wayline.core.template import Template
from wayline.core.who import Who

DOMAIN = "desk.example"
REQUESTER, MANAGER, ADMIN = (f"{word}@{DOMAIN}" for word in ("requester", "manager", "admin"))
_SAID = ("requester", "assignee", "owner")


def whos_in(templates: Iterable[Template], rules: Iterable[Rule]) -> Iterator[Who]:
    """Every who-expression in these."""
    for template in templates:
        for step in template.steps:
            yield from (who for _, who in whos_of(step))
    for rule in rules:
        for action in rule.actions:
            yield from (who for _, who in action.who())


def directory_of(desk: DeskOfTable, whos: Iterable[Who], named: Iterable[str]) -> Directory:
    """The people and groups of the desk; ids are e-mails and slugs. `named` are people that cases name besides."""
    people = {person.email: person for person in desk.people}
    groups = {slug: (set(group.members) | set(group.leads), group.leads) for slug, group in desk.groups.items()}
    for slug in dict.fromkeys(who.group for who in whos if who.group is not None):
        lead = f"{slug}-lead@{DOMAIN}"
        groups.setdefault(slug, ({lead, f"{slug}-1@{DOMAIN}", f"{slug}-2@{DOMAIN}"}, (lead,)))
    wanted = [REQUESTER, *named, *_people_in(whos), *(member for members, _ in groups.values() for member in members)]
    for email in wanted:
        role = "requester" if email == REQUESTER else "agent"
        people.setdefault(email, PersonAtDesk(email=email, role=role, manager=MANAGER))
    people.setdefault(MANAGER, PersonAtDesk(email=MANAGER, role="manager"))
    people.setdefault(ADMIN, PersonAtDesk(email=ADMIN, role="admin"))
    return Directory(
        people=[
            Person(
                id=person.email,
                email=person.email,
                name=person.name or person.email.partition("@")[0].replace("-", " ").title(),
                role=person.role,
                manager_id=person.manager,
                labels=person.labels,
            )
            for person in people.values()
        ],
        groups=[
            Group(id=slug, slug=slug, name=slug, members=tuple(sorted(members)), leads=tuple(leads))
            for slug, (members, leads) in groups.items()
        ],
    )


def _people_in(whos: Iterable[Who]) -> Iterator[str]:
    for who in whos:
        if who.user is not None:
            yield who.user
        if who.manager_of is not None and who.manager_of not in _SAID:
            yield who.manager_of


def calendars_of(desk: DeskOfTable) -> dict[str, Calendar]:
    """The calendars that the table declares, by name."""
    return {calendar.name: calendar_from(calendar) for calendar in desk.calendars}


def actor_of(directory: Directory, email: str | None) -> Actor:
    """Who acts: the person of that e-mail, the requester when nobody is named."""
    person = directory.person(email or REQUESTER)
    assert person is not None
    return Actor(user_id=person.id, role=person.role, name=person.name)
