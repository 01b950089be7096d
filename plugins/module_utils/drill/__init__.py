# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills: break a running cluster on purpose, measure what a client saw, keep the proof.

Rooms, and who may know whom::

    model      the words all rooms share: Outcome, Sample
    probe/     touches the network: one file per kind of probe, a runner that paces them
    timeline/  pure: samples -> outages, blind time, statistics
    events/    pure: log lines of the cluster and clocks -> events on the client's axis
    verdict/   pure: measures against budgets -> pass, fail, inconclusive, each with a reason
    report/    pure: a versioned JSON document -> text, Markdown, HTML, JUnit
    cli/       the same for people: ``python3 -m drill``

Standard library only, Python 3.9 and newer: a client host needs nothing but ``python3``.
Nothing in here knows of Ansible.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
