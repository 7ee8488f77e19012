"""Which chat services there are, and reading the address of a channel at one of them.

An address is written as Apprise has it (`slack://…`, `mmosts://host/token`), or as the service shows it where Apprise
knows that form (`https://hooks.slack.com/services/…`). Only plug-ins that say what they have to say in HTTP requests
are listed: no other is ever loaded, so that none can touch this machine (a shell, the system log, a desktop) or open
connections of its own.
"""

from __future__ import annotations

import importlib
import logging
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from wayline.actions.addresses import Allowed
from wayline.actions.webhook import why_not_called

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

URL_MAX_CHARS = 2000
SHOWN_AS = "Wayline"


class Service(msgspec.Struct, frozen=True):
    """A chat service: its name, the module and class of its plug-in, the beginnings of its addresses, and which of them
    name a host that anybody may run: the last one without encryption."""

    name: str
    module: str
    plugin: str
    schemas: tuple[str, ...]
    hosted: bool = False


SERVICES = (
    Service("Slack", "slack", "NotifySlack", ("slack",)),
    Service("Microsoft Teams", "workflows", "NotifyWorkflows", ("workflow", "workflows")),
    Service("Mattermost", "mattermost", "NotifyMattermost", ("mmosts", "mmost"), hosted=True),
    Service("Rocket.Chat", "rocketchat", "NotifyRocketChat", ("rockets", "rocket"), hosted=True),
    Service("Discord", "discord", "NotifyDiscord", ("discord",)),
    Service("Google Chat", "google_chat", "NotifyGoogleChat", ("gchat",)),
    Service("Webex", "webexteams", "NotifyWebexTeams", ("wxteams", "webex")),
    Service("Zulip", "zulip", "NotifyZulip", ("zulip",)),
    Service("Telegram", "telegram", "NotifyTelegram", ("tgram",)),
    Service("Nextcloud Talk", "nextcloudtalk", "NotifyNextcloudTalk", ("nctalks", "nctalk"), hosted=True),
    Service("ntfy", "ntfy", "NotifyNtfy", ("ntfys", "ntfy")),
    Service("Gotify", "gotify", "NotifyGotify", ("gotifys", "gotify"), hosted=True),
    Service("Lark", "lark", "NotifyLark", ("lark",)),
    Service("Feishu", "feishu", "NotifyFeishu", ("feishu",)),
    Service("DingTalk", "dingtalk", "NotifyDingTalk", ("dingtalk",)),
    Service("WeCom", "wecombot", "NotifyWeComBot", ("wecombot",)),
    Service("Revolt", "revolt", "NotifyRevolt", ("revolt",)),
    Service("Flock", "flock", "NotifyFlock", ("flock",)),
    Service("Ryver", "ryver", "NotifyRyver", ("ryver",)),
    Service("Stackfield", "stackfield", "NotifyStackfield", ("stackfield",)),
    Service("JSON", "custom_json", "NotifyJSON", ("jsons", "json"), hosted=True),
    Service("XML", "custom_xml", "NotifyXML", ("xmls", "xml"), hosted=True),
)
SCHEMAS = {schema: service for service in SERVICES for schema in service.schemas}
# Names of parameters by which a plug-in would read a file, here or elsewhere.
FILES = frozenset({"template", "attach"})


class Reached(msgspec.Struct, frozen=True):
    """A channel's address as read: the service, what may be shown of the address, and the plug-in that talks to it."""

    service: Service
    masked: str
    plugin: Any


def read_address(url: str, *, address: str) -> Reached:
    """The channel at an address; `address` is where people reach this server. Raises ValueError with a sentence that
    repeats nothing of what was written behind the service's name."""
    url = url.strip()
    if len(url) > URL_MAX_CHARS:
        raise ValueError(f"An address has at most {URL_MAX_CHARS} characters.")
    schema, separator, _ = url.partition("://")
    schema = schema.lower() if separator else ""
    if schema in ("http", "https"):
        service, given = _as_shown_by_a_service(url)
    else:
        if schema not in SCHEMAS:
            known = ", ".join(f"{name}://" for name in SCHEMAS)
            raise ValueError(f"It begins with one of {known}, or is a webhook's address as the service shows it.")
        service = SCHEMAS[schema]
        given = plugin_class(service).parse_url(url)
    if not given:
        raise ValueError(f"It is no address of a channel at {service.name}.")
    if FILES & {name.lower() for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}:
        raise ValueError(f"A channel reads no files: leave out {' and '.join(sorted(FILES))}.")
    return Reached(service=service, masked=_masked(service, schema, given), plugin=_plugin(service, given, address))


def why_not_reached(allowed: Allowed, reached: Reached) -> str | None:
    """Why a channel may not be at this host, as far as the address alone tells; None when it may."""
    if not reached.service.hosted:
        return None
    host, port = reached.plugin.host, reached.plugin.port
    scheme = "https" if reached.plugin.secure else "http"
    return why_not_called(allowed, f"{scheme}://{host}{f':{port}' if port else ''}/")


def plugin_class(service: Service) -> type[NotifyBase]:
    """The plug-in of a service, made to ask for things through `carrying` alone."""
    found: type[NotifyBase] = getattr(_plugin_module(service.module), service.plugin)
    return found


@cache
def _plugin_module(name: str) -> Any:
    """Loading Apprise takes some tenths of a second, so it is put off until a channel is first needed."""
    from wayline.actions.chat.carrying import Carrier, NoFiles

    # What it logs has addresses and messages in it.
    logging.getLogger("apprise").disabled = True
    module: Any = importlib.import_module(f"apprise.plugins.{name}")
    module.requests = Carrier()
    if hasattr(module, "AppriseAttachment"):
        module.AppriseAttachment = NoFiles
    return module


def _as_shown_by_a_service(url: str) -> tuple[Service, Any]:
    for service in SERVICES:
        reader = getattr(plugin_class(service), "parse_native_url", None)
        given = reader(url) if reader is not None else None
        if given:
            return service, given
    raise ValueError("No chat service shows a webhook's address like this; for any other use jsons://host/path.")


def _plugin(service: Service, given: dict[str, Any], address: str) -> Any:
    from apprise import AppriseAsset
    from apprise.common import OverflowMode
    from apprise.exception import AppriseImproperlyConfigured

    asset = AppriseAsset(
        app_id=SHOWN_AS,
        app_desc=SHOWN_AS,
        app_url=address,
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        storage_mode="memory",
        allow_templates=False,
        http_redirects=False,
    )
    try:
        plugin = plugin_class(service)(**{**given, "asset": asset})
    except (AppriseImproperlyConfigured, TypeError, ValueError) as error:
        raise ValueError(f"It is no address of a channel at {service.name}.") from error
    # One message is one try: the job is what is tried again, and a message that is too long is cut.
    plugin.retry = 0
    plugin.request_rate_per_sec = 0
    plugin.overflow_mode = OverflowMode.TRUNCATE
    return plugin


def _masked(service: Service, schema: str, given: dict[str, Any]) -> str:
    shown = given.get("schema") or (service.schemas[0] if schema in ("http", "https") else schema)
    host = given.get("host") if service.hosted else None
    port = f":{given['port']}" if host and given.get("port") else ""
    return f"{shown}://{host or ''}{port}{'/' if host else ''}…"
