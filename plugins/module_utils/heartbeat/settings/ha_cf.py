# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ha.cf: lines are looked up in the table of directives; what they say is drafted, then judged as a whole.

Rules of Linux-HA heartbeat 3.0.6, as measured: every error is reported before the daemon refuses to start; an option
takes several values, of which the last one wins; media read ``udpport`` when they are parsed.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import media, rules
from .diagnostics import Diagnostic, Findings, Place, PlaceKey, Severity, nearest, shown
from .directives import DIRECTIVES, Directive, Effect, Kind
from .draft import Draft, Given
from .model import Failback, Respawn, Settings
from .text import BLANKS, LONGEST_LINE, LOOKALIKES, PASTED_COMMENT, Line, Word, lines
from .values import Invalid, variable

#: Port of the service ``ha-cluster/udp`` as registered.
DEFAULT_PORT = 694
_PATHS = ("path",)


@dataclass(frozen=True)
class HaCf:
    """What ha.cf says. ``settings`` is None after an error; ``draft`` is then still as complete as possible,
    so that the other files can be checked against it."""

    settings: Settings | None
    draft: Settings
    diagnostics: tuple[Diagnostic, ...]
    places: dict[PlaceKey, Place]


def parse_ha_cf(
    text: str,
    *,
    file: str = "ha.cf",
    node_name: str | None = None,
    node_severity: Severity = Severity.ERROR,
    default_port: int = DEFAULT_PORT,
) -> HaCf:
    """Parse ha.cf; never raises, whatever the text.

    ``node_name``: this machine's name, which must be among the nodes (a violation is reported with
    ``node_severity``); None leaves that open. ``default_port``: the port when ``udpport`` is not given."""
    findings = Findings(file)
    parser = _Parser(findings, Draft(udpport=default_port))
    for line in lines(text):
        parser.line(line)
    settings = rules.settle(parser.draft, findings)
    if node_name is not None:
        rules.check_local_node(parser.draft, findings, node_name.lower(), node_severity)
    return HaCf(None if findings.failed else settings, settings, findings.result(), findings.places)


