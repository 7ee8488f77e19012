"""What an e-mail says: subject by kind of notification, a few lines, and the link to where it is dealt with. Pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from html import escape
from typing import Any
from urllib.parse import urlsplit

import msgspec

from wayline.core.action import ActionFailed

MAX_SUBJECT_CHARS = 200

# Kind of notification → its subject, what it asks, and the page that deals with it.
SUBJECTS = {
    "work_offered": "Work for you: {title}",
    "approval_requested": "Approval requested: {title}",
    "approval_undecidable": "Nobody can decide: {title}",
    "approval_reminder": "Reminder: {title} waits for your decision",
    "step_overdue": "Overdue: {title}",
    "ticket_routed": "A ticket has come to you: {title}",
    "ticket_escalated": "Escalated: {title}",
    "escalation": "Waiting too long: {title}",
    "message": "{title}",
}
ASKS = {
    "work_offered": "There is work for you: {title}.",
    "approval_requested": "Your decision is asked for: {title}.",
    "approval_undecidable": "An approval has nobody who may give it: {title}.",
    "approval_reminder": "Your decision is still asked for: {title}.",
    "step_overdue": "The time for this is up: {title}.",
    "ticket_routed": "A ticket has been handed to you: {title}.",
}
PAGES = {
    "work_offered": ("item_id", "inbox"),
    "approval_requested": ("item_id", "approvals"),
    "approval_reminder": ("item_id", "approvals"),
}
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class PersonalLink(msgspec.Struct, frozen=True):
    """The reader's own link to decide by without signing in: a secret of theirs, good until `ends_at`."""

    url: str
    ends_at: datetime


class Links(msgspec.Struct, frozen=True):
    """Where the reader deals with it: the page in the app, and for an approval the way that needs no signing in."""

    page: str
    personal: PersonalLink | None


def message_of(
    action: dict[str, Any],
    *,
    job_id: str,
    at: datetime,
    mail_from: str,
    address: str,
    personal: PersonalLink | None = None,
) -> EmailMessage:
    """The message an email action makes: `{to: [address], kind, subject, text, run_id?, ticket_id?, item_id?,
    template?, rule?}`. Its Message-ID follows from the job's id, so that a repetition can be told.

    Raises ActionFailed when an address is none.
    """
    title = one_line(str(action.get("subject") or "")) or "Message"
    links = Links(page=link_of(action, address), personal=personal)
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(mail_from)
    message["To"] = [_address(to) for to in action["to"]]
    message["Subject"] = subject_of(str(action.get("kind", "message")), title)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(job_id, address)
    # RFC 3834: nobody's absence notice answers it.
    message["Auto-Submitted"] = "auto-generated"
    paragraphs = _paragraphs(action, title)
    footer = _footer(action)
    message.set_content(_plain(paragraphs, links, footer))
    message.add_alternative(_html(paragraphs, links, footer), subtype="html")
    return message


def _footer(action: dict[str, Any]) -> str:
    """Who wrote it, when that is known."""
    for source, word in (("template", "workflow"), ("rule", "rule")):
        if action.get(source):
            return f"From the {word} “{one_line(str(action[source]))}”."
    return ""


def subject_of(kind: str, title: str) -> str:
    """The subject line; a kind without one of its own says the title alone."""
    return SUBJECTS.get(kind, "{title}").replace("{title}", title)[:MAX_SUBJECT_CHARS]


def message_id(job_id: str, address: str) -> str:
    """The same for the same job, for ever (RFC 5322, 3.6.4)."""
    digest = hashlib.sha256(job_id.encode()).hexdigest()[:40]
    return f"<{digest}@{urlsplit(address).hostname or 'wayline.invalid'}>"


def link_of(action: dict[str, Any], address: str) -> str:
    """Where the reader deals with it: the work item, else the ticket, else the run."""
    field, page = PAGES.get(str(action.get("kind")), ("", ""))
    for name, folder in ((field, page), ("ticket_id", "tickets"), ("run_id", "runs")):
        if action.get(name):
            return f"{address}/{folder}/{action[name]}"
    return address


def one_line(text: str) -> str:
    """The text on one line, without control characters: what stands in a header can begin no other header."""
    return _BLANKS.sub(" ", text).strip()


def _address(written: str) -> Address:
    found = getaddresses([written])
    name, spec = found[0] if len(found) == 1 else ("", "")
    try:
        if one_line(written) != written or "@" not in spec:
            raise ValueError("it is several, or has no @, or stands on several lines")
        return Address(display_name=one_line(name), addr_spec=spec)
    except (ValueError, IndexError, MessageError) as error:
        raise ActionFailed(f"{one_line(written)[:200]!r} is not an e-mail address: {error}", permanent=True) from error


def _paragraphs(action: dict[str, Any], title: str) -> list[str]:
    ask = ASKS.get(str(action.get("kind")), "").replace("{title}", title)
    text = str(action.get("text") or "").replace("\r\n", "\n").strip()
    return [part for part in (ask, *re.split(r"\n{2,}", text)) if part] or [title]


def _plain(paragraphs: list[str], links: Links, footer: str) -> str:
    parts = [*paragraphs]
    if links.personal is not None:
        parts += [f"{DECIDE}:\n{links.personal.url}", _terms(links.personal), f"{ELSE}:\n{links.page}"]
    else:
        parts.append(links.page)
    return "\n\n".join([*parts, *([f"-- \n{footer}"] if footer else [])]) + "\n"


def _html(paragraphs: list[str], links: Links, footer: str) -> str:
    body = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    page = f'<a href="{escape(links.page)}">{escape(links.page)}</a>'
    if links.personal is not None:
        body += f'<p><a href="{escape(links.personal.url)}" style="{_BUTTON}">{DECIDE}</a></p>'
        body += f"<p><small>{escape(_terms(links.personal))}</small></p><p>{ELSE}: {page}</p>"
    else:
        body += f"<p>{page}</p>"
    body += f"<p><small>{escape(footer)}</small></p>" if footer else ""
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{body}</body></html>\n'


def _terms(personal: PersonalLink) -> str:
    return f"This link is yours alone: do not pass it on. It works until {personal.ends_at:%-d %B %Y}."


DECIDE = "Look at it and decide"
ELSE = "Or sign in"
_BUTTON = (
    "display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5fbf;color:#ffffff;"
    "font-family:sans-serif;font-weight:bold;text-decoration:none"
)
