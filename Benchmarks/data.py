#!/usr/bin/env python3
"""The data that is measured with, the same on every machine: data.py COUNT FOLDER.

  wanted.yaml      COUNT aliases on a domain for each 500, 16 webhooks, 4 API keys
  drifted.yaml     where the account stands: one alias in 100 is missing, renamed, edited or routed elsewhere
  base.yaml        all of wanted.yaml, but that one alias in 100 has another description ...
  production.yaml  ... which this file, that extends it, puts right: both together are wanted.yaml
  layers.yaml      extends half.yaml: one has the descriptions of all aliases, the other their webhooks
  octodns/         as many DNS records in zones, for octoDNS: wanted, drifted and empty
"""
import os
import sys

NAMES = "abel bea cora dan edda falk gesa hilla ines jens karl liv mats nele oda pelle rike sven tilda udo vito wiebke yves zita".split()
ROOMS = "intake claims orders billing returns press jobs legal desk events safety audits labs fleet stores alerts".split()
THINGS = "forms parcels invoices requests tickets offers notices photos permits surveys bookings samples quotes scans drafts logs".split()
PER_DOMAIN = 500


def scramble(number):
    """64 bits that look random (the finalizer of splitmix64)."""
    mask = 2**64 - 1
    number = (number + 1) * 0x9E3779B97F4A7C15 & mask
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & mask
    number = (number ^ number >> 27) * 0x94D049BB133111EB & mask
    return number ^ number >> 31


def alias(number):
    bits = scramble(number)
    person, room, thing = NAMES[bits % len(NAMES)], ROOMS[bits >> 8 & 15], THINGS[bits >> 16 & 15]
    name = f"{thing}-{person}{number}" if bits >> 24 & 3 == 0 else f"{room}.{person}{number}"
    about = f"Takes {thing} for {person.title()} and hands them to {ROOMS[bits >> 32 & 15]}"
    return name, about, f"hook-{bits >> 40 & 15:02d}", bits >> 48 & 15 != 0


