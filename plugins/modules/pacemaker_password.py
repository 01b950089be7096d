#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module pacemaker_password: gives a system user a password, which no command line shows."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pacemaker_password
short_description: Give a system user a password
version_added: 0.1.0
description:
  - Compares a password with what C(/etc/shadow) has, by the system's own C(crypt), and sets it by C(chpasswd) when it
    is another.
  - Neither the password nor its hash appears on a command line. Works for every method that the system knows.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: In check mode nothing is set. A user that is not there yet counts as changed.
    support: full
  diff_mode:
    description: There is nothing that may be shown.
    support: none
options:
  user:
    description: The user.
    type: str
    required: true
  password:
    description: Its password.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Give hacluster a password
  steadfast.ha.pacemaker_password:
    user: hacluster
    password: "{{ vaulted_password }}"
"""

RETURN = r"""
user:
  description: The user.
  type: str
  returned: always
  sample: hacluster
"""

import ctypes
import ctypes.util

from ansible.module_utils.basic import AnsibleModule


def stored(user: str) -> str:
    """Return what /etc/shadow has for a user, '' for none."""
    with open("/etc/shadow", encoding="utf-8") as file:
        for line in file:
            fields = line.split(":")
            if fields[0] == user:
                return fields[1]
    return ""


def is_right(password: str, hashed: str) -> bool:
    """Return whether a password has this hash; false for a locked user, or where there is no crypt to ask."""
    library = ctypes.util.find_library("crypt")
    if not hashed.startswith("$") or not library:
        return False
    crypt = ctypes.CDLL(library).crypt
    crypt.argtypes, crypt.restype = (ctypes.c_char_p, ctypes.c_char_p), ctypes.c_char_p
    return bool((crypt(password.encode(), hashed.encode()) or b"").decode() == hashed)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    user, password = module.params["user"], module.params["password"]
    if not password or "\n" in password:
        module.fail_json(msg="password: has to be one line, and not empty")
    if is_right(password, stored(user)):
        module.exit_json(changed=False, user=user)
    if not module.check_mode:
        module.run_command(["chpasswd"], data=f"{user}:{password}", check_rc=True)
    module.exit_json(changed=True, user=user)


if __name__ == "__main__":
    main()
