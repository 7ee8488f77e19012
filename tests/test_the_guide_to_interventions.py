"""The guide to interventions is true: its calls work in their order, and its receiver takes what comes of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from other_system import answer
from remotes_at_a_desk import AskedDesk, asked_desk

GUIDE = (Path(__file__).resolve().parents[1] / "docs" / "guides" / "interventions.md").read_text()
HOST = "http://desk.example"


@pytest.fixture
def asked(sqlite_url: str, tmp_path: Path) -> Iterator[AskedDesk]:
    with asked_desk(sqlite_url, tmp_path, name="another") as found:
        yield found


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)


def called(asked: AskedDesk, command: str, names: dict[str, str]) -> Any:
    """What the server answers to a line of curl."""
    for name in sorted(names, key=len, reverse=True):
        command = command.replace(f"${name}", names[name])
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "curl", words
    options = list(pairwise(words))
    (url,) = [word for word in words if word.startswith(HOST)]
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    (method,) = [value for option, value in options if option == "-X"]
    bodies = [value for option, value in options if option == "-d"]
    found = asked.desk.http.request(method, url.removeprefix(HOST), headers=headers, content="".join(bodies))
    assert found.status_code in (200, 201), (command, found.text)
    return found.json()


def test_its_calls_lead_from_the_intervention_to_the_answer(asked: AskedDesk) -> None:
    create, generate, ask, complete, resend = snippets("sh")
    names = {"WAYLINE": HOST, "TOKEN": asked.desk.root.token, "AGENT_TOKEN": asked.desk.bo.token}
    create = create.replace("https://shop.example.com", asked.remote.url)
    made = called(asked, create, names)["intervention"]
    given = called(asked, generate.replace('"intervention_id": 1', f'"intervention_id": {made["id"]}'), names)
    ticket = called(asked, ask, {**names, "REMOTE_TOKEN": given["token"]})["data"]
    standing = asked.standing(ticket["ticket_id"])
    called(asked, complete, {**names, "ITEM": standing["item_id"]})
    asked.remote.answers += [answer(404), answer(200, {"final": True, "data": {"amount": 99}})]
    assert asked.send() == 1
    called(asked, resend, {**names, "TICKET": ticket["ticket_id"], "REQUEST": standing["id"]})
    assert asked.send() == 1
    sent = asked.remote.received[1]
    assert sent.path == "/answers"
    (example,) = snippets("json")
    written = json.loads(example)
    assert list(sent.json) == list(written)
    assert sent.json["data"] == written["data"]
    comments = asked.desk.client(asked.desk.bo).get(f"/api/v1/tickets/{ticket['ticket_id']}/comments").json()["data"]
    assert "Your refund of 99 has been paid, Eve." in [c["text"] for c in comments]
    shown = asked.ticket(ticket["ticket_id"])
    assert (shown["title"], shown["status"], shown["tags"]) == ("Refund for Eve", "resolved", ["refund"])

    (snippet,) = snippets("python")
    code: dict[str, Any] = {}
    exec(compile(snippet, "interventions.md", "exec"), code)
    assert code["answer_of"](given["signing_secret"], sent.headers, sent.body.decode()) == sent.json
    with pytest.raises(WebhookVerificationError):
        code["answer_of"](asked.token["signing_secret"], sent.headers, sent.body.decode())