def drifted(number):
    """The same alias as the account has it, or None."""
    name, about, hook, enabled = alias(number)
    match (number // 100 % 4) if number % 100 == 50 else None:
        case 0: return None
        case 1: name += "-old"
        case 2: about = "Somebody has edited this by hand"
        case 3: hook = f"hook-{(int(hook[5:]) + 1) % 16:02d}"
    return name, about, hook, enabled


class Manifest:
    """Writes one file; what an alias says of itself is up to `fields`."""

    def __init__(self, path, count, head, fields, has_rest=True):
        self.fields = fields
        with open(path, "w", encoding="utf-8") as self.file:
            self.say("version: 1", *head)
            if has_rest:
                self.rest()
            self.say("domains:")
            for first in range(0, count, PER_DOMAIN):
                self.domain(first // PER_DOMAIN, range(first, min(first + PER_DOMAIN, count)), has_rest)

    def say(self, *lines):
        self.file.write("\n".join(lines) + "\n")

    def rest(self):
        self.say("webhooks:")
        for number, room in enumerate(ROOMS):
            self.say(f"  hook-{number:02d}:", f"    url: https://hooks.example.net/{room}", f"    description: Where {room} listens")
        self.say("api_keys:")
        for room in ROOMS[:4]:
            self.say(f"  {room}:", "    scopes: [aliases:read, emails:read]", f"    deliver_to: {{ file: keys/{room}.key }}")

    def domain(self, number, aliases, has_rest):
        about = [f"    description: The domain of branch {number}"] if has_rest else []
        written = [(name, fields) for name, fields in map(self.fields, aliases) if fields]
        if about or written:
            self.say(f"  branch{number:04d}.mail.example:", *about)
        if written:
            self.say("    aliases:")
        for name, fields in written:
            self.say(f"      {name}:", *(f"        {field}: {value}" for field, value in fields.items()))


def stated(entry, also_webhook=True, also_description=True):
    if entry is None:
        return None, None
    name, about, hook, enabled = entry
    fields = {"description": about} if also_description else {}
    if also_webhook:
        fields["webhook"] = hook
    if also_description and not enabled:
        fields["enabled"] = "false"
    return name, fields


def manifests(count, folder):
    owner = ["manifest: bench", "environment: local"]

    def base(number):
        name, fields = stated(alias(number))
        return name, fields | {"description": "A text that production replaces"} if number % 100 == 50 else fields

    def production(number):
        return stated(alias(number), also_webhook=False) if number % 100 == 50 else (None, None)

    Manifest(f"{folder}/wanted.yaml", count, owner, lambda number: stated(alias(number)))
    Manifest(f"{folder}/drifted.yaml", count, owner, lambda number: stated(drifted(number)))
    Manifest(f"{folder}/base.yaml", count, [], base)
    Manifest(f"{folder}/production.yaml", count, [*owner, "extends: base.yaml"], production, has_rest=False)
    Manifest(f"{folder}/half.yaml", count, [], lambda number: stated(alias(number), also_webhook=False))
    Manifest(
        f"{folder}/layers.yaml", count, [*owner, "extends: half.yaml"],
        lambda number: stated(alias(number), also_description=False), has_rest=False)


def record(number, edited=False):
    bits, name = scramble(number), f"r{number:07d}"
    if number % 4 == 0:
        value = f"type: CNAME\n  value: {'old' if edited else 'web'}{bits % 97}.target.example."
    elif number % 4 == 1:
        value = f"type: TXT\n  value: forward={'old' if edited else NAMES[bits % len(NAMES)]}@target.example"
    else:
        value = f"type: A\n  value: {'192.0.2.1' if edited else f'10.{bits & 255}.{bits >> 8 & 255}.{bits >> 16 & 255}'}"
    return f"{name}:\n  ttl: 300\n  {value}\n"


def octodns(count, folder):
    """For octoDNS: a record for each alias, a zone for each domain, YAML on both sides, the same share of drift."""
    zones = [f"branch{number:04d}.example." for number in range(-(-count // PER_DOMAIN))]
    for side in ("wanted", "drifted", "empty"):
        os.makedirs(f"{folder}/{side}", exist_ok=True)
    for number, zone in enumerate(zones):
        here = range(number * PER_DOMAIN, min((number + 1) * PER_DOMAIN, count))
        with open(f"{folder}/wanted/{zone}yaml", "w", encoding="utf-8") as file:
            file.write("---\n" + "".join(map(record, here)))
        with open(f"{folder}/drifted/{zone}yaml", "w", encoding="utf-8") as file:
            kept = [place for place in here if place % 100 != 50 or place // 100 % 2]
            file.write("---\n" + "".join(record(place, edited=place % 100 == 50) for place in kept))
        with open(f"{folder}/empty/{zone}yaml", "w", encoding="utf-8") as file:
            file.write("--- {}\n")
    for side in ("wanted", "drifted", "empty"):
        with open(f"{folder}/{side}.config.yaml", "w", encoding="utf-8") as file:
            file.write("manager:\n  max_workers: 1\nproviders:\n")
            for provider, directory in (("source", "wanted"), ("target", side)):
                file.write(
                    f"  {provider}:\n    class: octodns.provider.yaml.YamlProvider\n    directory: {folder}/{directory}\n"
                    "    default_ttl: 3600\n    enforce_order: true\n")
            file.write("zones:\n" + "".join(f"  {zone}:\n    sources: [source]\n    targets: [target]\n" for zone in zones))


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    count, folder = int(sys.argv[1]), os.path.abspath(sys.argv[2])
    os.makedirs(f"{folder}/octodns", exist_ok=True)
    manifests(count, folder)
    octodns(count, f"{folder}/octodns")


if __name__ == "__main__":
    main()
