#!/usr/bin/env python3
"""The script that somebody writes by hand instead: libyaml's parser, requests, pages of 100 over the documented lists, and the
documented batch for aliases, 1,000 at a time. by_hand.py plan|apply MANIFEST, with EMAILCONNECT_URL and EMAILCONNECT_API_KEY."""
import os
import sys

import requests
import yaml

command, path = sys.argv[1:]
root = os.environ["EMAILCONNECT_URL"]
http = requests.Session()
http.headers["Authorization"] = f"Bearer {os.environ['EMAILCONNECT_API_KEY']}"


def everything(collection):
    found, page = [], 1
    while True:
        answer = http.get(f"{root}/{collection}", params={"page": page, "limit": 100})
        answer.raise_for_status()
        body = answer.json()
        found += body["data"]
        if not body["has_more"]:
            return found
        page += 1


def send(collection, body):
    answer = http.post(f"{root}/{collection}", json=body)
    answer.raise_for_status()
    return answer.json()


with open(path, "rb") as file:
    manifest = yaml.load(file, Loader=yaml.CSafeLoader)
wanted = {(domain, str(name)): fields for domain, entry in manifest["domains"].items() for name, fields in entry["aliases"].items()}
webhooks = {webhook["name"]: webhook["id"] for webhook in everything("webhooks")}
domains = {domain["name"]: domain["id"] for domain in everything("domains")}
held = {(alias["domain"], alias["name"]): alias for alias in everything("aliases")}

if command == "apply":
    for name, fields in manifest["webhooks"].items():
        if name not in webhooks:
            webhooks[name] = send("webhooks", {"name": name, **fields})["id"]
    for name, entry in manifest["domains"].items():
        if name not in domains:
            domains[name] = send("domains", {"name": name, "description": entry.get("description", "")})["id"]


def values(fields):
    return {
        "description": fields.get("description", ""), "enabled": fields.get("enabled", True),
        "webhook_id": webhooks.get(fields.get("webhook"), fields.get("webhook"))}


created = [name for name in wanted if name not in held]
deleted = [name for name in held if name not in wanted]
changed = [name for name in wanted if name in held and any(held[name].get(field) != value for field, value in values(wanted[name]).items())]
print(f"{len(created)} to add, {len(changed)} to change, {len(deleted)} to delete")

if command == "apply":
    operations = [
        {"action": "create", "data": {"domain_id": domains[domain], "name": name, **values(wanted[domain, name])}} for domain, name in created]
    operations += [{"action": "update", "id": held[name]["id"], "data": values(wanted[name])} for name in changed]
    operations += [{"action": "delete", "id": held[name]["id"]} for name in deleted]
    for start in range(0, len(operations), 1000):
        send("aliases/batch", {"operations": operations[start:start + 1000]})
