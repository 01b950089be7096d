# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the roles tomcat and mod_jk: thin wrappers around module_utils/tomcat."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

base = Late("tomcat.base")
instances = Late("tomcat.instances")
site = Late("tomcat.mod_jk.site")
words = Late("tomcat.words")
workers = Late("tomcat.mod_jk.workers")

Hosts = Mapping[str, Mapping[str, Any]]


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def filtered(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except words.Refused as error:
            raise AnsibleFilterError(str(error)) from None
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise AnsibleFilterError(f"{type(error).__name__}: {error}") from None

    return filtered


def tomcat_plan(
    request: Mapping[str, Any], host: str, members: Sequence[str], hosts: Hosts, more: str = ""
) -> list[dict[str, Any]]:
    """The instances of a host with their files. more: what else makes running ones old, as their unit."""
    everybody = instances.all_instances(members, hosts)
    found = []
    for instance in everybody:
        if instance.host != host:
            continue
        files, links, revision = base.files(instance, everybody, request, more)
        found.append(
            {
                **instance.as_dict(),
                "base": f"{request['base_dir']}/{instance.name}",
                "files": files,
                "links": links,
                "revision": revision,
                "pages": base.pages(instance, request),
                "listens": instances.listens(instance, str(request["http_address"]), bool(request["is_clustered"])),
            }
        )
    return found


def tomcat_applications(
    applications: Sequence[Mapping[str, Any]], instead: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Applications with the checksum of each and the name of its archive. Reads the files that are on the controller.

    instead: application -> file that takes the place of the inventory's.
    """
    found = []
    names = [str(application.get("name")) for application in applications]
    for name in instead or {}:
        if name not in names:
            raise words.Refused(
                f"there is no application {name!r} in tomcat_applications, {words.nearest(name, names)}"
            )
    for application in applications:
        entry = dict(application)
        if entry.get("name") in (instead or {}):
            entry = {key: value for key, value in entry.items() if key not in ("url", "checksum")}
            entry["file"] = (instead or {})[entry["name"]]
        if bool(entry.get("file")) == bool(entry.get("url")):
            raise words.Refused(f"tomcat_applications: {entry.get('name')} needs either file or url")
        if entry.get("file"):
            with open(entry["file"], "rb") as archive:
                digest = hashlib.sha256(archive.read()).hexdigest()
            given = str(entry.get("checksum") or digest)
            if given.rsplit(":", maxsplit=1)[-1] != digest:
                raise words.Refused(f"tomcat_applications: {entry['file']} has another checksum, {digest}")
            entry["checksum"] = f"sha256:{digest}"
        entry["archive"] = base.archive_name(entry)
        found.append(entry)
    return found


def tomcat_balancer_addresses(balancers: Sequence[str], hosts: Hosts) -> list[str]:
    """The addresses from which balancers speak to Tomcat: told by the inventory, or else all that facts know."""
    found: list[str] = []
    for name in balancers:
        host = hosts.get(name) or {}
        facts = host.get("ansible_facts") or {}
        own = list(host.get("mod_jk_addresses") or facts.get("all_ipv4_addresses") or [])
        if not own:
            raise words.Refused(f"{name}: set mod_jk_addresses, nobody knows from which addresses it speaks to Tomcat")
        found += [str(address) for address in own if address not in found]
    return found


def tomcat_refusals(members: Sequence[str], hosts: Hosts) -> list[str]:
    """Why instances can't be as they should, one sentence per member that objects or did not answer."""
    found = []
    for member in members:
        planned = hosts.get(member) or {}
        answers = (planned.get("__tomcat_looked") or {}).get("results", [])
        answers = answers + (planned.get("__tomcat_planned") or {}).get("results", [])
        if "__tomcat_planned" not in planned:
            found.append(f"{member} could not be asked: it did not answer")
        for answer in answers:
            errors = answer.get("errors", [answer.get("msg", "it did not answer")])
            if not answer.get("skipped") and errors:
                found.append(f"{member} refuses: " + "; ".join(errors))
    return found


def tomcat_new_secret(length: int) -> str:
    """A random secret of so many bytes, as text."""
    return secrets.token_hex(length)


def mod_jk_files(
    request: Mapping[str, Any], tomcats: Sequence[str], hosts: Hosts, directory: str
) -> dict[str, dict[str, Any]]:
    """The files and links of a balancer below Apache's folder. directory: the role's own folder, absolute."""
    found = workers.plan(request, tomcats, hosts)
    mounted = site.mounts_of(request, found)
    files = {
        "steadfast/workers.properties": workers.properties(found, mounted, int(request["maintain_seconds"])),
        "steadfast/uriworkermap.properties": site.uri_map(request["uri_map"], request["balancer"], found),
        request["conf_path"]: site.jk_conf(request, directory),
        request["load_path"]: site.load_conf(request["module"]),
    }
    links: dict[str, str] = dict(request["module_links"])
    for entry in request["sites"]:
        path = str(request["site_path"]).replace("NAME", str(entry.get("name")))
        files[path] = site.site_conf(entry, request, found, directory)
        if request["site_link"]:
            links[str(request["site_link"]).replace("NAME", str(entry.get("name")))] = f"../{path}"
    return {"files": files, "links": links}


def mod_jk_members(tomcats: Sequence[str], hosts: Hosts) -> list[str]:
    """The names of the workers that come from the inventory."""
    return [instance.route for instance in instances.all_instances(tomcats, hosts)]


def mod_jk_connectors(tomcats: Sequence[str], hosts: Hosts) -> list[dict[str, Any]]:
    """The AJP connectors of the workers that come from the inventory: ``name``, ``address``, ``port``."""
    return [
        {"name": instance.route, "address": instance.address, "port": instance.ports["ajp"]}
        for instance in instances.all_instances(tomcats, hosts)
    ]


def mod_jk_refusals(members: Sequence[str], hosts: Hosts) -> list[str]:
    """Why files can't be put in place, one sentence per balancer that objects or did not answer."""
    found = []
    for member in members:
        host = hosts.get(member) or {}
        planned = host.get("__mod_jk_planned") or {}
        if "errors" not in planned:
            found.append(f"{member} could not be asked: {planned.get('msg', 'it did not answer')}")
            continue
        errors = planned["errors"] + list((host.get("__mod_jk_keys") or {}).get("problems", []))
        if errors:
            found.append(f"{member} refuses: " + "; ".join(errors))
    return found


def mod_jk_gone(paths: Sequence[str]) -> dict[str, None]:
    """Files that must not be there, as the module mod_jk_config wants to be told."""
    return dict.fromkeys(paths)


def tomcat_ports(members: Sequence[str], hosts: Hosts, kind: str) -> list[int]:
    """The ports of one kind that any instance of the members has, sorted."""
    return sorted({instance.ports[kind] for instance in instances.all_instances(members, hosts)})


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {
            "tomcat_plan": _guarded(tomcat_plan),
            "tomcat_applications": _guarded(tomcat_applications),
            "tomcat_balancer_addresses": _guarded(tomcat_balancer_addresses),
            "tomcat_refusals": tomcat_refusals,
            "tomcat_new_secret": tomcat_new_secret,
            "tomcat_ports": _guarded(tomcat_ports),
            "mod_jk_connectors": _guarded(mod_jk_connectors),
            "mod_jk_gone": mod_jk_gone,
            "mod_jk_refusals": mod_jk_refusals,
            "mod_jk_files": _guarded(mod_jk_files),
            "mod_jk_members": _guarded(mod_jk_members),
        }
