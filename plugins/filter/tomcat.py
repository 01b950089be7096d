# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the roles tomcat and mod_jk: thin wrappers around module_utils/tomcat."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.steadfast.ha.plugins.plugin_utils.late import Late

addresses = Late("node.addresses")
asked = Late("tomcat.mod_jk.asked")
balancers = Late("tomcat.balancers")
base = Late("tomcat.base")
instances = Late("tomcat.instances")
site = Late("tomcat.mod_jk.site")
strays = Late("tomcat.strays")
turns = Late("tomcat.turns")
war = Late("tomcat.war")
words = Late("tomcat.words")
jk_words = Late("tomcat.mod_jk.words")
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


def tomcat_wars(applications: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Applications as tasks may print them: their names and where their archives are, nothing of their parameters."""
    wanted = ("name", "archive", "file", "url", "checksum")
    return [{key: application[key] for key in wanted if key in application} for application in applications]


def tomcat_balancer_addresses(names: Sequence[str], hosts: Hosts) -> list[str]:
    """The addresses from which balancers speak to Tomcat, each once."""
    found: list[str] = []
    for name in names:
        host = hosts.get(name) or {}
        own = balancers.speaks_from(host, addresses.own(host.get("ansible_facts") or {}))
        if not own:
            raise words.Refused(f"{name}: set mod_jk_addresses, nobody knows from which addresses it speaks to Tomcat")
        found += [address for address in own if address not in found]
    return found


def tomcat_shares(
    names: Sequence[str], host: str, members: Sequence[str], hosts: Hosts, url: str = ""
) -> list[dict[str, Any]]:
    """What balancers are to be told when the workers of a host are to be as in the inventory."""
    routes = [instance.route for instance in instances.all_instances(members, hosts) if instance.host == host]
    found: list[dict[str, Any]] = balancers.shares(list(names), hosts, routes, url)
    return found


def tomcat_unheard(results: Sequence[Mapping[str, Any]], host: str, secret: str) -> list[str]:
    """What balancers would have to be told of a host's instances, one sentence each.

    results: their server.xml, slurped. One that has none yet is new, and nobody has heard of it.
    """
    found = []
    for result in results:
        if "content" in result:
            text = base64.b64decode(result["content"]).decode("utf-8")
            instance = result["item"]
            found += [f"{host}/{instance['name']}: {what}" for what in balancers.unheard(instance, secret, text)]
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


def _actions(members: Sequence[str], hosts: Hosts) -> dict[str, dict[str, str]]:
    """What each instance needs, as its host planned it: host -> name -> action."""
    return {
        member: {answer["item"]["name"]: answer["action"] for answer in hosts[member]["__tomcat_planned"]["results"]}
        for member in members
    }


def tomcat_order(members: Sequence[str], hosts: Hosts) -> list[str]:
    """The members in the order in which they are changed. What they need has to be planned."""
    found: list[str] = turns.order(list(members), _actions(members, hosts))
    return found


def tomcat_expected(members: Sequence[str], hosts: Hosts) -> list[dict[str, Any]]:
    """The instances of all members that have to be where they are planned by now."""
    everybody = [instance for member in members for instance in hosts[member]["__tomcat_instances"]]
    changed = [member for member in members if hosts[member]["__tomcat_is_changed"]]
    found: list[dict[str, Any]] = turns.expected(everybody, _actions(members, hosts), changed)
    return found


def tomcat_left_running(members: Sequence[str], host: str, hosts: Hosts) -> list[dict[str, Any]]:
    """The instances that stay up when a host is changed."""
    running = {member: list(hosts[member]["__tomcat_running"]) for member in members}
    names = turns.left_running(host, _actions(members, hosts), running)
    everybody = [instance for member in members for instance in hosts[member]["__tomcat_instances"]]
    return [dict(instance) for instance in everybody if f"{instance['host']}/{instance['name']}" in names]


def tomcat_answering(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """The routes of instances that answered as they should."""
    return [
        result["item"]["route"]
        for result in results
        if "silent" in result and not result["silent"] and not result["problems"]
    ]


def tomcat_usable(routes: Sequence[str], workers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Those of some workers to which a balancer sends everybody."""
    found: list[str] = turns.usable(routes, workers)
    return found


def tomcat_complaint(result: Mapping[str, Any]) -> str:
    """Why a balancer could not be told: its name and the reason."""
    return f"{result['item']['balancer']}: {str(result.get('msg') or 'no message').strip()}"


def tomcat_strays(running: str, enabled: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """The instances of a host that the inventory does not have."""
    found: list[str] = strays.strays(running, enabled, wanted)
    return found


def tomcat_left_behind(members: Sequence[str], hosts: Hosts) -> list[str]:
    """One sentence per member with instances that the inventory does not have."""
    found = {member: list((hosts.get(member) or {}).get("__tomcat_strays") or []) for member in members}
    return [str(strays.complaint(member, names)) for member, names in found.items() if names]


def tomcat_put_back(host: str, hosts: Hosts, wrong: Sequence[str]) -> str:
    """What became of a host whose change was taken back."""
    return str(turns.put_back(host, _actions([host], hosts)[host], list(wrong)))


def tomcat_new_secret(length: int) -> str:
    """A random secret of so many bytes, as text."""
    return secrets.token_hex(length)


def tomcat_secret_flaw(secret: str) -> str:
    """Why balancers could not have this secret, without a word of it; nothing where they can, and for none."""
    if not secret:
        return ""
    try:
        jk_words.text_value(secret)
    except ValueError as error:
        return str(error)
    return ""


def mod_jk_files(request: Mapping[str, Any], tomcats: Sequence[str], hosts: Hosts, directory: str) -> dict[str, Any]:
    """The files and links of a balancer below Apache's folder, and the word that tells them from others (``revision``).

    directory: the role's own folder, absolute.
    """
    found = workers.plan(request, tomcats, hosts)
    mounted = site.mounts_of(request, found)
    files = {
        "steadfast/workers.properties": workers.properties(found, mounted, int(request["maintain_seconds"])),
        "steadfast/uriworkermap.properties": site.uri_map(request["uri_map"], request["balancer"], found),
        request["load_path"]: site.load_conf(request["module"]),
    }
    links: dict[str, str] = dict(request["module_links"])
    for entry in request["sites"]:
        path = str(request["site_path"]).replace("NAME", str(entry.get("name")))
        files[path] = site.site_conf(entry, request, found, directory)
        if request["site_link"]:
            links[str(request["site_link"]).replace("NAME", str(entry.get("name")))] = f"../{path}"
    mark = site.revision([*files.values(), site.jk_conf(request, directory)])
    files[request["conf_path"]] = site.jk_conf(request, directory, mark)
    return {"files": files, "links": links, "revision": mark}


def mod_jk_activations(request: Mapping[str, Any], tomcats: Sequence[str], hosts: Hosts) -> dict[str, str]:
    """Worker to the activation that the inventory wants, where that is not ``active``.

    request: ``worker_options``, ``worker_overrides``, ``workers`` and ``properties``.
    """
    found: dict[str, str] = workers.activations(request, tomcats, hosts)
    return found


def mod_jk_url(path: str, address: str, port: int) -> str:
    """A URL of Apache, an IPv6 address in brackets."""
    return f"http://{site.place(address, port)}{path}"


def mod_jk_members(tomcats: Sequence[str], hosts: Hosts) -> list[str]:
    """The names of the workers that come from the inventory."""
    return [instance.route for instance in instances.all_instances(tomcats, hosts)]


def mod_jk_connectors(tomcats: Sequence[str], hosts: Hosts) -> list[dict[str, Any]]:
    """The AJP connectors of the workers that come from the inventory: ``name``, ``address``, ``port``."""
    return [
        {"name": instance.route, "address": instance.address, "port": instance.ports["ajp"]}
        for instance in instances.all_instances(tomcats, hosts)
    ]


def mod_jk_pages(request: Mapping[str, Any], tomcats: Sequence[str], hosts: Hosts) -> list[dict[str, Any]]:
    """The pages that applications of all workers should have through a balancer.

    request: ``sites``, ``uri_map``, ``balancer`` and ``balancer_options``. Sessions count as replicated where the
    archive lies on the controller and says so.
    """
    known: dict[str, bool] = {}
    everybody = instances.all_instances(tomcats, hosts)
    served = []
    for instance in everybody:
        applications = list((hosts.get(instance.host) or {}).get("tomcat_applications") or [])
        mine = {"applications": applications}
        served.append(set(base.pages(instance, mine)))
        for application in applications:
            file = str(application.get("file") or "")
            # -e gives it as text
            is_clustered = jk_words.boolean((hosts.get(instance.host) or {}).get("tomcat_is_clustered", True)) == "true"
            replicated = bool(is_clustered and file and war.inspect(file).is_distributable)
            for page in base.pages_of(application):
                known[page] = known.get(page, True) and replicated
    common = {page: replicated for page, replicated in known.items() if all(page in pages for pages in served)}
    sticky = jk_words.boolean(request["balancer_options"].get("sticky_session", True)) == "true"
    found: list[dict[str, Any]] = asked.pages(request["sites"], request["uri_map"], request["balancer"], common, sticky)
    return found


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
            "tomcat_wars": tomcat_wars,
            "tomcat_balancer_addresses": _guarded(tomcat_balancer_addresses),
            "tomcat_shares": _guarded(tomcat_shares),
            "tomcat_refusals": tomcat_refusals,
            "tomcat_order": _guarded(tomcat_order),
            "tomcat_expected": _guarded(tomcat_expected),
            "tomcat_left_running": _guarded(tomcat_left_running),
            "tomcat_answering": tomcat_answering,
            "tomcat_usable": _guarded(tomcat_usable),
            "tomcat_complaint": _guarded(tomcat_complaint),
            "tomcat_strays": tomcat_strays,
            "tomcat_unheard": _guarded(tomcat_unheard),
            "tomcat_left_behind": tomcat_left_behind,
            "tomcat_put_back": _guarded(tomcat_put_back),
            "tomcat_new_secret": tomcat_new_secret,
            "tomcat_secret_flaw": tomcat_secret_flaw,
            "tomcat_ports": _guarded(tomcat_ports),
            "mod_jk_activations": _guarded(mod_jk_activations),
            "mod_jk_connectors": _guarded(mod_jk_connectors),
            "mod_jk_gone": mod_jk_gone,
            "mod_jk_pages": _guarded(mod_jk_pages),
            "mod_jk_refusals": mod_jk_refusals,
            "mod_jk_files": _guarded(mod_jk_files),
            "mod_jk_members": _guarded(mod_jk_members),
            "mod_jk_url": _guarded(mod_jk_url),
        }
