"""email: send a message through the mail server the operator names, over a connection of its own.

An answer of 5xx to the sender, a recipient or the message is for good. Everything else (4xx, no connection, a login or
a certificate that is not accepted) may be put right by somebody, and is tried again.
"""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec

from wayline.actions.job import Job
from wayline.actions.mail_text import PersonalLink, message_of
from wayline.core.action import ActionFailed
from wayline.core.decision_link import DecisionLink, sealed

DEFAULT_PORTS = {"smtp": 25, "smtps": 465}
StartTls = Literal["auto", "required", "never"]


class MailServer(msgspec.Struct, frozen=True):
    """Where mail is handed over. `starttls` auto encrypts when the server offers it."""

    host: str
    port: int
    implicit_tls: bool
    starttls: StartTls
    user: str | None = None
    password: str | None = None


def mail_server(url: str) -> MailServer:
    """`smtp://[user:password@]host[:port][?starttls=auto|required|never]` or `smtps://…`; raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("write smtp://user:password@host:port, or smtps://…")
    starttls = parse_qs(parts.query).get("starttls", ["auto"])[-1]
    if starttls not in ("auto", "required", "never"):
        raise ValueError("starttls is auto, required or never")
    return MailServer(
        host=parts.hostname,
        port=parts.port or DEFAULT_PORTS[parts.scheme],
        implicit_tls=parts.scheme == "smtps",
        starttls=starttls,  # type: ignore[arg-type]
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Mail:
    """Performs email. `address` is where people reach this server, for links; `secret_key` seals the personal ones.
    Those are made when the mail is sent, so that no table holds them."""

    def __init__(self, *, smtp_url: str | None, mail_from: str, address: str, secret_key: bytes) -> None:
        self._secret_key = secret_key
        self._server = mail_server(smtp_url) if smtp_url else None
        self._mail_from = mail_from
        self._address = address

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{message_id, to}` of what the mail server has taken; raises ActionFailed."""
        if self._server is None:
            raise ActionFailed("no mail server is set up (WAYLINE_SMTP_URL)", permanent=True)
        mail_from = job.action.get("from") or self._mail_from
        message = message_of(
            job.action,
            job_id=job.id,
            at=job.at,
            mail_from=mail_from,
            address=self._address,
            personal=self._personal_link(job),
        )
        recipients = [parseaddr(to)[1] for to in job.action["to"]]
        sender = parseaddr(mail_from)[1]
        client = await _connected(self._server, timeout_s=job.timeout_s)
        try:
            refused, _ = await client.send_message(message, sender=sender, recipients=recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused([r for r in error.recipients if isinstance(r, aiosmtplib.SMTPResponseException)]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refused([error]) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            raise ActionFailed(f"it cannot be sent: {error}", permanent=True) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ActionFailed(f"mail server {self._server.host}: {error}") from error
        else:
            # The message has been taken; a server that hangs up on the farewell changes nothing about that.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()
        if refused:
            # The others have it already; sending again would give it to them twice.
            said = "; ".join(f"{to}: {answer.code} {answer.message}" for to, answer in refused.items())
            raise ActionFailed(f"not delivered to all: {said}", permanent=True)
        return {"message_id": message["Message-ID"], "to": recipients}

    def _personal_link(self, job: Job) -> PersonalLink | None:
        """The link of an approver, whom the action names as `voter: {user_id, ends_at_s}`."""
        voter = job.action.get("voter")
        if voter is None:
            return None
        link = DecisionLink(
            tenant_id=job.tenant_id,
            run_id=job.action["run_id"],
            approval_id=job.action["item_id"],
            user_id=voter["user_id"],
            ends_at=datetime.fromtimestamp(voter["ends_at_s"], UTC),
        )
        return PersonalLink(f"{self._address}/decide/{sealed(self._secret_key, link)}", link.ends_at)

    async def close(self) -> None:
        """Nothing is kept open."""


async def _connected(server: MailServer, *, timeout_s: float) -> aiosmtplib.SMTP:
    start_tls = {"auto": None, "required": True, "never": False}[server.starttls]
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.implicit_tls,
        start_tls=False if server.implicit_tls else start_tls,
        tls_context=ssl.create_default_context(),
        timeout=timeout_s,
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        client.close()
        raise ActionFailed(f"mail server {server.host}:{server.port}: {error}") from error
    return client


def _refused(answers: list[aiosmtplib.SMTPResponseException]) -> ActionFailed:
    """The mail server said no: for good when every no is a 5xx."""
    said = "; ".join(f"{answer.code} {answer.message}" for answer in answers)
    return ActionFailed(f"the mail server refused it: {said}", permanent=all(a.code >= 500 for a in answers))
