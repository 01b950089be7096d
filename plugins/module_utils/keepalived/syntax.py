# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of keepalived.conf: writes a tree of blocks, and reads one back.

A tree is a list; a string in it is a line, a pair (header, tree) a block. ``#`` and ``!`` start a comment wherever they
stand outside of quotes, so every value goes through ``word``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union

Tree = list[Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,<>*?~^&;|-]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{}"]+')


class Unwritable(Exception):
    """A value that the file has no way to express, or that can't work; the text names the variable."""


def word(where: str, value: Any) -> str:
    """Return a value as one word, in quotes when it needs them. Raises Unwritable."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if _CONTROL.search(text):
        raise Unwritable(f"{where}: a value can't contain line breaks or control characters")
    if _PLAIN.fullmatch(text):
        return text
    if not text:
        raise Unwritable(f"{where}: empty")
    # keepalived has no escapes that hold in every place
    if '"' in text or "\\" in text:
        raise Unwritable(f"{where}: a value can't contain quotation marks or backslashes")
    return f'"{text}"'


def words(where: str, value: Any) -> str:
    """Return a text of several words that keepalived is to read as such, e.g. a route. Raises Unwritable."""
    text = str(value)
    if _CONTROL.search(text) or not text.strip():
        raise Unwritable(f"{where}: must be one line: {text!r}")
    if any(character in text for character in "#!{}"):
        raise Unwritable(f"{where}: can't contain any of # ! {{ }}: {text!r}")
    return text.strip()


def flag(where: str, value: Any) -> bool:
    """Return a truth value, also one that a template or the command line made a text of. Raises Unwritable."""
    text = str(value).strip().lower()
    if value is None or text in ("false", "no", "off", "0", "n", "f", ""):
        return False
    if text in ("true", "yes", "on", "1", "y", "t"):
        return True
    raise Unwritable(f"{where}: must be true or false, not {value!r}")


def unknown(word: Any, known: Iterable[Any]) -> str:
    """Return the end of a sentence about a word that is none of those known: the nearest of them, or all."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(word), names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}"
    return f"{str(word)!r}; {hint}"


def options(where: str, wanted: Mapping[str, Any]) -> Tree:
    """Return the lines for a dictionary of keepalived's own keywords.

    true writes the bare keyword, false and null leave it out; a dictionary becomes a block, a list of plain values a
    block with a line each, a list of dictionaries one block each.
    """
    tree: Tree = []
    for key, value in wanted.items():
        name = words(where, key)
        if value is None or value is False:
            continue
        if value is True:
            tree.append(name)
        elif isinstance(value, Mapping):
            tree.append((name, options(f"{where}, {name}", value)))
        elif isinstance(value, (list, tuple)):
            if value and all(isinstance(item, Mapping) for item in value):
                tree += [(name, options(f"{where}, {name}", item)) for item in value]
            elif value:
                tree.append((name, [words(f"{where}, {name}", item) for item in value]))
        else:
            tree.append(f"{name} {word(f'{where}, {name}', value)}")
    return tree


def raw(text: Any) -> Tree:
    """Return lines as they are: the escape for what has no variable."""
    return [line.rstrip() for line in str(text or "").splitlines() if line.strip()]


def render(tree: Sequence[Any], depth: int = 0) -> str:
    """Return the text of a tree, four blanks per level; an empty block is left out."""
    pad = "    " * depth
    lines = []
    for item in tree:
        if isinstance(item, str):
            lines.append(f"{pad}{item}\n")
        elif item[1]:
            lines.append(f"{pad}{item[0]} {{\n{render(item[1], depth + 1)}{pad}}}\n")
            if not depth:
                lines.append("\n")
    return "".join(lines)


def parse(text: str) -> Tree:
    """Return the tree of a configuration as keepalived reads it, comments left out. Unbalanced braces are forgiven."""
    top: Tree = []
    stack = [top]
    for line in text.splitlines():
        current: list[str] = []
        for token in _TOKEN.findall(_without_comment(line)):
            if token == "{":
                block: tuple[str, Tree] = (" ".join(current), [])
                stack[-1].append(block)
                stack.append(block[1])
                current = []
            elif token == "}":
                if current:
                    stack[-1].append(" ".join(current))
                    current = []
                if len(stack) > 1:
                    stack.pop()
            else:
                current.append(token)
        if current:
            stack[-1].append(" ".join(current))
    return top


def _without_comment(line: str) -> str:
    quoted = False
    for place, character in enumerate(line):
        if character == '"' and (place == 0 or line[place - 1] != "\\"):
            quoted = not quoted
        elif character in "#!" and not quoted:
            return line[:place]
    return line


def value_of(tree: Sequence[Any], name: str) -> Union[str, Tree, None]:
    """Return what follows a keyword, or the content of its block; '' for a bare keyword, None when it is not there."""
    for item in tree:
        if isinstance(item, str):
            head, _blank, rest = item.partition(" ")
            if head == name:
                return rest
        elif item[0] == name:
            content: Tree = item[1]
            return content
    return None
