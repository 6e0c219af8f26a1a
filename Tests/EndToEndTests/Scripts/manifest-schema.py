"""Holds manifests against the manifest's JSON Schema: manifest-schema.py SCHEMA FILE...
Prints each file that the schema refuses, with the first reason. What is no YAML at all is passed over."""
import json
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read: no dates, no yes and no."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"^(null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", list("-+.0123456789")),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def keyed(value):
    """JSON's keys are texts."""
    if isinstance(value, dict):
        return {str(key): keyed(each) for key, each in value.items()}
    return [keyed(each) for each in value] if isinstance(value, list) else value


schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for file in sys.argv[2:]:
    try:
        manifest = keyed(yaml.load(open(file, encoding="utf-8").read(), Core))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, TypeError, ValueError):
        continue
    error = next(iter(validator.iter_errors(manifest)), None)
    if error:
        print(f"{file}\t{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
