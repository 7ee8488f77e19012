"""The web app's types of answers are those of the API as it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from wayline.api.app import RESOURCES
from wayline.api.docs import document

WEB = Path(__file__).resolve().parents[2] / "web"


def test_they_are_what_the_api_describes(tmp_path: Path) -> None:
    described, written = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    described.write_bytes(msgspec.json.encode(document(RESOURCES)))
    subprocess.run(["node", "scripts/schema.mjs", str(described), str(written)], cwd=WEB, check=True)
    kept = WEB / "src" / "shared" / "api" / "schema.d.ts"
    assert written.read_text() == kept.read_text(), "run web/scripts/write-schema"
