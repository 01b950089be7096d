# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators do: status, standby, takeover, reload, and what they get wrong."""

from __future__ import annotations

import json
import shutil
import signal
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from netns import VIP, Cluster, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND_VIP = "10.77.0.101"


def test_status_is_a_table_json_and_an_exit_code(cluster: Cluster) -> None:
    cluster.configure()
    assert cluster.n1.hbctl("status").returncode == 3
    cluster.start()
    wait_for(lambda: cluster.n1.sees("n2", "active"), "n1 sees n2")
    table = cluster.n1.hbctl("status")
    assert table.returncode == 0, table
    assert f"IPaddr::{VIP}/24/eth0" in table.stdout
    assert f"{VIP}/24 dev eth0" in table.stdout
    report = json.loads(cluster.n1.hbctl("status", "--json").stdout)
    assert report["schema_version"] == 1
    assert report["node"] == "n1"
    assert report["pid"] == cluster.n1.process.pid
    assert report["loop"]["deadlines"] > 0
    assert "network-namespace-key" not in json.dumps(report)
    # for root and its group only
    assert stat.S_IMODE((cluster.n1.runtime / "control.sock").stat().st_mode) == 0o660
    cluster.n2.kill()
    wait_for(lambda: cluster.n1.sees("n2", "dead"), "n2 dead")
    assert cluster.n1.hbctl("status").returncode == 1