class _Parser:
    """Feeds lines into a draft."""

    def __init__(self, findings: Findings, draft: Draft) -> None:
        self.findings = findings
        self.draft = draft

    def line(self, line: Line) -> None:
        for look in line.lookalikes:
            meant, character = LOOKALIKES[look.text]
            wanted = "a '#'" if meant == "#" else "a blank"
            self.findings.error(look, f"{character} looks like {wanted} but is none; type {wanted}", quote=False)
        words = line.words()
        if not words:
            return
        name = words[0]
        if line.too_long:
            self.findings.error(name, f"the line is longer than {LONGEST_LINE} bytes")
            return
        directive = DIRECTIVES.get(name.text)
        if directive is None:
            self._unknown(name)
            return
        start = name.column - 1 + len(name.text)
        values = line.values(start) if directive.kind is Kind.OPTION else line.words(start)
        values, comment = _without_pasted_comment(directive, values, line)
        if comment is not None and directive.kind is Kind.LINE:
            self.findings.error(comment, f"'{shown(comment.text)}': '//' does not start a comment here, '#' does", "#")
        elif comment is not None:
            self.findings.warning(comment, PASTED_COMMENT, "#")
        rest = line.rest(start)
        if comment is not None:
            rest = Word(line.content[rest.column - 1 : comment.column - 1].strip(), rest.line, rest.column)
        if not values:
            if comment is None or directive.kind is not Kind.LINE:
                self.findings.warning(name, f"{name.text} has no value; the line is ignored, as Linux-HA does")
            return
        self._directive(directive, name, values, rest)

    def _unknown(self, name: Word) -> None:
        if name.text.startswith("//"):
            self.findings.error(name, "'//' does not start a comment in this file, '#' does", "#")
            return
        base = name.text.split("=", 1)[0].rstrip(":")
        if base != name.text and base in DIRECTIVES:
            message = f"'{shown(name.text)}' is not a directive: the value follows '{base}' after a blank"
            self.findings.error(name, message, base)
            return
        self.findings.error(name, f"unknown directive '{shown(name.text)}'", nearest(name.text, DIRECTIVES))

    def _directive(self, directive: Directive, name: Word, values: list[Word], rest: Word) -> None:
        if directive.effect is Effect.REFUSED:
            self.findings.error(name, f"'{name.text}' is not implemented. {directive.here}")
            return
        if directive.effect is Effect.NONE:
            self.findings.warning(name, f"'{name.text}' has no effect here: {directive.here}")
        self._repeated(directive, name)
        if directive.kind is Kind.OPTION:
            self._option(directive, name, values)
            return
        self.draft.add_text(name.text, rest.text)
        if directive.kind is Kind.LINE:
            if name.text == "respawn":
                self._respawn(values, rest)
            return
        self._medium(name, values)

    def _repeated(self, directive: Directive, name: Word) -> None:
        if directive.many:
            return
        # crm and pacemaker are two names of one switch, of which only one may be given
        twin = {"crm": "pacemaker", "pacemaker": "crm"}.get(name.text, "")
        first = self.draft.lines.get(name.text) or self.draft.lines.get(twin)
        self.draft.lines.setdefault(name.text, name)
        if first is None:
            return
        if directive.once:
            self.findings.error(
                name, f"'{name.text}' may be given only once; '{first.text}' stands in line {first.line}"
            )
        else:
            self.findings.warning(name, f"'{name.text}' is given again; this line counts, not line {first.line}")

    def _option(self, directive: Directive, name: Word, values: list[Word]) -> None:
        good: list[Given] = []
        for word in values:
            value = None
            try:
                value = directive.check(word.text)
            except Invalid as problem:
                self.findings.error(word, problem.message + _unit_hint(directive, values, word), problem.nearest)
                self.draft.broken.add(name.text)
                continue
            good.append(Given(value, word))
        if len(values) > 1 and not directive.many and len(good) == len(values):
            self.findings.warning(values[1], f"{name.text} has {len(values)} values; only the last one counts")
        for given in good:
            self._accept(directive, name, given)

    def _accept(self, directive: Directive, name: Word, given: Given) -> None:
        draft, findings, word = self.draft, self.findings, given.word
        if name.text == "node":
            node = str(given.value)
            if node in draft.nodes:
                findings.warning(
                    word, f"node '{node}' is already there (line {draft.nodes[node].line}); it counts once"
                )
            draft.nodes.setdefault(node, word)
            findings.mark(("node", node), word)
            draft.add_text(name.text, word.text)
            return
        if name.text == "env":
            draft.env.append(variable(word.text))
            draft.add_text(name.text, word.text)
            return
        if name.text == "udpport":
            self._port(given)
        if name.text == "nice_failback":
            new = Failback.OFF if given.value else Failback.LEGACY
            findings.warning(word, f"nice_failback is obsolete; taken as 'auto_failback {new.value}'", "auto_failback")
            draft.values["auto_failback"] = Given(new, word)
            return
        if name.text == "debug" and not word.text.isdigit():
            findings.warning(word, f"'{shown(word.text)}' is taken as {given.value}, as Linux-HA does")
        if name.text == "auto_failback" and given.value is Failback.LEGACY:
            findings.warning(word, "auto_failback legacy behaves like 'on' between our own nodes; say 'on' or 'off'")
        draft.values[name.text] = given

    def _port(self, given: Given) -> None:
        number = int(given.word.text)
        late = [word for word, port in self.draft.port_readers if port != number]
        if late:
            self.findings.warning(
                given.word,
                f"udpport {number} comes too late for '{late[0].text}' in line {late[0].line}, which keeps port "
                f"{self.draft.udpport}: udpport must stand before the media",
            )
        self.draft.udpport = number

    def _medium(self, name: Word, words: list[Word]) -> None:
        draft, findings = self.draft, self.findings
        if name.text in ("ping", "ping_group"):
            parse = media.parse_ping if name.text == "ping" else media.parse_ping_group
            draft.pings.extend(parse(findings, words, draft.ping_words))
            return
        draft.media_lines += 1
        if name.text == "mcast":
            draft.media.extend(media.parse_mcast(findings, name, words))
            return
        draft.port_readers.append((name, draft.udpport))
        if name.text == "ucast":
            draft.media.extend(media.parse_ucast(findings, name, words, draft.udpport))
        else:
            draft.media.extend(media.parse_bcast(findings, words, draft.udpport))

    def _respawn(self, words: list[Word], rest: Word) -> None:
        findings, draft = self.findings, self.draft
        if len(words) < 2:
            findings.error(words[0], "respawn needs a user and a command: respawn hacluster /usr/lib/heartbeat/ipfail")
            return
        user, program = words[0], words[1]
        if program.text.rsplit("/", 1)[-1] == "ipfail":
            findings.warning(
                program,
                "ipfail is not started as a program: arbitration by ping nodes is built in, and now switched on",
            )
            draft.ipfail = program
            return
        if not program.text.startswith("/"):
            findings.error(program, f"'{shown(program.text)}' is not an absolute path: respawn needs one")
            return
        command = rest.text[program.column - rest.column :].strip()
        findings.mark(("respawn", user.text, command), user)
        draft.respawns.append(Respawn(user.text, command))


def _unit_hint(directive: Directive, values: list[Word], word: Word) -> str:
    index = values.index(word)
    if index and word.text.lower() in ("ms", "us", "usec") and directive.type == "time":
        return f"; write it without a blank: {shown(values[index - 1].text + word.text)}"
    if not word.text.isascii():
        return " (a comment starts with '#')"
    return ""


def _without_pasted_comment(directive: Directive, values: list[Word], line: Line) -> tuple[list[Word], Word | None]:
    """Cut the values at a ``//comment`` that follows a blank, as tutorials annotate their lines. What can be a value is
    left alone: the first word of a path, and arguments of a command unless they are plainly prose."""
    for index, word in enumerate(values):
        if not word.text.startswith("//") or line.content[word.column - 2] not in BLANKS:
            continue
        if directive.type in _PATHS and index == 0 and word.text.isascii() and len(word.text) > 2:
            continue
        if directive.kind is Kind.LINE and word.text.isascii() and len(word.text) > 2:
            continue
        return values[:index], word
    return values, None
