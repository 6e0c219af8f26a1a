#!/usr/bin/env python3
"""Writes a manifest of N aliases over D domains: manifest.py N D [--drift] > FILE. With --drift one alias in 100 differs."""
import sys

count, domains, drift = int(sys.argv[1]), int(sys.argv[2]), "--drift" in sys.argv
print("version: 1\nmanifest: bench\nenvironment: local\nwebhooks:")
for hook in range(16):
    print(f"  hook-{hook:02d}:\n    url: https://hooks.example.net/in/{hook:02d}\n    description: Intake number {hook}")
print("domains:")
per = -(-count // domains)
for number in range(count):
    if number % per == 0:
        print(f"  d{number // per:04d}.mail.example:\n    description: Domain number {number // per}\n    aliases:")
    name, text, hook = f"mailbox.{number * 7919 % count}", f"Mailbox number {number} of the benchmark", number % 16
    if drift and number % 100 == 50:
        kind = number // 100 % 4
        if kind == 0:
            continue
        name, text, hook = (name + "-old" if kind == 1 else name), ("edited" if kind == 2 else text), (hook + (kind == 3)) % 16
    print(f"      {name}:\n        description: {text}\n        webhook: hook-{hook:02d}")
