"""The kits' files by themselves: schemas, a lint of shell, the tarball, pre-commit's hooks."""
import glob
import os
import re
import subprocess
import sys

from ci_expressions import load
from ci_world import BINARY, KIT, PATH, SCRATCH, check, manifest, ok, run, write


WORKFLOWS = sorted(glob.glob(f"{KIT}/github/workflows/*.yml"))
ACTION, GITLAB = f"{KIT}/github/action.yml", f"{KIT}/gitlab/.gitlab-ci.yml"


def tool(name, *arguments, given=None):
    """A program of the test's Python."""
    ended = subprocess.run([f"{sys.prefix}/bin/{name}", *arguments], input=given, capture_output=True, text=True)
    check(ended.returncode == 0, f"{name} {arguments}", ended.stdout, ended.stderr)


def schemas():
    checked = {
        "vendor.github-workflows": WORKFLOWS, "custom.github-workflows-require-timeout": WORKFLOWS, "vendor.github-actions": [ACTION],
        "vendor.gitlab-ci": [GITLAB]}
    for schema, files in checked.items():
        tool("check-jsonschema", "--builtin-schema", schema, *files)
        ok(f"{schema}: {', '.join(os.path.relpath(each, KIT) for each in files)}")

    may = {
        "plan": {"contents": "read", "pull-requests": "write"}, "plan-fork": {"contents": "read"},
        "apply": {"contents": "read", "pull-requests": "read"}, "drift": {"contents": "read", "issues": "write"}}
    for file in WORKFLOWS:
        workflow, name = load(file), os.path.basename(file).removesuffix(".yml")
        check(workflow["permissions"] == may.pop(name), f"{name} may do no more than it has to", workflow["permissions"])
        check(not [job for job in workflow["jobs"].values() if "permissions" in job], f"{name}: one place says what it may do")
        # pull_request_target and issue_comment would run a stranger's change with secrets.
        known = {"pull_request", "merge_group", "push", "schedule", "workflow_dispatch", "workflow_run"}
        check(set(workflow["on"]) <= known, f"{name} runs on", workflow["on"])
    check(not may, "every workflow was looked at", may)
    with open(f"{KIT}/README.md") as file:
        links = [each for each in re.findall(r"\]\(([^)]*)\)", file.read()) if not each.startswith("http")]
    check(links and all([os.path.exists(f"{KIT}/{each}") for each in links]), "README.md's links lead somewhere", links)
    ok("each workflow's token may do what it has to and no more; none runs a stranger's change with secrets")


def lint():
    """Scripts, and what stands in run: and script:."""
    scripts = sorted(glob.glob(f"{KIT}/shell/*")) + [f"{KIT}/github/github.sh"]
    tool("shellcheck", "--external-sources", *scripts)
    steps = [step for file in WORKFLOWS for job in load(file)["jobs"].values() for step in job["steps"]]
    inside = [step["run"] for step in steps + load(ACTION)["runs"]["steps"] if "run" in step]
    given = load(GITLAB)
    before = given[".reconcile"]["before_script"]
    inside += ["\n".join(before + job["script"]) for name, job in given.items() if name.startswith("reconcile ")]
    for each in inside:
        # The forges run each with bash -e -o pipefail. What is sourced is looked at by itself.
        tool("shellcheck", "--shell=bash", "--exclude=SC1091", "-", given="set -eo pipefail\n" + each)
    ok(f"shellcheck has nothing to say of {len(scripts)} scripts and {len(inside)} parts of workflows and jobs")


def install(tarball):
    with open(tarball + ".sha256") as file:
        checksum = file.read().split()[0]
    for given, code in ((checksum, 0), ("0" * 64, 1), ("", 1)):
        folder = f"{SCRATCH}/installed-{len(given)}-{given[:1]}-{code}"
        environment = {"PATH": PATH, "HOME": SCRATCH, "RECONCILE_URL": f"file://{tarball}", "RECONCILE_SHA256": given}
        ended = run("bash", f"{KIT}/shell/install", folder, cwd=SCRATCH, code=code, environment=environment)
        if code == 0:
            check(ended.stdout.startswith("reconcile ") and os.path.exists(f"{folder}/bin/reconcile"), "it runs", ended.stdout)
        else:
            check(not os.path.exists(folder) and "checksum" in ended.stderr and not ended.stdout, "nothing ran", ended.stderr)
    ok("scripts/package's tarball installs with its checksum, and with no other")


def pre_commit():
    folder = f"{SCRATCH}/hooks"
    os.makedirs(f"{folder}/bin")
    os.symlink(BINARY, f"{folder}/bin/reconcile")
    write(f"{folder}/reconcile.yaml", manifest({"support": "helpdesk"}))
    environment = {"PATH": f"{folder}/bin:{PATH}", "HOME": SCRATCH}
    # Without fmt, the help is the program's, and the exit code 0 all the same.
    has_fmt = "USAGE: reconcile fmt" in run(BINARY, "fmt", "--help", cwd=folder, code=None).stdout
    repo, = load(f"{KIT}/pre-commit/.pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for hook in repo["hooks"]}
    entries = {name: hook["entry"].split() for name, hook in hooks.items()}
    check(set(entries) == {"reconcile-validate", "reconcile-fmt"}, "two hooks", entries)
    files = ("reconcile.yaml", "mail/reconcile.staging.yaml", "notreconcile.yaml", "README.md")
    for name, expected in {"reconcile-validate": [True, True, True, False], "reconcile-fmt": [True, True, False, False]}.items():
        check([bool(re.search(hooks[name]["files"], each)) for each in files] == expected, f"what starts {name}")
    check(hooks["reconcile-validate"]["pass_filenames"] is False, "it looks at all of them")
    run(*entries["reconcile-validate"], cwd=folder, environment=environment)
    write(f"{folder}/reconcile.staging.yaml", manifest({"support": "nowhere"}, "mail/staging", "staging.acme.example"))
    run(*entries["reconcile-validate"], cwd=folder, code=1, environment=environment)
    write(f"{folder}/reconcile.staging.yaml", manifest({"support": "helpdesk"}, "mail/staging"))
    said = run(*entries["reconcile-validate"], cwd=folder, code=1, environment=environment)
    check("reconcile.staging.yaml" in said.stderr, "two that claim the same domain", said.stderr)
    if has_fmt:
        ended = run(*entries["reconcile-fmt"], "reconcile.yaml", cwd=folder, code=None, environment=environment)
        check(ended.returncode in (0, 1), "fmt --check", ended.stdout, ended.stderr)
    ok("pre-commit: a good manifest passes, a broken one and two that claim the same do not" + ("" if has_fmt else " (there is no reconcile fmt, its hook was not run)"))
