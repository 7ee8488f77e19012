"""The requests of the guide to push and chat do what it says, and its tables leave nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from browser import Browser
from served_desk import Desk
from wayline.actions.chat.services import SERVICES
from wayline.actions.push import payload_of
from wayline.core.rule import parse_rule
from wayline.core.user_query import KINDS, parse_query

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "push-and-chat.md").read_text()
CURL = re.compile(r'^curl -X (\w+) "\$WAYLINE(\S+)" .*?-d \'(.*?)\'$', re.MULTILINE | re.DOTALL)


def test_each_request_of_the_guide_is_taken(desk: Desk) -> None:
    answers: list[dict[str, Any]] = []
    for method, path, body in CURL.findall(GUIDE):
        answer = desk.client(desk.root).request(method, path, json=json.loads(body))
        assert answer.status_code in (200, 201), (path, answer.text)
        answers.append(answer.json()["data"])
    slack, mattermost, query = answers
    assert (slack["service"], slack["is_default"]) == ("Slack", True)
    assert (mattermost["service"], mattermost["is_default"]) == ("Mattermost", False)
    assert mattermost["url"] == "mmosts://chat.example.com/…"
    assert query["count"] == 3


def test_a_page_subscribes_as_the_guide_does(desk: Desk) -> None:
    paths = re.findall(r'fetch\("(/api/v1/push/\w+)"', GUIDE)
    assert paths == ["/api/v1/push/key", "/api/v1/push/subscriptions"]
    ana = desk.client(desk.ana)
    assert ana.get(paths[0]).json()["data"]["key"]
    body = Browser("https://push.example/send/one").subscription | {"label": "My phone"}
    assert ana.post(paths[1], json=body).status_code == 201


def test_the_guide_names_every_field_of_a_message() -> None:
    told = json.loads(payload_of({"title": "x"}, job_id="push:1", address="https://desk.example"))
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", GUIDE.partition("The service worker gets")[2], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(told) <= named


def test_the_guide_names_every_chat_service() -> None:
    listed = dict(re.findall(r"^\| ([^|`]+) \| (`\w+://`(?:, `\w+://`)*) \|$", GUIDE, re.MULTILINE))
    assert listed == {s.name: ", ".join(f"`{schema}://`" for schema in s.schemas) for s in SERVICES}


def test_the_rule_and_the_queries_of_the_guide_are_read() -> None:
    (written,) = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert parse_rule(yaml.safe_load(written)).actions[0].queue == "chat"
    queries = re.findall(r"`((?:given|all|current) [^`]*)`", GUIDE)
    assert {kind for query in queries for kind in KINDS if parse_query(query) and kind in query} == set(KINDS)
