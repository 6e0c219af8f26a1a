"""What somebody may try with the GitHub kit, and what a merge may look like, in the world of ci-kits.py."""
import re

from ci_world import Store, check, manifest, marker, ok
from forge import BOT


def names(world):
    """A pull request names its files as it likes."""
    name = "x,line=9::notice::gotcha\n::notice::gotcha\r##[error]gotcha.part.yaml"
    text = world.text().replace("webhooks:", 'include: ["*.part.yaml"]\nwebhooks:', 1)
    sha = world.repository.commit("names", {"reconcile.yaml": text, name: "webhooks:\n  spy: { url: nope }\n"}, "main")
    number = world.forge.pull("change", sha)
    job = world.planned(number)
    check(job.code == 1 and "not a URL" in job.log, "the mistake is found", job.log)
    check(len(job.commands) == 1 and job.commands[0].startswith("error file=x%2Cline=9%3A%3Anotice"), "one command", job.commands)
    ok("a file's name is no command in a log, and no part of one")


def references(world):
    """A manifest that would have GitHub's token sent to somebody."""
    text = world.text()
    spy = text.replace("webhooks:", "webhooks:\n  spy: { url: https://spy.example, headers: { X-Seen: { env: TOKEN } } }", 1)
    number = world.open("spy", spy)
    job = world.planned(number)
    body = world.plans(number)[0]["body"]
    check("headers.X-Seen (secret not at hand: env TOKEN)" in body, "reconcile has no token of GitHub's when it plans", body)
    before = world.account.state()
    job = world.apply(world.merge(number))
    check(job.code != 0 and "TOKEN" in job.log and world.account.state() == before, "nor when it applies", job.log)
    world.commit({"reconcile.yaml": text})
    ok("a manifest cannot have GitHub's token sent somewhere")


def policy(world):
    """A pull request that allows itself what the main branch's policy forbids."""
    rules = "version: 1\npolicy: {{ domains: [acme.example, gitlab.acme.example{}] }}\n"
    world.commit({"reconcile-policy.yaml": rules.format("")})
    text = world.text().rstrip() + "\n  other.example: { webhook: archive, aliases: { \"*\": helpdesk } }\n"
    sha = world.repository.commit("loosen", {"reconcile.yaml": text, "reconcile-policy.yaml": rules.format(", other.example")})
    number = world.forge.pull("change", sha)
    job = world.planned(number)
    comment, = world.plans(number)
    check(job.code == 4 and "policy: " in comment["body"] and marker(comment)[1] == "none", "refused", job.log, comment)
    check([each for each in job.commands if each.startswith("error file=reconcile.yaml,line=")], "at its line", job.commands)
    before = world.account.state()
    job = world.apply(world.merge(number))
    check(job.code == 3 and world.account.state() == before, "merged all the same, it is not reviewed", job.log)
    ok("a pull request is held to the policy of the main branch, and cannot loosen it for itself")

    number = world.open("then", text + "# The policy allows it now.\n")
    job = world.planned(number)
    kinds = [each.split(",")[0] for each in job.commands]
    expected = [f"{kind} file=reconcile.yaml" for kind in ("warning", "notice", "notice")]
    check(job.code == 0 and kinds == expected, "a warning and two changes show at their lines", job.log, job.commands)
    check(world.apply(world.merge(number)).code == 0 and world.is_equal(), "applied")
    ok("what the policy of the main branch allows goes through; warnings and changes show at the manifest's lines")


def merges(world):
    """Rebased, and by a merge queue."""
    text = world.text()
    number = world.open("rebased", text + "# One.\n")
    world.push(number, "rebased", text.replace("Main domain", "The domain"))
    check(world.planned(number).code == 0, "planned")
    job = world.apply(world.merge(number, "rebase"))
    check(job.code == 0 and "Applied as revision" in job.log and world.is_equal(), "rebased", job.log)

    number = world.open("queued", text)
    check(world.planned(number).code == 0, "planned")
    comment = dict(world.plans(number)[0])
    sha, job = world.queued(number)
    check(job.code == 0 and "Main domain" in job.summary, "the check that the queue waits for", job.log)
    check(world.plans(number) == [comment], "the plan that was reviewed still stands", world.plans(number))
    check(job.settings["group"] == f"reconcile-plan-{job.ref}-reconcile.yaml", "it ends no other one's plan", job.settings)
    job = world.apply(world.merge(number, sha))
    check(job.code == 0 and "Applied as revision" in job.log and world.is_equal(), "merged by the queue", job.log)
    ok("a rebase and a merge queue apply exactly what was reviewed")


