# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that hold for every file: a licence header, a readable length, nothing that names where it was written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SPDX = ("SPDX-FileCopyrightText: 2026 the steadfast.ha authors", "SPDX-License-Identifier: GPL-3.0-or-later")
SOURCE_SUFFIXES = set(".py .yml .yaml .sh .toml .cfg .ini .j2 .awk .service .nft .timer".split())
SOURCE_NAMES = {"Makefile", "bindep.txt", ".gitignore", ".yamllint"}
#: antsibull-changelog writes these and would drop a header
GENERATED = {Path("changelogs/changelog.yaml")}
LONGEST_PYTHON_FILE = 450

# Written with character classes where needed, so that this file does not find itself.
FOREIGN = {
    "a path of the machine it was written on": r"(?<![\w.-])/w[o]rk/(?!\*)",
    "notes that are not part of the project": r"\bsh[a]red/(?:spec|anchors|guides|roadmap|hooks)|\bDESIGN\.m[d]\b",
    "an issue by number": r"\b[Ii]ssues? #?\d|\b(?i:closes|fixes|resolves|see|ticket|PR|in) #\d+",
    "how it was written": r"\b(?:h[e]lper session|w[o]rkplace|\.l[i]brary/|br[i]ef/)",
    "a package registry's host": r"p[y]pi\.org|p[y]thonhosted|\b(?:d[e]b|s[e]curity|s[n]apshot)\.debian\.org",
}


def text_of(path: Path) -> str:
    """The file as text; empty for a binary one."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def is_source(path: Path, text: str) -> bool:
    return path.suffix in SOURCE_SUFFIXES or path.name in SOURCE_NAMES or text.startswith("#!")


def lacks_header(text: str) -> bool:
    # a shebang, a YAML document start or an Ansible interpreter line may come first
    top = "\n".join(text.splitlines()[:6])
    return not all(line in top for line in SPDX)


def foreign_words(text: str) -> list[str]:
    return [f"{why}: {match.group(0)!r}" for why, pattern in FOREIGN.items() for match in re.finditer(pattern, text)]


def test_every_source_file_has_a_licence_header(project: Path, own_files: list[Path]) -> None:
    # a golden file is what a role writes on a node, compared byte by byte
    own = [path for path in own_files if path not in GENERATED and "golden" not in path.parts]
    sources = [(path, text_of(project / path)) for path in own]
    sources = [(path, text) for path, text in sources if text and is_source(path, text)]
    assert len(sources) > 20
    assert [str(path) for path, text in sources if lacks_header(text)] == []


def test_no_file_names_where_it_was_written(project: Path, own_files: list[Path]) -> None:
    found = {
        str(path): words
        for path in own_files
        # the licence is not ours to word; recorded datagrams are bytes
        if path.name != "LICENSE" and (words := foreign_words(text_of(project / path)))
    }
    assert found == {}


def test_python_files_stay_short(project: Path, own_files: list[Path]) -> None:
    lengths = {str(path): len(text_of(project / path).splitlines()) for path in own_files if path.suffix == ".py"}
    assert {path: length for path, length in lengths.items() if length > LONGEST_PYTHON_FILE} == {}


@pytest.mark.parametrize(
    "text",
    [
        "cp /wo" + "rk/main/x /tmp",
        "see sha" + "red/spec/wire.md",
        "closes iss" + "ue 7",
        "fixes #" + "12",
        "https://py" + "pi.org/simple",
    ],
)
def test_a_foreign_word_is_found(text: str) -> None:
    assert len(foreign_words(text)) == 1


@pytest.mark.parametrize(
    "text", ["colour: #123;", "a/work/b", "network/workers", "&#123;", "page#12", "RFC 5227 #", "#1 crc"]
)
def test_an_innocent_word_is_left_alone(text: str) -> None:
    assert foreign_words(text) == []


def test_a_missing_header_is_found() -> None:
    header = "\n".join(f"# {line}" for line in SPDX)
    assert not lacks_header(f"#!/bin/sh\n{header}\n")
    assert lacks_header("#!/bin/sh\necho\n")
    assert lacks_header("\n" * 9 + header)
