#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module tomcat_application: looks into a web application archive on its node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_application
short_description: Look into a web application before it is deployed
version_added: 0.1.0
description:
  - Reads an archive, checks every member against its checksum, and reads C(WEB-INF/web.xml).
  - Tells whether it is C(<distributable/>). Without that, Tomcat replicates none of its sessions, whatever
    C(<Cluster>) says.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  path:
    description: The archive. One that is not there is not judged.
    type: path
    required: true
  name:
    description: Name of the application, V(ROOT) or its context path without the leading slash.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See whether sessions of the shop will travel
  steadfast.ha.tomcat_application:
    name: shop
    path: /var/lib/steadfast-tomcat/applications/shop.war
  register: shop
"""

RETURN = r"""
errors:
  description: Why it can't be deployed, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["it is no web application archive: File is not a zip file"]
looked:
  description: Whether the archive was there.
  type: bool
  returned: always
  sample: true
is_distributable:
  description: Whether its sessions are replicated.
  type: bool
  returned: always
  sample: true
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.war import inspect, well_named


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"path": {"type": "path", "required": True}, "name": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    path, name = module.params["path"], module.params["name"]
    errors = [] if well_named(name) else [f"{name!r} is no name of an application"]
    looked = os.path.exists(path)
    found = inspect(path) if looked else None
    if found is not None:
        errors += [f"{name} ({os.path.basename(path)}): {error}" for error in found.errors]
    module.exit_json(
        changed=False, errors=errors, looked=looked, is_distributable=bool(found is not None and found.is_distributable)
    )


if __name__ == "__main__":
    main()
