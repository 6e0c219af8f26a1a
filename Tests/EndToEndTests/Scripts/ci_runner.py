"""Runs the very steps of GitHub workflows and GitLab jobs, with what the forge would set, and fails on whatever it does not know."""
import json
import os
import re
import shutil
import subprocess

from ci_expressions import Payload, Unknown, filled, holds, load, only, read, text

# What an expression may speak of, and where. https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
JOB_IF = "github needs vars inputs"
GROUP = "github needs strategy matrix inputs vars"
# GitHub knows secrets here too; but then every action of the job sees them.
JOB_ENV = "github needs strategy matrix vars inputs"
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


class Runners:
    def __init__(self, forge, origin, scratch, path):
        self.forge, self.origin, self.scratch, self.path = forge, origin, scratch, path
        self.variables, self.count = Payload(), 0

    def git(self, *arguments, folder=None):
        environment = {"PATH": self.path, "HOME": self.scratch}
        return subprocess.run(
            ["git", *arguments], cwd=folder or self.origin, check=True, env=environment, capture_output=True, text=True).stdout

    def checkout(self, folder, commit, files=()):
        # Shared, since it is done often: it copies no objects.
        self.git("clone", "-q", "--shared", "--no-checkout", self.origin, folder)
        if files:
            self.git("sparse-checkout", "set", "--no-cone", *files, folder=folder)
        self.git("checkout", "-q", "--detach", commit, folder=folder)
        return folder


