"""Where the examples are (templates, messages, rules): in the package, or beside the sources in a checkout."""

from __future__ import annotations

from pathlib import Path

import wayline

PACKAGE = Path(wayline.__file__).parent
RULES = "rules"
MESSAGES = "messages"
PLACES = (PACKAGE / "examples", PACKAGE.parents[1] / "examples")


class ExamplesMissing(FileNotFoundError):
    """Neither is there."""


def example_files(folder: str = "") -> list[Path]:
    """The files of templates, or those in a folder beside them (RULES, MESSAGES), by name. Raises ExamplesMissing."""
    for place in PLACES:
        found = sorted((place / folder).glob("*.yaml"))
        if found:
            return found
    looked = " or in ".join(str(place / folder) for place in PLACES)
    raise ExamplesMissing(f"there are no examples in {looked}")
