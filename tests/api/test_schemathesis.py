"""Requests nobody wrote: drawn from `/openapi.json`, sent to each endpoint, answered as the document says.

Ids in paths are those of things there are, so that what is drawn gets past "not found". What is drawn is the same in
each run; `schemathesis run` against a served desk looks further.
"""

from __future__ import annotations

import random
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tenants_things import things_of, with_ids

from served_desk import Desk

EXAMPLES = 10
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Without an end; and those that end the very credential the test calls with.
LEFT_OUT = ("/api/v1/live", "/api/v1/auth/logout", "/api/v1/auth/login")


def test_whatever_is_asked_is_answered_as_documented(desk: Desk) -> None:
    root = desk.client(desk.root)
    things = things_of(desk)
    schema = schemathesis.openapi.from_dict(root.get("/openapi.json").json())
    sent = 0

    def send(case: Any) -> None:
        nonlocal sent
        asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        path, _, query = str(asked.url).removeprefix("http://testserver").partition("?")
        known = with_ids(case.operation.path, things)
        url = (known if random.Random(sent).random() < 0.8 else path) + (f"?{query}" if query else "")
        sent += 1
        answer = root.request(
            str(asked.method), url, headers=dict(asked.headers), content=asked.body, follow_redirects=False
        )
        answer.request.read()
        case.validate_response(answer, checks=CHECKS)

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in LEFT_OUT:
            continue
        drawn = settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        drawn(given(case=operation.as_strategy())(send))()
    assert sent > 300
