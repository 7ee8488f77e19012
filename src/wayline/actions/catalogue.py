"""Every outside action and who performs it, by the `type` its jobs carry. A new one is its file and its line here."""

from __future__ import annotations

import msgspec

from wayline.actions.addresses import Allowed
from wayline.actions.chat.send_chat import Chat, ChatBook
from wayline.actions.email import Mail
from wayline.actions.epilog import Epilogs, RemoteBook
from wayline.actions.http_request import HttpRequests
from wayline.actions.job import Performer
from wayline.actions.push import Push, PushBook
from wayline.actions.script.performer import ScriptBook, Scripts


class Surroundings(msgspec.Struct, frozen=True):
    """What actions need to know of the installation; `address` is where people reach it."""

    secret_key: bytes
    outbound_allow: Allowed
    smtp_url: str | None
    mail_from: str
    address: str
    push_book: PushBook
    script_book: ScriptBook
    chat_book: ChatBook
    remote_book: RemoteBook


def performers(around: Surroundings) -> dict[str, Performer]:
    """A fresh set, for one event loop."""
    return {
        "http_request": HttpRequests(secret_key=around.secret_key, allowed=around.outbound_allow),
        "email": Mail(
            smtp_url=around.smtp_url,
            mail_from=around.mail_from,
            address=around.address,
            secret_key=around.secret_key,
        ),
        "run_script": Scripts(around.script_book),
        "push": Push(
            allowed=around.outbound_allow,
            address=around.address,
            mail_from=around.mail_from,
            book=around.push_book,
        ),
        "send_chat": Chat(allowed=around.outbound_allow, address=around.address, book=around.chat_book),
        "intervention_epilog": Epilogs(allowed=around.outbound_allow, book=around.remote_book),
    }
