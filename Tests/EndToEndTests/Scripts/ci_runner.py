"""Runs the very steps of GitHub workflows and GitLab jobs, with what the forge would set, and fails on whatever it does not know."""
import json
import os
import re
import shutil
import subprocess

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


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Yaml)


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


JOB_IF = "github needs vars inputs"
GROUP = "github needs strategy matrix inputs vars"
STEP_IF = "github needs strategy matrix job runner env vars steps inputs status"
STEP = "github needs strategy matrix job runner env vars secrets steps inputs"
ACTION = "github inputs steps runner env strategy matrix job"


def commands(log, stops=True):
    """What the runner takes for commands in a log. https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs"""
    found, resume = [], None
    for line in log.splitlines():
        line = line.lstrip()
        if resume:
            resume = None if line == f"::{resume}::" else resume
        elif match := re.match(r"::([A-Za-z-]+)( [^:]*)?::(.*)", line):
            if match[1] == "stop-commands" and stops:
                resume = match[3]
            else:
                found.append(match[1] + (match[2] or ""))
        elif match := re.search(r"##\[([^\]]*)\]", line):
            found.append("##" + match[1])
    if resume:
        found.append("stopped for good")
    return found


class Job:
    def __init__(self, name):
        self.name, self.log, self.summary, self.commands, self.code, self.skipped = name, "", "", [], 0, False
        self.settings, self.environments = {}, []


