# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an authority of the cluster's own: what openssl is told, and why one has to be made anew."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

__all__ = ["Existing", "authority_config", "node_extensions", "reasons", "subject_names", "told_names"]

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\Z")


@dataclass(frozen=True)
class Existing:
    """What openssl says of a certificate that is there. names: as ``subject_names`` gives them."""

    names: frozenset[str]
    is_signed: bool
    """By this authority."""
    fits_key: bool
    is_current: bool
    """Does it last for as long as it should?"""


def authority_config(cluster: str) -> str:
    """The configuration for ``openssl req -x509``: an authority that may sign nodes and nothing else."""
    return (
        "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = authority\n"
        f"[name]\nCN = {cluster} authority\n"
        "[authority]\nbasicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign\n"
        "subjectKeyIdentifier = hash\n"
    )


def subject_names(names: Sequence[str]) -> frozenset[str]:
    """Host names and addresses as openssl writes them: ``DNS:es1``, ``IP:192.0.2.1``. Raises ValueError for neither."""
    found = set()
    for name in names:
        try:
            found.add(f"IP:{ipaddress.ip_address(name)}")
        except ValueError:
            if not NAME.match(name):
                raise ValueError(f"{name!r} is neither a host name nor an address") from None
            found.add(f"DNS:{name}")
    return frozenset(found)


def node_extensions(names: frozenset[str]) -> str:
    """The file for ``openssl x509 -extfile``: a node is both client and server of the others."""
    return (
        f"subjectAltName = {', '.join(sorted(names))}\nbasicConstraints = critical, CA:FALSE\n"
        "keyUsage = critical, digitalSignature, keyAgreement\nextendedKeyUsage = serverAuth, clientAuth\n"
    )


def told_names(text: str) -> frozenset[str]:
    """Names from what ``openssl x509 -ext subjectAltName`` prints, where addresses are ``IP Address:…`` in full."""
    found = set()
    for kind, value in re.findall(r"(DNS|IP Address):([^,\s]+)", text):
        found.add(f"DNS:{value}" if kind == "DNS" else f"IP:{ipaddress.ip_address(value)}")
    return frozenset(found)


def reasons(wanted: frozenset[str], existing: Optional[Existing]) -> list[str]:
    """Why the certificate has to be made, one phrase each; nothing when it is right."""
    if existing is None:
        return ["there is none"]
    found = []
    if existing.names != wanted:
        found.append(f"it is for {', '.join(sorted(existing.names)) or 'nobody'}")
    if not existing.is_signed:
        found.append("another authority has signed it")
    if not existing.fits_key:
        found.append("its key is another one")
    if not existing.is_current:
        found.append("it ends soon")
    return found
