# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible loads in each worker of each task is little: see plugins/plugin_utils/late.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOAD = """
import json, sys
from ansible.plugins.loader import filter_loader, init_plugin_loader
init_plugin_loader([sys.argv[1]])
assert filter_loader.get("steadfast.ha.redis_new_password") is not None
print(json.dumps(sorted(name for name in sys.modules if name.startswith("ansible_collections.steadfast.ha.plugins"))))
"""


def test_a_filter_brings_only_what_it_uses(project: Path) -> None:
    command = [sys.executable, "-c", LOAD, str(project / "collection")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    loaded = [name.split(".plugins.", 1)[1] for name in json.loads(done.stdout) if ".plugins." in name]
    files = {f"filter.{path.stem}" for path in (project / "plugins" / "filter").glob("*.py")}
    # The files themselves all come, which is Ansible's way.
    assert files
    assert files <= set(loaded)
    assert [name for name in loaded if name.startswith("module_utils.")] == []
