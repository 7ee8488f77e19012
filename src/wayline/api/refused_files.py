"""Files nobody may upload: what machines run and what browsers show as a page, told by name, type and beginning.

A service desk passes files between people who trust it; these kinds are how such trust is abused. Scripts that do
nothing until somebody runs them on purpose (.ps1, .sh, .py) are a desk's daily work and are taken.
"""

from __future__ import annotations

REFUSED_ENDINGS = frozenset(
    {
        "app",
        "bat",
        "cmd",
        "com",
        "cpl",
        "dll",
        "elf",
        "exe",
        "gadget",
        "hta",
        "htm",
        "html",
        "jar",
        "jnlp",
        "js",
        "jse",
        "lnk",
        "mht",
        "mhtml",
        "mjs",
        "msc",
        "msi",
        "msp",
        "pif",
        "reg",
        "scr",
        "sct",
        "shtml",
        "svg",
        "swf",
        "url",
        "vb",
        "vbe",
        "vbs",
        "wsf",
        "wsh",
        "xht",
        "xhtml",
    }
)
REFUSED_TYPES = frozenset(
    {
        "application/hta",
        "application/java-archive",
        "application/javascript",
        "application/vnd.microsoft.portable-executable",
        "application/x-dosexec",
        "application/x-executable",
        "application/x-mach-binary",
        "application/x-msdownload",
        "application/x-msi",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/html",
        "text/javascript",
    }
)
_EXECUTABLES = (b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<svg")


def refused_kind(name: str, media_type: str, beginning: bytes) -> str | None:
    """The kind of file it is, in the plural, if it is one that is refused; `beginning` is its first kibibyte."""
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    if ending in REFUSED_ENDINGS:
        return f"Files ending in .{ending}"
    if media_type in REFUSED_TYPES:
        return f"Files of the type {media_type}"
    return _refused_beginning(beginning)


def _refused_beginning(beginning: bytes) -> str | None:
    # A text may begin with MZ as Windows' programs do, but not be followed by NULs.
    if beginning.startswith(_EXECUTABLES) or (beginning.startswith(b"MZ") and b"\0" in beginning):
        return "Programs"
    if beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES):
        return "Web pages"
    return None
