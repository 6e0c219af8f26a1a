"""Reads workflows as GitHub and GitLab do, and works out GitHub's expressions; fails on whatever it does not know."""
import re

import yaml


class Unknown(Exception):
    """Something that this stand-in for a runner does not know."""


class Payload(dict):
    """What may lack a field, as an event, secrets and outputs may: it is empty then."""


class Yaml(yaml.SafeLoader):
    """Reads on: as a key, as the forges do."""


Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in each if tag != "tag:yaml.org,2002:bool"]
    for first, each in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def read(text):
    return yaml.load(text, Yaml)


def load(path):
    with open(path, encoding="utf-8") as file:
        return read(file.read())


def only(what, given, *known):
    if unknown := set(given) - set(known):
        raise Unknown(f"{what}: {sorted(unknown)}")


# GitHub's expressions. https://docs.github.com/en/actions/reference/workflows-and-actions/expressions

WORD = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d+)|(==|!=|&&|\|\||!|\(|\))|([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*(?:\(\))?))\s*")


def number(value):
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d+", value) else 0.0 if value == "" else float("nan")
    return float(value or 0)


def same(left, right):
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return number(left) == number(right)


class Expression:
    def __init__(self, text, contexts, allowed, status="success"):
        self.contexts, self.allowed, self.status, self.text, self.words = contexts, allowed.split(), status, text, []
        at = 0
        while at < len(text):
            found = WORD.match(text, at)
            if not found or found.end() == at:
                raise Unknown(f"expression {text!r} at {text[at:]!r}")
            self.words.append(found.groups())
            at = found.end()
        self.asked_status = False

    def value(self):
        value = self.either()
        if self.words:
            raise Unknown(f"expression {self.text!r}: {self.words}")
        return value

    def take(self, *operators):
        if self.words and self.words[0][2] in operators:
            return self.words.pop(0)[2]
        return None

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self):
        value = self.single()
        while operator := self.take("==", "!="):
            value = same(value, self.single()) == (operator == "==")
        return value

    def single(self):
        if self.take("!"):
            return not self.single()
        if self.take("("):
            value = self.either()
            if not self.take(")"):
                raise Unknown(f"expression {self.text!r}: no )")
            return value
        if not self.words:
            raise Unknown(f"expression {self.text!r} ends early")
        text, digits, operator, name = self.words.pop(0)
        if text:
            return text[1:-1].replace("''", "'")
        if digits:
            return int(digits)
        if operator:
            raise Unknown(f"expression {self.text!r}: {operator}")
        if name.endswith("()"):
            states = {"always()": True, "success()": self.status == "success", "failure()": self.status == "failure"}
            states["cancelled()"] = False
            if name not in states or "status" not in self.allowed:
                raise Unknown(f"{name} in {self.text!r}")
            self.asked_status = True
            return states[name]
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        parts = name.split(".")
        if parts[0] not in self.allowed:
            raise Unknown(f"{name}: {parts[0]} is not there in {self.text!r}")
        value = self.contexts[parts[0]]
        for part in parts[1:]:
            if value is None:
                return None
            if not isinstance(value, dict) or part not in value and not isinstance(value, Payload):
                raise Unknown(f"{name} in {self.text!r}")
            value = value.get(part)
            if isinstance(value, dict) and not isinstance(value, Payload) and parts[0] == "github":
                value = Payload(value)
        return value


def text(value):
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    if isinstance(value, (dict, list)):
        raise Unknown(f"{value} as text")
    return str(value)


def filled(value, contexts, allowed):
    """A text with its ${{ }}."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: text(Expression(found[1], contexts, allowed).value()), text(value))


def holds(condition, contexts, allowed, status="success"):
    if condition is None:
        return status == "success"
    inner = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", str(condition), re.S)
    expression = Expression((inner[1] if inner else str(condition)).strip(), contexts, allowed, status)
    value = bool(expression.value())
    return value if expression.asked_status else value and status == "success"
