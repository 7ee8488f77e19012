"""Where the web app is: its files are kept by browsers, its page is not, and programs never get it by mistake."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from served_desk import Desk
from wayline.api.app import RESOURCES
from wayline.api.web_app import WebApp

SCRIPT = "export const word = 'wayline';\n" * 100
PAGE = '<!doctype html><meta property="csp-nonce" nonce="%NONCE%">'
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def web_app(tmp_path_factory: pytest.TempPathFactory) -> WebApp:
    dist = tmp_path_factory.mktemp("dist")
    (dist / "assets").mkdir()
    (dist / "index.html").write_text(PAGE)
    (dist / "scheme.js").write_text("// short")
    (dist / "assets" / "index-a1b2.js").write_text(SCRIPT)
    return WebApp(RESOURCES, [dist.parent / "not-there", dist])


def get(web_app: WebApp, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Response | None:
    written = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "headers": written, "query_string": b""}
    return web_app.find(Request(scope | {"server": ("desk", 80), "scheme": "http"}))


@pytest.mark.parametrize("path", ["/", "/inbox", "/inbox/0199", "/tickets/INC-000001", "/runs/x", "/no-such-screen"])
def test_a_browser_gets_the_page_at_every_screen(web_app: WebApp, path: str) -> None:
    page = get(web_app, path, BROWSER)
    assert page is not None
    assert page.media_type == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/v1/x", "/docs/x", "/decide/a/b", "/assets/gone.js", "/healthz/x"]
)
def test_what_is_the_apis_or_gone_is_not_the_page(web_app: WebApp, path: str) -> None:
    assert get(web_app, path, BROWSER) is None


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {"accept": "application/json"}])
def test_a_program_that_mistypes_an_address_does_not_get_the_page(web_app: WebApp, headers: dict[str, str]) -> None:
    assert get(web_app, "/no-such-screen", headers) is None


def test_only_reading_gets_anything(web_app: WebApp) -> None:
    assert get(web_app, "/", BROWSER, "POST") is None


def test_the_page_is_never_kept_and_its_word_is_new_each_time(web_app: WebApp) -> None:
    words = set()
    for _ in range(2):
        page = get(web_app, "/", BROWSER)
        assert page is not None
        assert page.headers["cache-control"] == "no-cache"
        assert "etag" not in page.headers
        found = re.search(r'nonce="([\w-]{20,})"', bytes(page.body).decode())
        assert found is not None
        assert f"'nonce-{found[1]}'" in page.headers["content-security-policy"]
        words.add(found[1])
    assert len(words) == 2


def test_the_page_may_run_nothing_but_its_own_files(web_app: WebApp) -> None:
    page = get(web_app, "/", BROWSER)
    assert page is not None
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert "unsafe" not in page.headers["content-security-policy"]


def test_a_file_named_by_its_content_is_kept_for_good(web_app: WebApp) -> None:
    file = get(web_app, "/assets/index-a1b2.js")
    assert file is not None
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["content-type"] == "text/javascript; charset=utf-8"
    assert bytes(file.body).decode() == SCRIPT


def test_a_file_is_compressed_for_who_takes_it_so(web_app: WebApp) -> None:
    file = get(web_app, "/assets/index-a1b2.js", {"accept-encoding": "gzip, br"})
    assert file is not None
    assert (file.headers["content-encoding"], file.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(bytes(file.body)).decode() == SCRIPT


def test_other_files_are_asked_for_again_and_answered_in_short_when_they_are_the_same(web_app: WebApp) -> None:
    first = get(web_app, "/scheme.js")
    assert first is not None
    assert first.headers["cache-control"] == "no-cache"
    again = get(web_app, "/scheme.js", {"if-none-match": first.headers["etag"]})
    assert again is not None
    assert (again.status_code, bytes(again.body)) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/../index.html", "/../pyproject.toml", "/assets/", "/index.html/"])
def test_nothing_but_the_apps_files_is_given_out(web_app: WebApp, path: str) -> None:
    assert get(web_app, path) is None


def test_where_it_was_not_built_the_start_leads_to_the_documentation(tmp_path: Path) -> None:
    unbuilt = WebApp(RESOURCES, [tmp_path])
    start = get(unbuilt, "/", BROWSER)
    assert start is not None
    assert start.headers["location"] == "/docs"
    assert get(unbuilt, "/inbox", BROWSER) is None


def test_the_start_has_the_headers_of_every_answer(sqlite_desk: Desk) -> None:
    start = sqlite_desk.http.get("/", headers=BROWSER)
    assert start.status_code == 200
    assert start.headers["x-frame-options"] == "DENY"
    assert sqlite_desk.http.head("/", headers=BROWSER).content == b""