def test_standby_and_takeover_move_without_loss(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    wait_for(lambda: cluster.n1.sees("n2", "active"), "n1 sees n2")
    with cluster.probe() as probe:
        done = cluster.n1.hbctl("standby")
        assert done.returncode == 0, done
        wait_for(lambda: cluster.holders() == ["n2"], "n2 holds", logs=cluster.logs)
        time.sleep(0.2)
        done = cluster.n1.hbctl("takeover", f"IPaddr::{VIP}/24/eth0")
        assert done.returncode == 0, done
        wait_for(lambda: cluster.holders() == ["n1"], "n1 holds", logs=cluster.logs)
        time.sleep(0.2)
    assert probe.lost() == [], cluster.logs()
    assert cluster.neighbour() == cluster.mac(cluster.n1)
    refused = cluster.n1.hbctl("standby", "no-such-group")
    assert refused.returncode == 1
    assert refused.stderr.strip()


def test_sighup_moves_nothing_and_takes_new_groups_and_keys(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    pid = cluster.n1.status()["pid"]
    with cluster.probe() as probe:
        for node in cluster.nodes:
            node.signal(signal.SIGHUP)
        wait_for(lambda: all(node.events("reload-same") for node in cluster.nodes), "reloaded", logs=cluster.logs)
        for active in (1, 2):  # a key is known everywhere before anybody signs with it
            for node in cluster.nodes:
                if active == 1:
                    with (node.config / "haresources").open("a") as resources:
                        resources.write(f"n2 IPaddr::{SECOND_VIP}/24/eth0\n")
                keys = f"auth {active}\n1 sha1 network-namespace-key\n2 sha1 another-key\n"
                (node.config / "authkeys").write_text(keys)
                assert node.hbctl("reload").returncode == 0, node.log()
        wait_for(lambda: len(cluster.holders(SECOND_VIP)) == 1, "the new group comes up", logs=cluster.logs)
        time.sleep(0.6)
    assert cluster.holders() == ["n1"]
    assert probe.lost() == [], cluster.logs()
    assert cluster.n1.status()["pid"] == pid
    assert cluster.n1.sees("n2", "active")


def test_a_reload_takes_a_vanished_group_down(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0\nn1 IPaddr::{SECOND_VIP}/24/eth0\n")
    cluster.start()
    wait_for(lambda: cluster.holders(SECOND_VIP) == ["n1"], "both groups up")
    for node in cluster.nodes:
        (node.config / "haresources").write_text(f"n1 IPaddr::{VIP}/24/eth0\n")
        assert node.hbctl("reload").returncode == 0
    wait_for(lambda: cluster.holders(SECOND_VIP) == [], "gone", logs=cluster.logs)
    assert cluster.holders() == ["n1"]


def test_a_reload_adds_and_removes_addresses_of_a_held_group(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 IPaddr::{SECOND_VIP}/24/eth0\n")
    cluster.start()
    with cluster.probe() as probe:
        for node in cluster.nodes:
            (node.config / "haresources").write_text(f"n1 IPaddr::{VIP}/24/eth0 IPaddr::10.77.0.102/24/eth0\n")
            assert node.hbctl("reload").returncode == 0
        wait_for(lambda: cluster.holders("10.77.0.102") == ["n1"], "new address", logs=cluster.logs)
        wait_for(lambda: cluster.holders(SECOND_VIP) == [], "old address gone", logs=cluster.logs)
    assert probe.lost() == []


def test_a_broken_file_is_refused_with_one_message_and_changes_nothing(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    with cluster.probe() as probe:
        (cluster.n1.config / "ha.cf").write_text("keepalife 1\nnode n1 n2\nucast eth9 10.77.0.2\n")
        cluster.n1.signal(signal.SIGHUP)
        wait_for(lambda: cluster.n1.events("reload-refused"), "refused", logs=cluster.logs)
        refused = cluster.n1.hbctl("reload")
        time.sleep(0.3)
    assert refused.returncode == 6
    assert "did you mean 'keepalive'?" in refused.stderr
    assert "eth9" in refused.stderr
    lines = cluster.n1.events("reload-refused")
    assert len(lines) == 2  # one for each attempt
    assert "ha.cf:1:1" in lines[0]
    assert probe.lost() == []
    assert cluster.holders() == ["n1"]


def test_whatever_is_wrong_at_a_reload_the_holder_says_so_and_keeps_its_vip(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    config = cluster.n1.config
    good = {path: (path.read_text(), path.stat().st_mode) for path in config.iterdir() if path.is_file()}
    ha_cf, authkeys, haresources = config / "ha.cf", config / "authkeys", config / "haresources"
    cases = [
        (authkeys, good[authkeys][0], 0o644, f"{authkeys}:1:1: error: others can read the keys (mode 0644): chmod 600"),
        (authkeys, "auth 2\n1 sha1 network-namespace-key\n", 0o600, f"{authkeys}:1:6: error: auth key [2] not found"),
        (ha_cf, good[ha_cf][0].replace("eth0", "eth9"), 0o644, "'eth9' does not exist"),
        (haresources, "n1 203.0.113.7\n", 0o644, f"{haresources}:1:4: error: no local network contains"),
        (haresources, f"n1 IPaddr::{VIP}/24/eth7\n", 0o644, "interface 'eth7' does not exist"),
        (haresources, f"nobody IPaddr::{VIP}/24/eth0\n", 0o644, f"{haresources}:1:1: error: bad node name 'nobody'"),
        (haresources, f"n1 IPaddr::{VIP}/24/eth0 no-such-service\n", 0o644, "no-such-service"),
    ]
    with cluster.probe() as probe:
        for number, (path, text, mode, said) in enumerate(cases, start=1):
            path.write_text(text)
            path.chmod(mode)
            refused = cluster.n1.hbctl("reload")
            assert refused.returncode == 6, said
            assert said in refused.stderr
            assert len(cluster.n1.events("reload-refused")) == number  # one line each
            path.write_text(good[path][0])
            path.chmod(good[path][1])
        (config / "authkeys").unlink()
        assert "cannot be read: No such file" in cluster.n1.hbctl("reload").stderr
    assert probe.lost() == [], cluster.logs()
    assert cluster.holders() == ["n1"]
    assert cluster.n2.sees("n1", "active")


@pytest.fixture
def host_names(cluster: Cluster) -> Iterator[None]:
    """``peer.test`` is the other node, on each (ip-netns(8): the files of /etc/netns/NAME are bound over /etc)."""
    folders = [Path("/etc/netns") / node.name for node in cluster.nodes]
    for folder, address in zip(folders, ("10.77.0.2", "10.77.0.1")):
        folder.mkdir(parents=True)
        (folder / "hosts").write_text(f"{address} peer.test\n")
    yield
    for folder in folders:
        shutil.rmtree(folder)


@pytest.mark.usefixtures("host_names")
def test_a_refused_reload_leaves_links_to_host_names_as_they_were(cluster: Cluster) -> None:
    cluster.configure(media="ucast eth0 peer.test")
    cluster.start()
    ha_cf = cluster.n1.config / "ha.cf"
    ha_cf.write_text(ha_cf.read_text().replace("peer.test", "nobody.invalid"))
    cluster.n1.signal(signal.SIGHUP)
    wait_for(lambda: cluster.n1.events("reload-refused"), "refused", seconds=60, logs=cluster.logs)
    assert "nobody.invalid cannot be resolved" in cluster.n1.events("reload-refused")[0]
    time.sleep(1.5)  # more than deadtime
    assert cluster.n2.sees("n1", "active"), cluster.logs()
    assert cluster.holders() == ["n1"]


def test_bad_configurations_do_not_start(cluster: Cluster) -> None:
    cluster.configure()
    (cluster.n1.config / "authkeys").chmod(0o644)
    cluster.n1.start()
    assert cluster.n1.wait() == 6
    assert "600" in cluster.n1.log()
    cluster.configure(media="ucast eth9 10.77.0.2")
    cluster.n2.start()
    assert cluster.n2.wait() == 6
    assert "'eth9' does not exist" in cluster.n2.log()
    assert "'eth0'" in cluster.n2.log()  # and says what there is


def test_a_second_daemon_is_refused_and_the_first_lives_on(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    first, pid = cluster.n1.process, cluster.n1.process.pid
    cluster.n1.start()
    assert cluster.n1.wait() == 1
    cluster.n1.process = first
    assert f"already running here, as process {pid}" in cluster.n1.log()
    assert cluster.holders() == ["n1"]
    assert cluster.n1.active()


def test_a_wrong_key_is_reported_and_both_stay_what_they_are(cluster: Cluster) -> None:
    cluster.configure(initdead="1")
    (cluster.n2.config / "authkeys").write_text("auth 1\n1 sha1 a-different-key\n")
    cluster.n1.start()
    wait_for(lambda: cluster.holders() == ["n1"], "n1 holds", logs=cluster.logs)
    cluster.n2.start()
    wait_for(lambda: cluster.n1.events("bad-packet"), "reported", logs=cluster.logs)
    time.sleep(0.5)
    assert "bad-digest" in cluster.n1.events("bad-packet")[0]
    assert len(cluster.n1.events("bad-packet")) <= 4  # not one line for every packet
    assert cluster.n1.has(VIP)
    assert "a-different-key" not in cluster.logs()
