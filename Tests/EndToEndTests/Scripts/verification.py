#!/usr/bin/env python3
"""Publishes what `reconcile dns` prints, as a domain's owner would, and answers a webhook's verification: verification.py BINARY FOLDER.

Each form is read by those that it is for: the zone's file by dnspython (and by named-checkzone where it is installed), octoDNS's by
octoDNS, Terraform's by a parser of HCL. All have to say the same. The server looks records up in the file that was printed.
"""
import http.client, http.server, json, os, re, shutil, signal, subprocess, sys, threading
import dns.rdatatype, dns.zone, hcl2
from octodns.provider.yaml import YamlProvider
from octodns.zone import Zone
from standardwebhooks.webhooks import Webhook

binary, checks = os.path.abspath(sys.argv[1]), 0
os.chdir(sys.argv[2])
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
got = []

def check(what, isSo, seen=""):
    global checks
    checks += 1
    if not isSo:
        sys.exit(f"FAILED {what}: {seen}")

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got.append((self.path, dict(self.headers.items()), body))
        code = json.loads(body)["code"]
        answer = {"/echo": json.dumps({"code": code}), "/mirror": body.decode(), "/plain": code + "\n"}.get(self.path, "thank you")
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass

receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{receiver.server_port}"

def start(*more):
    global server, port, key
    server = subprocess.Popen(
        [binary, "serve", "--db", "a.db", "--port", "0", "--key-file", "key", "--no-rate-limits", "--quiet", *more], stdout=subprocess.PIPE,
        text=True, stderr=open("serve.log", "a"), env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
    said = re.search(r"listening on http://127.0.0.1:(\d+)/", server.stdout.readline())
    check("a server", said, open("serve.log").read())
    port, key = int(said[1]), open("key").read().strip()

def reconcile(*words, code=0, key=None):
    variables = dict(EMAILCONNECT_URL=f"http://127.0.0.1:{port}/v1", EMAILCONNECT_API_KEY=key or globals()["key"], PATH=os.environ["PATH"])
    result = subprocess.run([binary, *words], capture_output=True, text=True, env=variables)
    check(f"reconcile {' '.join(words)}", result.returncode == code, f"{result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout, result.stderr

def ask(method, path, value=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}"} | ({} if value is None else {"Content-Type": "application/json"})
    connection.request(method, path, None if value is None else json.dumps(value), headers)
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None

def of_json(text):
    """What the account wants, as (name, type, what it says)."""
    return {(each["name"], each["type"], f"{each['priority']} {each['value']}." if each["type"] == "MX" else each["value"])
            for domain in json.loads(text)["domains"] for each in domain["dns_records"]}

def of_zone(text, zone):
    head = f"$TTL 60\n{zone}. IN SOA ns1.host.example. root.host.example. 1 7200 3600 1209600 60\n{zone}. IN NS ns1.host.example.\n"
    read = dns.zone.from_text(head + text, origin=f"{zone}.", relativize=False)
    if shutil.which("named-checkzone"):
        open("checked.zone", "w").write(head + text)
        result = subprocess.run(["named-checkzone", "-i", "none", zone, "checked.zone"], capture_output=True, text=True)
        check("named-checkzone", result.returncode == 0, result.stdout)
    return {(str(name).rstrip("."), dns.rdatatype.to_text(data.rdtype), data.to_text().strip('"'))
            for name, _, data in read.iterate_rdatas() if data.rdtype in (dns.rdatatype.MX, dns.rdatatype.TXT)}

def of_octodns(folder, zone):
    read = Zone(f"{zone}.", [])
    # It is strict: also about the order of names and about what they may be.
    YamlProvider("published", folder).populate(read)
    found = set()
    for record in read.records:
        for value in record.values:
            said = f"{value.preference} {value.exchange}" if record._type == "MX" else value
            found.add((record.fqdn.rstrip("."), record._type, said))
    return found

def of_terraform(text):
    found, names = set(), set()
    bare = lambda value: value[1:-1] if isinstance(value, str) and value.startswith('"') else value
    for block in hcl2.loads(text)["resource"]:
        for type, resources in block.items():
            for name, values in resources.items():
                type, name, values = bare(type), bare(name), {bare(key): bare(value) for key, value in values.items()}
                check(f"one resource {name}", (type, name) not in names)
                names.add((type, name))
                full = f"{values['name']}.{values['zone']}" if "name" in values else values["zone"]
                if type == "dns_mx_record_set":
                    for each in values["mx"]:
                        found.add((full.rstrip("."), "MX", f"{each['preference']} {bare(each['exchange'])}"))
                else:
                    for each in values["txt"]:
                        found.add((full.rstrip("."), "TXT", bare(each)))
    return found

try:
    open("zone", "w").close()
    start("--allow-webhook-net", "127.0.0.0/8", "--mail-host", "mail.host.example", "--dns-file", "zone", "--log-level", "info")
    below = ["a9", "a10", "b", "9a", "10a", "1-2", "shop", "xn--mnchen-3ya"]
    # The longest name has no room below it: both of its records stand at the name itself.
    longest = ".".join(["a" * 58] * 4 + ["test"])
    names = ["acme.example"] + [f"{label}.acme.example" for label in below] + ["1st.example", "a-b.example", "a.b.example"]
    open("reconcile.yaml", "w").write(
        "version: 1\nmanifest: acme\nenvironment: test\nwebhooks:\n  hook: { url: https://hooks.acme.example/in }\ndomains:\n"
        + "".join(f"  {name}: {{ webhook: hook }}\n" for name in names + [longest]))
    _, errors = reconcile("dns", code=1)
    check("what is not there yet", "the account has no domain acme.example; reconcile apply makes those" in errors, errors)
    reconcile("apply", "--auto-approve")

    reader = ask("POST", "/v1/api-keys", {"scopes": ["domains:read"]})[1]["api_key"]
    wanted = of_json(reconcile("dns", "--format", "json", key=reader)[0])
    check("two records a domain", len(wanted) == 2 * len(names) + 2, wanted)
    _, errors = reconcile("dns", "--check", code=1, key=reader)
    check("what --check takes", "lacks the scope domains:write" in errors, errors)
    before = open("serve.log").read().count("route=")
    table, _ = reconcile("dns")
    check("one request", open("serve.log").read().count("route=") == before + 1, open("serve.log").read())
    check("a table", table.startswith("1-2.acme.example  pending\n  MX   1-2.acme.example                10 mail.host.example\n"), table)

    text, _ = reconcile("dns", "--format", "terraform")
    check("Terraform", of_terraform(text) == wanted, text)
    text, _ = reconcile("dns", "--format", "terraform", "--zone", "acme.example")
    check("Terraform, one zone", of_terraform(text) == wanted and text.count('zone = "acme.example."') == 18, text)

    for form, read, ending in (("zone", lambda zone: of_zone(open(f"out-zone/{zone}.zone").read(), zone), "zone"),
                               ("octodns", lambda zone: of_octodns("out-octodns", zone), "yaml")):
        for zones, options in ((names, []), (["acme.example"] + names[-3:], ["--zone", "acme.example"])):
            shutil.rmtree(f"out-{form}", ignore_errors=True)
            reconcile("dns", "--format", form, "--out", f"out-{form}", *options, *(f"--domain={name}" for name in names))
            check(f"{form}: a file for each zone", sorted(os.listdir(f"out-{form}")) == sorted(f"{zone}.{ending}" for zone in zones))
            check(f"{form} says the same", set().union(*(read(zone) for zone in zones)) == {each for each in wanted if each[0] != longest})
    text, _ = reconcile("dns", "--format", "zone", "--domain", longest)
    check("the longest name", of_zone(text, longest) == {each for each in wanted if each[0] == longest}, text)
    text, _ = reconcile("dns", "--format", "octodns", "--domain", longest)
    os.mkdir("alone")
    open(f"alone/{longest}.yaml", "w").write(text)
    check("the longest name for octoDNS", of_octodns("alone", longest) == {each for each in wanted if each[0] == longest}, text)
    alone, _ = reconcile("dns", "--format", "octodns", "--domain", "acme.example")
    check("one zone goes to standard output", alone.startswith("---\n'':\n"), alone)
    reconcile("dns", "--format", "octodns", code=64)

    text, _ = reconcile("dns", "--format", "zone")
    open("zone", "w").write(text)
    table, _ = reconcile("dns", "--check")
    check("all are there", table.count("  verified (checked ") == len(names) + 1 and "<-" not in table, table)
    open("zone", "w").write(text.replace("10 mail.host.example.", "10 mail.old.example.").replace("_emailconnect.shop", "shop"))
    table, _ = reconcile("dns", "--check", "--domain", "acme.example", code=1)
    check("what is otherwise", '10 mail.host.example  <- there is "10 mail.old.example"' in table, table)
    output, _ = reconcile("dns", "--check", "--domain", "acme.example", "--format", "json", code=1)
    check("for programs", json.loads(output)["exit"] == {"code": 1, "reason": "failed"} and json.loads(output)["errors"], output)
    table, _ = reconcile("dns", "--domain", "acme.example")
    check("it is written down", table.startswith("acme.example  failed (checked "), table)
    output, _ = reconcile("audit", "--fail-on", "none")
    check("an audit finds it", "domain acme.example lacks DNS records" in output and "domain b.acme.example" not in output, output)

    check("nothing of it is configuration", "no changes" in reconcile("plan", "--detailed-exitcode")[0])
    for path, verified in (("/echo", True), ("/plain", True), ("/mirror", False), ("/deaf", False), ("/broken", False)):
        status, hook = ask("POST", "/v1/webhooks", {"url": endpoint + path, "signing_secret": SECRET})
        check("a webhook", status == 201, hook)
        status, answer = ask("POST", f"/v1/webhooks/{hook['id']}/verify")
        check(f"{path} is{'' if verified else ' not'} verified", status == 200 and answer["verified"] == verified, answer)
        _, headers, body = got[-1]
        Webhook(SECRET).verify(body, headers)  # It throws.
        check("the id", json.loads(body)["id"] == headers["webhook-id"], headers)
        if not verified:
            check("a wrong code", ask("POST", f"/v1/webhooks/{hook['id']}/verify/complete", {"code": "wrong"})[0] == 409)
            status, answer = ask("POST", f"/v1/webhooks/{hook['id']}/verify/complete", {"code": json.loads(body)["code"]})
            check("whoever reads the code completes it", status == 200 and answer["verified"], answer)
    hook = ask("POST", "/v1/webhooks", {"url": "http://localhost.example.invalid/"})[1]
    check("a host that is not there", ask("POST", f"/v1/webhooks/{hook['id']}/verify")[1]["failure"] == "unresolvable")

    server.send_signal(signal.SIGTERM)
    server.wait()
    # Without the option that lets webhooks into this network: what is there already is not called.
    calls = len(got)
    start("--dns-file", "zone")
    hooks = [each for each in ask("GET", "/v1/webhooks")[1]["data"] if (each["url"] or "").startswith(endpoint)]
    for hook in hooks:
        check("a private address", ask("POST", f"/v1/webhooks/{hook['id']}/verify")[1]["failure"] == "address_refused", hook)
    check("nobody was called", len(hooks) == 5 and len(got) == calls, hooks)
    check("the mail host is kept", "10 mail.host.example." in reconcile("dns", "--format", "zone", "--domain", "b.acme.example")[0])
    server.send_signal(signal.SIGTERM)
    server.wait()
    open("broken", "w").write("a.example. TXT\n")
    result = subprocess.run([binary, "serve", "--db", "a.db", "--dns-file", "broken"], capture_output=True, text=True)
    check("a file that is none", result.returncode == 1 and "--dns-file broken: line 1: TXT takes one text or more" in result.stderr, result)
    print(f"{checks} checks passed")
finally:
    server.kill()