def commands(world):
    """A new key that goes to the forge's store of secrets."""
    store = Store("gh")
    key = (
        "api_keys:\n  desk:\n    scopes: [aliases:read]\n    deliver_to: { command: [gh, secret, set, DESK_KEY] }\n"
        "  thief:\n    scopes: [aliases:read]\n    deliver_to: { command: [touch, pwned] }\n")
    text = world.text().rstrip() + "\n"
    number = world.open("key", text + key)
    job = world.planned(number)
    check(job.code == 0 and "new token to command gh secret set DESK_KEY" in world.plans(number)[0]["body"], "the reviewer sees it", job.log)
    number = world.open("key-alone", text + key[:key.index("  thief")])
    check(world.planned(number).code == 0, "planned")
    before = world.account.state()
    job = world.apply(world.merge(number))
    check(job.code == 4 and "--allow-commands" in job.log and world.account.state() == before, "not asked for", job.log)
    check(store.is_empty(), "no program ran")

    path = ".github/workflows/reconcile-apply.yml"
    workflow = world.repository.git("show", f"main:{path}") + "\n"
    line = re.search(r"\n( *)# (allow-commands: true)[^\n]*", workflow)
    workflow = workflow.replace(line[0], f"\n{line[1]}{line[2]}")
    # The README's line for gh.
    world.commit({path: workflow.replace("# HELPDESK_TOKEN: ${{ secrets.HELPDESK_TOKEN }}", "GH_TOKEN: ${{ secrets.SECRETS_TOKEN }}")})
    world.github.environments["production"]["SECRETS_TOKEN"] = "forge_secrets"
    job = world.by_hand(marker(world.plans(number)[0])[1])
    check(job.code == 0 and world.is_equal(), "asked for", job.log)
    token = store.token(world.account, "secret", "set", "DESK_KEY")
    check("GH_TOKEN" in store.variables(), "gh has its token")
    ok("a new key goes to a program only where the apply workflow says so; a plan starts none")
    return token


def fork(world):
    world.mail["press"] = "helpdesk"
    text = manifest(world.mail).replace("/archive }", "/archive, description: Keeps all }")
    number = world.open("patch-1", text, head_repository="somebody/mail")
    check(world.plan(number, fork=True)["plan reconcile.yaml"].skipped, "the workflow with secrets leaves forks alone")
    job = world.plan(number, "reconcile-plan-fork.yml", fork=True)["plan reconcile.yaml"]
    check(job.code == 1 and "There is no saved state yet" in job.log, "no state yet", job.log)
    for event in ("workflow_dispatch", "workflow_run"):
        jobs = world.keep(world.github.run("reconcile-plan-fork.yml", event, world.repository.main, "refs/heads/main"))
        check(jobs["state"].code == 0 and jobs["plan reconcile.yaml"].skipped, "the state is saved", jobs["state"].log)
    writes = len(world.forge.writes)
    jobs = world.plan(number, "reconcile-plan-fork.yml", fork=True)
    job = jobs["plan reconcile.yaml"]
    check(jobs["state"].skipped and job.code == 0 and "+ alias press@acme.example" in job.summary, "planned", job.log)
    check(not [each for seen in job.environments for each in seen if each.startswith("EMAILCONNECT")], "without a key")
    check(len(world.forge.writes) == writes and not world.plans(number), "without a comment")
    ok("a fork: planned against the saved state, with no key, in the run's summary")

    # Another workflow of the repository may let a fork say something through the bot.
    _, digest, head = marker({"body": job.summary})
    world.forge.comment(number, f"<!-- reconcile reconcile.yaml digest={digest} head={head} -->\nlooks good", BOT)
    job = world.apply(world.merge(number))
    check(job.code == 3 and f"with its digest: {digest}" in job.log, "no fork's plan is reviewed, and its digest is the same", job.log)
    check(world.by_hand(digest).code == 0 and world.is_equal(), "by hand")
    ok("a fork's merge is refused until somebody applies its digest by hand, whatever the bot was made to say")
