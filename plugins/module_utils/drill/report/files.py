# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report on disk: report.json is the truth, everything else is rendered from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from .html import render_html
from .junit import render_junit
from .markdown import render_markdown
from .schema import check_report
from .text import render_text

__all__ = ["RENDERINGS", "load_report", "write_report"]

RENDERINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "html": render_html,
    "md": render_markdown,
    "txt": render_text,
    "xml": render_junit,
}
"""File name extension -> renderer."""

JSON_NAME = "report.json"


def load_report(path: str) -> dict[str, Any]:
    """Read and check a report. Raises OSError, ValueError (SchemaError included)."""
    with open(path, encoding="utf-8") as stream:
        return check_report(json.load(stream))


def load_if_there(directory: str) -> Optional[dict[str, Any]]:
    """The report of a directory, or None where there is none yet."""
    path = os.path.join(directory, JSON_NAME)
    return load_report(path) if os.path.exists(path) else None


def write_report(directory: str, report: Mapping[str, Any], renderings: Sequence[str] = tuple(RENDERINGS)) -> bool:
    """Write report.json and its renderings; True when any file changed. Each is replaced whole."""
    os.makedirs(directory, exist_ok=True)
    check_report(report)
    content = {JSON_NAME: json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n"}
    content.update({f"report.{extension}": RENDERINGS[extension](report) for extension in renderings})
    changed = [_replace(os.path.join(directory, name), text) for name, text in content.items()]
    return any(changed)


def _replace(path: str, text: str) -> bool:
    try:
        with open(path, encoding="utf-8") as stream:
            if stream.read() == text:
                return False
    except (OSError, UnicodeDecodeError):
        pass
    with open(f"{path}.new", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(f"{path}.new", path)
    return True
