"""docs/reference.md, from the settings."""

from __future__ import annotations

from .settings import SETTINGS, Setting


def reference_page() -> str:
    """The text of docs/reference.md; `python -m kernelapp.reference > docs/reference.md` writes it."""
    lines = [
        "# Settings",
        "",
        "Made from `kernelapp/settings.py` by `make reference`; do not edit by hand.",
        "",
        "A setting comes from its flag, else from its environment variable (an empty one counts as unset), else it is the default.",
        "Flags without a value are switches; their variables take `1` or `0`.",
        "",
    ]
    for setting in SETTINGS:
        lines += [f"## `{setting.flag}`", "", setting.help, "", f"* Environment variable: `{setting.variable}`"]
        lines += [f"* Type: {_type_in_words(setting)}", f"* Default: {_default_in_words(setting)}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _type_in_words(setting: Setting) -> str:
    if setting.choices:
        return " or ".join(f"`{choice}`" for choice in setting.choices)
    words = {bool: "switch", int: "whole number", float: "number", str: "text"}
    return words.get(setting.type, "list with commas between") + setting.bounds()


def _default_in_words(setting: Setting) -> str:
    if setting.type is bool:
        return "off"
    if isinstance(setting.default, float):
        return f"`{setting.default:.12g}`"
    return f"`{setting.default}`" if setting.default not in ("", ()) else "empty"


if __name__ == "__main__":
    print(reference_page(), end="")
