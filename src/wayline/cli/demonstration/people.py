"""Who works at Marlow Instruments, and in which groups. Nobody here exists; `.example` addresses reach nobody."""

from __future__ import annotations

import msgspec

COMPANY = "Marlow Instruments"
MAIL_DOMAIN = "marlow.example"
PASSWORD = "wayline-demo"  # noqa: S105 - everybody is told it: this is a demo


class Colleague(msgspec.Struct, frozen=True):
    """A person by first name, which the stories call them by; `manager` is a first name too."""

    key: str
    name: str
    role: str
    manager: str | None = None
    labels: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """Their address, and what they log in with."""
        return f"{self.key}@{MAIL_DOMAIN}"


class Team(msgspec.Struct, frozen=True):
    """A group: its slug is what the example templates call it by. The first `leads` of its members lead it."""

    slug: str
    name: str
    description: str
    members: tuple[str, ...]
    leads: int = 1


class Login(msgspec.Struct, frozen=True):
    """Somebody worth being for a while, and why."""

    key: str
    sees: str


# Managers before those they manage.
COLLEAGUES: tuple[Colleague, ...] = (
    Colleague("irene", "Irene Falk", "manager", labels=("vip",)),
    Colleague("ruth", "Ruth Albers", "admin", "irene"),
    Colleague("sam", "Sam Okafor", "admin", "ruth"),
    Colleague("marta", "Marta Lindgren", "manager", "ruth"),
    Colleague("viktor", "Viktor Hahn", "manager", "ruth"),
    Colleague("nadia", "Nadia Rahman", "manager", "ruth"),
    Colleague("elif", "Elif Demir", "manager", "irene"),
    Colleague("claire", "Claire Dubois", "manager", "irene"),
    Colleague("henrik", "Henrik Olsen", "manager", "irene"),
    Colleague("bo", "Bo Jensen", "agent", "marta"),
    Colleague("cy", "Cy Tanaka", "agent", "marta"),
    Colleague("lea", "Lea Brandt", "agent", "marta", ("on-call",)),
    Colleague("tomas", "Tomas Novak", "agent", "marta"),
    Colleague("aisha", "Aisha Bello", "agent", "tomas"),
    Colleague("piotr", "Piotr Zielinski", "agent", "tomas"),
    Colleague("dana", "Dana Petrescu", "agent", "viktor", ("on-call",)),
    Colleague("yusuf", "Yusuf Kaya", "agent", "viktor"),
    Colleague("mei", "Mei Tan", "agent", "nadia", ("on-call",)),
    Colleague("oskar", "Oskar Berg", "agent", "nadia"),
    Colleague("paula", "Paula Ferreira", "agent", "ruth"),
    Colleague("ana", "Ana Costa", "requester", "claire"),
    Colleague("finn", "Finn Keller", "requester", "claire"),
    Colleague("grace", "Grace Adeyemi", "requester", "henrik", ("vip",)),
    Colleague("jonas", "Jonas Wirth", "requester", "henrik"),
    Colleague("priya", "Priya Nair", "requester", "irene"),
    Colleague("ines", "Ines Moreau", "requester", "elif"),
    Colleague("karl", "Karl Voss", "requester", "elif"),
    Colleague("lukas", "Lukas Huber", "requester", "irene"),
    Colleague("nora", "Nora Svensson", "requester", "lukas"),
)

TEAMS: tuple[Team, ...] = (
    Team("service-desk", "Service Desk", "First line: takes every call.", ("marta", "bo", "cy", "lea")),
    Team("service-desk-leads", "Service Desk Leads", "Who is told when something is overdue.", ("marta", "lea")),
    Team("deskside", "Deskside", "Hardware, at people's desks.", ("tomas", "aisha", "piotr")),
    Team("network", "Network", "Lines, switches, remote access.", ("viktor", "dana", "yusuf")),
    Team("security", "Security", "Accounts, rights, incidents.", ("nadia", "mei", "oskar")),
    Team(
        "change-advisory-board",
        "Change Advisory Board",
        "Decides on risky changes.",
        ("viktor", "nadia", "marta", "ruth", "tomas"),
    ),
    Team("major-incident", "Major Incident", "Leads when much is down.", ("paula", "dana", "lea", "oskar")),
    Team("problem-managers", "Problem Managers", "Look for causes.", ("paula", "oskar", "cy", "yusuf")),
    Team("facilities", "Facilities", "Doors, badges, rooms.", ("lukas", "nora")),
    Team("finance", "Finance", "Pays, and asks what for.", ("elif", "ines", "karl")),
)

LOGINS: tuple[Login, ...] = (
    Login("ruth", "administers everything; var/demo/token is hers"),
    Login("marta", "leads the service desk; overdue work comes to her"),
    Login("bo", "answers tickets at the service desk"),
    Login("irene", "approves, just now for Claire too, who is away"),
    Login("elif", "approves what costs money"),
    Login("ana", "asks for things"),
)
AWAY, SUBSTITUTE = "claire", "irene"