class GitHub:
    """A repository's runners. `secrets` and `variables` are the repository's, `environments` has the secrets of each environment."""

    def __init__(self, forge, origin, scratch, path):
        self.forge, self.origin, self.scratch, self.path = forge, origin, scratch, path
        self.variables, self.secrets, self.environments, self.caches, self.artifacts, self.count = Payload(), Payload(), {}, {}, {}, 0

    def run(self, workflow, event, sha, ref, number=1, payload=None, inputs=None, fork=False, actor="somebody"):
        """Every job of a workflow of that commit; workflow is a file's name below .github/workflows."""
        self.count += 1
        home = self.checkout(f"{self.scratch}/run{self.count}", sha, ref)
        given = load(f"{home}/.github/workflows/{workflow}")
        only(workflow, given, "name", "on", "permissions", "env", "jobs")
        if event not in given["on"]:
            raise Unknown(f"{workflow} does not run on {event}")
        branches = (given["on"][event] or {}).get("branches") if isinstance(given["on"][event], dict) else None
        target = ((payload or {}).get("pull_request") or {}).get("base", {}).get("ref") or "main"
        if branches and target not in branches:
            raise Unknown(f"{workflow} does not run on {event} for {target}")
        jobs = {}
        for name, job in given["jobs"].items():
            only(f"{workflow} {name}", job, "if", "runs-on", "timeout-minutes", "strategy", "concurrency", "environment", "env", "steps",
                 "permissions")
            only("strategy", job.get("strategy", {}), "fail-fast", "matrix")
            only("matrix", job.get("strategy", {}).get("matrix", {}), "manifest")
            for index, manifest in enumerate(job.get("strategy", {}).get("matrix", {}).get("manifest", [None])):
                permissions = job.get("permissions", given.get("permissions"))
                if not permissions:
                    raise Unknown(f"{workflow} has no permissions")
                token = self.forge.token(**{each: "read" if fork else level for each, level in permissions.items()})
                github = {
                    "repository": self.forge.repository, "event_name": event, "event": Payload(payload or {}), "sha": sha, "ref": ref,
                    "ref_name": ref.split("/", 2)[2], "token": token, "actor": actor, "run_id": 9000 + self.count,
                    "run_number": number, "run_attempt": 1, "workflow": given["name"], "api_url": self.forge.url}
                contexts = {
                    "github": github, "needs": {}, "vars": Payload() if fork else self.variables, "inputs": Payload(inputs or {}),
                    "matrix": {"manifest": manifest}, "strategy": {"job-index": index, "job-total": 1}, "job": {"status": "success"},
                    "secrets": Payload() if fork else Payload({**self.secrets, **self.environments.get(job.get("environment"), {})})}
                key = name if manifest is None else f"{name} {manifest}"
                jobs[key] = self.job(key, job, given, contexts, f"{self.scratch}/run {self.count} {name} {index}", fork)
        shutil.rmtree(home)
        return jobs

    def checkout(self, folder, sha, ref):
        os.makedirs(folder)
        for command in (["init", "-q"], ["fetch", "-q", self.origin, ref], ["checkout", "-q", sha]):
            subprocess.run(["git", *command], cwd=folder, check=True, env={"PATH": self.path, "HOME": self.scratch})
        return folder

    def job(self, name, job, workflow, contexts, folder, fork):
        result = Job(name)
        if not holds(job.get("if"), contexts, JOB_IF):
            result.skipped = True
            return result
        os.makedirs(f"{folder}/temp")
        github = contexts["github"]
        result.settings = {each: filled(value, contexts, GROUP) for each, value in job.get("concurrency", {}).items()}
        with open(f"{folder}/event.json", "w") as file:
            json.dump(github["event"], file)
        base = {
            "PATH": self.path, "HOME": folder, "LANG": "C.UTF-8", "CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_OS": "Linux",
            "RUNNER_TEMP": f"{folder}/temp", "GITHUB_WORKSPACE": f"{folder}/work", "GITHUB_EVENT_PATH": f"{folder}/event.json",
            **{f"GITHUB_{each.upper()}": text(value) for each, value in github.items() if each not in ("event", "token")}}
        contexts["runner"], contexts["env"] = {"temp": f"{folder}/temp", "os": "Linux"}, Payload()
        contexts["steps"] = {step["id"]: {"outputs": Payload()} for step in job["steps"] if "id" in step}
        for level in (workflow.get("env", {}), job.get("env", {})):
            contexts["env"].update({each: filled(value, contexts, STEP) for each, value in level.items()})
        status = "success"
        for step in job["steps"]:
            only("step", step, "name", "id", "if", "uses", "with", "env", "run", "shell")
            if not holds(step.get("if"), contexts, STEP_IF, status):
                continue
            code = self.step(step, contexts, base, folder, result, fork, STEP)
            if code:
                status, result.code = "failure", result.code or code
        shutil.rmtree(f"{folder}/temp")
        shutil.rmtree(f"{folder}/work", ignore_errors=True)
        return result

    def step(self, step, contexts, base, folder, result, fork, allowed):
        inside = {**contexts["env"], **{each: filled(value, contexts, allowed) for each, value in step.get("env", {}).items()}}
        if "run" in step:
            return self.shell(step, {**base, **inside}, contexts, folder, result)
        given = {each: filled(value, contexts, allowed) for each, value in step.get("with", {}).items()}
        uses = step["uses"]
        work = f"{folder}/work"
        if uses == "actions/checkout@v6":
            if given != {"persist-credentials": "false"}:
                raise Unknown(f"checkout with {given}")
            self.checkout(work, contexts["github"]["sha"], contexts["github"]["ref"])
        elif uses == "actions/cache/save@v5":
            only(uses, given, "path", "key")
            if fork:
                raise Unknown("a fork saves a cache")
            with open(f"{work}/{given['path']}") as file:
                self.caches[given["path"], given["key"]] = file.read()
        elif uses == "actions/cache/restore@v5":
            only(uses, given, "path", "key", "restore-keys")
            wanted = given["path"], given["restore-keys"]
            fitting = [saved for (path, key), saved in self.caches.items() if path == wanted[0] and key.startswith(wanted[1])]
            if fitting:
                with open(f"{work}/{given['path']}", "w") as file:
                    file.write(fitting[-1])
        elif uses == "actions/upload-artifact@v7":
            only(uses, given, "name", "path")
            for each in sorted(os.listdir(given["path"])):
                with open(f"{given['path']}/{each}") as file:
                    self.artifacts[f"{given['name']}/{each}"] = file.read()
        elif uses.startswith("./"):
            return self.composite(step, given, contexts, {**base, **inside}, folder, result, fork)
        else:
            raise Unknown(uses)
        return 0

    def composite(self, step, given, contexts, base, folder, result, fork):
        path = os.path.normpath(f"{folder}/work/{step['uses']}")
        action = load(f"{path}/action.yml")
        only("action", action, "name", "description", "inputs", "outputs", "runs")
        only("inputs", given, *action["inputs"])
        inputs = {each: given.get(each, filled(said.get("default", ""), contexts, "github")) for each, said in action["inputs"].items()}
        inner = {**contexts, "inputs": inputs, "env": Payload()}
        inner["steps"] = {each["id"]: {"outputs": Payload()} for each in action["runs"]["steps"] if "id" in each}
        status, code = "success", 0
        for each in action["runs"]["steps"]:
            only("an action's step", each, "name", "id", "if", "shell", "env", "run")
            if holds(each.get("if"), inner, ACTION + " status", status):
                ended = self.step(each, inner, {**base, "GITHUB_ACTION_PATH": path}, folder, result, fork, ACTION)
                if ended:
                    status, code = "failure", code or ended
        if "id" in step:
            for each, said in action.get("outputs", {}).items():
                contexts["steps"][step["id"]]["outputs"][each] = filled(said["value"], inner, "steps inputs github")
        return code

    def shell(self, step, environment, contexts, folder, result):
        if "${{" in step["run"]:
            raise Unknown(f"an expression inside of run: {step['run']}")
        if step["shell"] != "bash":
            raise Unknown(step["shell"])
        files = {f"GITHUB_{each}": f"{folder}/temp/{each}" for each in ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH")}
        for file in [*files.values(), f"{folder}/temp/script.sh"]:
            with open(file, "w") as opened:
                opened.write(step["run"] if file.endswith("script.sh") else "")
        environment = {**environment, **files}
        result.environments.append(environment)
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", f"{folder}/temp/script.sh"], cwd=f"{folder}/work", env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        result.log += ended.stdout + ended.stderr
        # The runner reads the two streams as they come: nothing stops commands on the other one.
        result.commands += commands(ended.stdout) + commands(ended.stderr, stops=False)
        read = {}
        for name, file in files.items():
            with open(file) as opened:
                read[name] = opened.read()
        if read["GITHUB_ENV"] or read["GITHUB_PATH"]:
            raise Unknown("GITHUB_ENV and GITHUB_PATH")
        result.summary += read["GITHUB_STEP_SUMMARY"]
        for line in read["GITHUB_OUTPUT"].splitlines():
            name, value = line.split("=", 1)
            contexts["steps"][step["id"]]["outputs"][name] = value
        return ended.returncode


class GitLab:
    """A project's runners. `variables` are the project's, `protected` those of its environment for protected branches."""

    def __init__(self, forge, origin, scratch, path):
        self.forge, self.origin, self.scratch, self.path = forge, origin, scratch, path
        self.variables, self.protected, self.count = {}, {}, 0
        self.reports = {}

    def run(self, source, sha, ref, iid=1, **more):
        """The jobs of a pipeline whose rules hold. https://docs.gitlab.com/ci/variables/predefined_variables"""
        self.count += 1
        jobs = {}
        folder = GitHub.checkout(self, f"{self.scratch}/pipeline {self.count}", sha, ref)
        given = load(f"{folder}/.gitlab-ci.yml")
        predefined = {
            "PATH": self.path, "HOME": self.scratch, "LANG": "C.UTF-8", "CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": folder,
            "CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": sha, "CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_IID": str(iid),
            "CI_PIPELINE_ID": str(7000 + self.count), "CI_PROJECT_ID": self.forge.project, "CI_PROJECT_PATH": "acme/gitlab-mail",
            "CI_API_V4_URL": f"{self.forge.url}/api/v4", "GITLAB_USER_LOGIN": "somebody", **more}
        if source != "merge_request_event":
            predefined["CI_COMMIT_BRANCH"] = ref.removeprefix("refs/heads/")
        names = [name for name in given if name not in ("stages", "variables") and not name.startswith(".")]
        for name in sorted(names, key=lambda each: given["stages"].index(given[each]["stage"])):
            job = {**given[given[name]["extends"]], **given[name]}
            only(name, job, "extends", "image", "stage", "rules", "before_script", "script", "artifacts", "resource_group", "environment",
                 "interruptible")
            protected = self.protected if job.get("environment") and predefined.get("CI_COMMIT_BRANCH") == "main" else {}
            # What is set for the project stands above what the file sets.
            variables = {**given["variables"], **self.variables, **protected, **predefined}
            if not any(self.rule(each["if"], variables) for each in job["rules"] if only("rule", each, "if") is None):
                continue
            result = jobs[name.removeprefix("reconcile ")] = Job(name)
            result.settings = {"resource_group": re.sub(r"\$(\w+)", lambda found: variables[found[1]], job.get("resource_group", ""))}
            result.environments.append(variables)
            ended = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", "\n".join(job["before_script"] + job["script"])], cwd=folder, env=variables,
                stdin=subprocess.DEVNULL, capture_output=True, text=True)
            result.log, result.code = ended.stdout + ended.stderr, ended.returncode
            kept = job.get("artifacts", {})
            for path in [*kept.get("paths", []), *kept.get("reports", {}).values()]:
                full = f"{folder}/{path}"
                for file in [f"{full}/{each}" for each in sorted(os.listdir(full))] if os.path.isdir(full) else [full]:
                    with open(file) as opened:
                        self.reports[os.path.relpath(file, folder)] = opened.read()
            if result.code:
                break
        shutil.rmtree(folder)
        return jobs

    @staticmethod
    def rule(condition, variables):
        """A rule's if: only ==, != and && of variables and texts."""
        def value(word):
            if found := re.fullmatch(r"\$(\w+)", word):
                return variables.get(found[1])
            if found := re.fullmatch(r'"([^"$]*)"', word):
                return found[1]
            raise Unknown(f"{word} in a rule")

        def part(piece):
            words = piece.split()
            if len(words) == 1:
                return bool(value(words[0]))
            if len(words) == 3 and words[1] in ("==", "!="):
                return (value(words[0]) == value(words[2])) == (words[1] == "==")
            raise Unknown(f"{piece} in a rule")

        return all([part(piece) for piece in condition.split("&&")])
