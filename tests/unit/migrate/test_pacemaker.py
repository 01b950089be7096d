# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ha.cf and haresources as variables of the role pacemaker: golden files, the fate of every line, and a valid CIB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pacemaker import compose

from heartbeat.cli.migrate import as_yaml
from heartbeat.migrate import yaml_text
from heartbeat.migrate.directives import RULES
from heartbeat.migrate.fate import Conversion, Verdict
from heartbeat.migrate.pacemaker import convert, token
from heartbeat.settings.directives import DIRECTIVES

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "settings" / "fixtures"
SOURCES = {
    "kitchen": HERE / "kitchen",
    "master": FIXTURES / "master",
    "fqdn": FIXTURES / "fqdn",
    "annotated": FIXTURES / "annotated",
}


def converted(name: str) -> Conversion:
    texts = [(SOURCES[name] / file).read_text(encoding="utf-8") for file in ("ha.cf", "haresources")]
    return convert(*texts)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_golden(name: str) -> None:
    golden = HERE / "golden" / f"{name}.yml"
    text = as_yaml(converted(name), "pacemaker")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_file_says_what_was_converted(name: str) -> None:
    found = converted(name)
    assert yaml.safe_load(as_yaml(found, "pacemaker")) == found.variables


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_comes_out_is_a_configuration(name: str) -> None:
    """Everything but the decision about fencing, which is for somebody to take."""
    variables = converted(name).variables
    keys = ("resource_defaults", "resources", "groups", "clones", "locations")
    given_ = {key: variables.get(f"pacemaker_{key}") for key in keys}
    with pytest.raises(compose.Refused, match="can't fence"):
        compose.compose(given_, {}, {}, compose.Around())
    around = compose.Around(nodes=variables["pacemaker_members"])
    found = compose.compose({**given_, "without_fencing": compose.WITHOUT_FENCING}, {}, {}, around)
    assert [top.get("id") for top in found.resources if top.tag == "group"] == [
        group["name"] for group in variables["pacemaker_groups"]
    ]


def test_every_line_and_every_resource_has_one_fate() -> None:
    fates = converted("kitchen").fates
    lines = [line for line in (SOURCES["kitchen"] / "ha.cf").read_text().splitlines() if line and line[0] != "#"]
    assert [fate.text for fate in fates if fate.file == "ha.cf"] == lines
    words = (SOURCES["kitchen"] / "haresources").read_text().replace("\\\n", " ").split()
    assert [fate.text for fate in fates if fate.file == "haresources"] == [w for w in words if w not in ("db1", "db2")]
    assert all(fate.reason for fate in fates)


def test_every_directive_has_a_rule_of_its_own_or_is_a_plugin() -> None:
    left = set(DIRECTIVES) - set(RULES) - {"ping", "ping_group", "respawn"}
    assert left == {
        "hbaping", "openais", "ppp", "rds", "tipc",
        "crm_daemon_dir", "crmd_spawns_pengine", "record_config_changes", "record_pengine_inputs",
        "enable_config_writes",
    }  # fmt: skip


def test_what_nobody_can_convert_is_left_to_do() -> None:
    told = {fate.text: fate for fate in converted("kitchen").fates}
    for text in ("drbddisk::r0", "custom::one::two", "stonith_host * ssh db1 db2", "watchdog /dev/watchdog"):
        assert (told[text].verdict, told[text].is_open) == (Verdict.DROPPED, True)
    assert told["postgresql"].verdict is Verdict.MAPPED


@pytest.mark.parametrize("failback", ["on", "off", "legacy"])
def test_a_group_goes_back_only_where_it_did(failback: str) -> None:
    text = f"ucast eth0 192.0.2.2\nauto_failback {failback}\nnode a b\n"
    variables = convert(text, "a 192.0.2.9\n").variables
    score = variables["pacemaker_locations"][0]["score"]
    stickiness = variables["pacemaker_resource_defaults"]["resource-stickiness"]
    assert (score > stickiness) is (failback != "off")


@given(st.integers(min_value=2200, max_value=600_000))
def test_a_dead_node_is_noticed_within_deadtime(deadtime_ms: int) -> None:
    assert token(deadtime_ms) * 2.2 <= deadtime_ms


def test_errors_are_told_and_give_no_variables() -> None:
    found = convert("node a b\nucast eth0 192.0.2.2\ndeadtiem 3\n", "c 192.0.2.9\n")
    assert found.variables == {}
    told = [str(diagnostic) for diagnostic in found.diagnostics]
    assert any("deadtime" in text for text in told)
    assert any("bad node name 'c'" in text for text in told)


@given(st.text(), st.text())
def test_it_never_raises(ha_cf: str, haresources: str) -> None:
    convert(ha_cf, haresources)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-_ :#", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b_c", "no"]), PLAIN))
def test_what_is_written_is_read_again(variables: dict[str, Any]) -> None:
    assert (yaml.safe_load(yaml_text.document(variables, ["a comment"])) or {}) == variables


def test_the_command(project: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "heartbeat", "migrate", "--to", "pacemaker", *arguments],
            cwd=project / "plugins" / "module_utils",
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("--config-dir", str(SOURCES["kitchen"]))
    assert done.returncode == 0
    assert done.stdout == (HERE / "golden" / "kitchen.yml").read_text(encoding="utf-8")
    assert '"is_open": true' in run("--config-dir", str(SOURCES["kitchen"]), "--json").stdout
    missing = run("--config-dir", str(HERE))
    assert missing.returncode == 6
    assert "ha.cf: error: No such file" in missing.stderr
