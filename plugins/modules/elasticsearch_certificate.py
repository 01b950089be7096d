#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_certificate: an authority of the cluster's own, and certificates of its nodes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_certificate
short_description: An authority of an Elasticsearch cluster's own, and certificates that it signs
version_added: 0.1.0
description:
  - Keeps C(ca.crt) and C(ca.key) in a folder, and beside them C(NAME.crt) and C(NAME.key) for a node. What is there and
    right stays. Meant to run on the controller, with C(openssl).
  - The authority is made once. It is never made anew, since no node would trust the others until all have the new one.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do.
    support: full
  diff_mode:
    description: The reason is told, never a key.
    support: none
options:
  folder:
    description: Where they are kept. Whoever can read C(ca.key) there can make nodes of the cluster.
    type: path
    required: true
  cluster:
    description: Name of the cluster, for the name of the authority.
    type: str
    required: true
  name:
    description: Name of the node. Empty for the authority alone.
    type: str
    default: ""
  names:
    description: Host names and addresses that the node has.
    type: list
    elements: str
    default: []
  days:
    description: Days that a node's certificate lasts. The authority lasts ten years.
    type: int
    default: 730
  renew_days:
    description: One that ends within so many days is made anew.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Have a certificate
  steadfast.ha.elasticsearch_certificate:
    folder: "{{ inventory_dir }}/authority"
    cluster: logs
    name: es1
    names: [es1, 192.0.2.21]
  delegate_to: localhost
"""

RETURN = r"""
reasons:
  description: Why a certificate was made, one phrase each.
  type: list
  elements: str
  returned: always
  sample: ["it ends soon"]
"""

import os
import secrets
import shutil
import tempfile
from typing import Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.certificate import (
    Existing,
    authority_config,
    node_extensions,
    reasons,
    subject_names,
    told_names,
)

AUTHORITY_DAYS = 3650
DAY = 86400
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Folder:
    """Certificates and keys in it, by openssl."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.folder = module.params["folder"]

    def at(self, name: str) -> str:
        """A file in it."""
        return os.path.join(self.folder, name)

    def ask(self, *arguments: str) -> Optional[str]:
        """What openssl prints, None when it says no."""
        code, out, _err = self.module.run_command(["openssl", *arguments])
        return None if code else out

    def make(self, *arguments: str) -> None:
        """Have openssl make something; ends the module when it fails."""
        code, out, err = self.module.run_command(["openssl", *arguments])
        if code:
            self.module.fail_json(msg=f"openssl {arguments[0]}: {err.strip() or out.strip()}")

    def put(self, work: str, *names: str) -> None:
        """Give finished files their place, keys first: a certificate is never there without its key."""
        for name in names:
            os.chmod(os.path.join(work, name), 0o600 if name.endswith(".key") else 0o644)
            os.replace(os.path.join(work, name), self.at(name))

    def has(self, name: str) -> bool:
        """Are both files of it there? Ends the module when only the certificate is."""
        is_there = [os.path.exists(self.at(f"{name}.{kind}")) for kind in ("crt", "key")]
        if name == "ca" and is_there[0] != is_there[1]:
            lost = self.at("ca.key" if is_there[0] else "ca.crt")
            self.module.fail_json(msg=f"{lost} is not there. Bring it back: nothing else makes what the nodes trust")
        return all(is_there)

    def existing(self, name: str) -> Optional[Existing]:
        """What is there, None without it."""
        if not self.has(name):
            return None
        certificate, key = self.at(f"{name}.crt"), self.at(f"{name}.key")
        seconds = str(self.module.params["renew_days"] * DAY)
        public = self.ask("pkey", "-in", key, "-pubout")
        return Existing(
            told_names(self.ask("x509", "-in", certificate, "-noout", "-ext", "subjectAltName") or ""),
            self.ask("verify", "-no_check_time", "-CAfile", self.at("ca.crt"), certificate) is not None,
            public is not None and public == self.ask("x509", "-in", certificate, "-noout", "-pubkey"),
            self.ask("x509", "-in", certificate, "-noout", "-checkend", seconds) is not None,
        )

    def make_authority(self, work: str) -> None:
        """Make the authority."""
        config = os.path.join(work, "config")
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(authority_config(self.module.params["cluster"]))
        new = [os.path.join(work, name) for name in ("ca.key", "ca.crt")]
        days = str(AUTHORITY_DAYS)
        self.make(
            "req", "-x509", *NEW_KEY, "-sha256", "-days", days, "-config", config, "-keyout", new[0], "-out", new[1]
        )
        self.put(work, "ca.key", "ca.crt")

    def make_certificate(self, work: str, name: str, names: frozenset[str]) -> None:
        """Make the certificate of a node, with a new key."""
        extensions, request = os.path.join(work, "extensions"), os.path.join(work, "request")
        with open(extensions, "w", encoding="utf-8") as stream:
            stream.write(node_extensions(names))
        new = [os.path.join(work, f"{name}.{kind}") for kind in ("key", "crt")]
        self.make("req", "-new", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", new[0], "-out", request)
        signed_by = ["-CA", self.at("ca.crt"), "-CAkey", self.at("ca.key"), "-set_serial", f"0x{secrets.token_hex(16)}"]
        days = str(self.module.params["days"])
        self.make(
            "x509", "-req", "-in", request, *signed_by, "-sha256", "-days", days, "-extfile", extensions, "-out", new[1]
        )
        self.put(work, f"{name}.key", f"{name}.crt")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "cluster": {"type": "str", "required": True},
            "name": {"type": "str", "default": ""},
            "names": {"type": "list", "elements": "str", "default": []},
            "days": {"type": "int", "default": 730},
            "renew_days": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    params = module.params
    if shutil.which("openssl") is None:
        module.fail_json(msg="openssl is not installed here")
    folder = Folder(module)
    if params["name"] == "ca":
        module.fail_json(msg="ca.crt is the authority's own certificate: no node can be named ca")
    try:
        wanted = subject_names(params["names"])
    except ValueError as error:
        module.fail_json(msg=str(error))
        return
    is_new = not folder.has("ca")
    found = ["there is no authority"] if is_new else []
    if params["name"]:
        found += reasons(wanted, None if is_new else folder.existing(params["name"]))
    if found and not module.check_mode:
        os.makedirs(params["folder"], mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=params["folder"], prefix=".") as work:
            if is_new:
                folder.make_authority(work)
            if params["name"]:
                folder.make_certificate(work, params["name"], wanted)
    module.exit_json(changed=bool(found), reasons=found)


if __name__ == "__main__":
    main()