class GitHub(Runners):
    """A repository's runners. `secrets` and `variables` are the repository's, `environments` has the secrets of each environment."""

    def __init__(self, forge, origin, scratch, path):
        super().__init__(forge, origin, scratch, path)
        self.secrets, self.environments, self.caches = Payload(), {}, {}
        self.artifacts, self.uploaded, self.latest = {}, set(), 0

    def run(self, workflow, event, sha, ref, number=1, payload=None, inputs=None, fork=False, again=None):
        """Every job of a workflow of that commit; workflow is a file's name below .github/workflows. `again` is the run's id if it is
        run again."""
        self.count += 1
        self.latest = again or 9000 + self.count
        given = read(self.git("show", f"{sha}:.github/workflows/{workflow}"))
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
                    "ref_name": ref.split("/", 2)[2], "token": token, "actor": "somebody", "run_id": self.latest,
                    "run_number": number, "run_attempt": 2 if again else 1, "workflow": given["name"], "api_url": self.forge.url}
                contexts = {
                    "github": github, "needs": {}, "vars": Payload() if fork else self.variables, "inputs": Payload(inputs or {}),
                    "matrix": {"manifest": manifest}, "strategy": {"job-index": index, "job-total": 1}, "job": {"status": "success"},
                    "secrets": Payload() if fork else Payload({**self.secrets, **self.environments.get(job.get("environment"), {})})}
                key = name if manifest is None else f"{name} {manifest}"
                jobs[key] = self.job(key, job, given, contexts, f"{self.scratch}/run {self.count} {name} {index}", fork)
        return jobs

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
            "RUNNER_TEMP": f"{folder}/temp", "GITHUB_WORKSPACE": f"{folder}/checkout", "GITHUB_EVENT_PATH": f"{folder}/event.json",
            **{f"GITHUB_{each.upper()}": text(value) for each, value in github.items() if each not in ("event", "token")}}
        contexts["runner"], contexts["env"] = {"temp": f"{folder}/temp", "os": "Linux"}, Payload()
        contexts["steps"] = {step["id"]: {"outputs": Payload()} for step in job["steps"] if "id" in step}
        for level in (workflow.get("env", {}), job.get("env", {})):
            contexts["env"].update({each: filled(value, contexts, JOB_ENV) for each, value in level.items()})
        status = "success"
        for step in job["steps"]:
            only("step", step, "name", "id", "if", "uses", "with", "env", "run", "shell")
            if not holds(step.get("if"), contexts, STEP_IF, status):
                continue
            code = self.step(step, contexts, base, folder, result, fork, STEP)
            if code:
                status, result.code = "failure", result.code or code
        shutil.rmtree(f"{folder}/temp")
        shutil.rmtree(f"{folder}/checkout", ignore_errors=True)
        return result

    def step(self, step, contexts, base, folder, result, fork, allowed):
        inside = {**contexts["env"], **{each: filled(value, contexts, allowed) for each, value in step.get("env", {}).items()}}
        if "run" in step:
            return self.shell(step, {**base, **inside}, contexts, folder, result)
        given = {each: filled(value, contexts, allowed) for each, value in step.get("with", {}).items()}
        uses = step["uses"]
        root = f"{folder}/checkout"
        if uses == "actions/checkout@v6":
            only(uses, given, "persist-credentials", "ref", "path", "sparse-checkout", "sparse-checkout-cone-mode")
            if given["persist-credentials"] != "false":
                raise Unknown("a checkout that leaves its token in a file")
            if "ref" not in given:
                self.checkout(root, contexts["github"]["sha"])
            else:
                if given["sparse-checkout-cone-mode"] != "false":
                    raise Unknown("more than the files that are named")
                shutil.rmtree(f"{root}/{given['path']}", ignore_errors=True)
                self.checkout(f"{root}/{given['path']}", f"origin/{given['ref']}", given["sparse-checkout"].split())
        elif uses == "actions/cache/save@v5":
            only(uses, given, "path", "key")
            if fork:
                raise Unknown("a fork saves a cache")
            with open(f"{root}/{given['path']}") as file:
                self.caches[given["path"], given["key"]] = file.read()
        elif uses == "actions/cache/restore@v5":
            only(uses, given, "path", "key", "restore-keys")
            wanted = given["path"], given["restore-keys"]
            fitting = [saved for (path, key), saved in self.caches.items() if path == wanted[0] and key.startswith(wanted[1])]
            if fitting:
                with open(f"{root}/{given['path']}", "w") as file:
                    file.write(fitting[-1])
        elif uses == "actions/upload-artifact@v7":
            only(uses, given, "name", "path", "overwrite")
            name = self.latest, given["name"]
            if name in self.uploaded and given.get("overwrite") != "true":
                result.log += "Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists on the workflow run\n"
                return 1
            self.uploaded.add(name)
            for each in sorted(os.listdir(given["path"])):
                with open(f"{given['path']}/{each}") as file:
                    self.artifacts[f"{given['name']}/{each}"] = file.read()
        elif uses.startswith("./"):
            return self.composite(step, given, contexts, {**base, **inside}, folder, result, fork)
        else:
            raise Unknown(uses)
        return 0

    def composite(self, step, given, contexts, base, folder, result, fork):
        path = os.path.normpath(f"{folder}/checkout/{step['uses']}")
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
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", f"{folder}/temp/script.sh"], cwd=f"{folder}/checkout", env=environment,
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


class GitLab(Runners):
    """A project's runners. `variables` are the project's, `protected` those of its environment for protected branches."""

    def __init__(self, forge, origin, scratch, path):
        super().__init__(forge, origin, scratch, path)
        self.protected, self.reports = {}, {}

    def run(self, source, sha, ref, iid=1, **more):
        """The jobs of a pipeline whose rules hold. https://docs.gitlab.com/ci/variables/predefined_variables"""
        self.count += 1
        jobs = {}
        folder = self.checkout(f"{self.scratch}/pipeline {self.count}", sha)
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
            found = next((each for each in job["rules"] if only("rule", each, "if", "when") is None and self.rule(each["if"], variables)), None)
            if not found or found.get("when") == "never":
                continue
            if "when" in found:
                raise Unknown(f"{name}: when: {found['when']}")
            result = jobs[name.removeprefix("reconcile ")] = Job(name)
            result.settings = {
                "resource_group": re.sub(r"\$(\w+)", lambda found: variables[found[1]], job.get("resource_group", "")),
                "interruptible": job["interruptible"]}
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
