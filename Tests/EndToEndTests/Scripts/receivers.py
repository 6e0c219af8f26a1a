#!/usr/bin/env python3
"""Calls the receivers of examples/webhook-receiver as a server does, and as somebody else might: receivers.py EXAMPLES.

Signatures are made with the library of Standard Webhooks and Python's hmac. Each receiver has to answer and print the same.
"""
import base64, datetime, hashlib, hmac, http.client, json, os, re, subprocess, sys, time
from standardwebhooks.webhooks import Webhook

examples, checks = os.path.abspath(sys.argv[1]), 0
NEW, OLD, WRONG = ("whsec_" + base64.b64encode(bytes([number]) * 33).decode() for number in (1, 2, 3))
TEXT = "geheim-ü"

def check(what, isSo, seen=""):
    global checks
    checks += 1
    if not isSo:
        sys.exit(f"FAILED {what}: {seen}")

def body(id, subject="It does not start", sender="jane@customer.example"):
    return json.dumps({
        "type": "email.received", "id": id, "recipient": "support@acme.example",
        "message": {"subject": subject, "from": [{"name": "", "address": sender}] if sender else []}}, ensure_ascii=False).encode()

def asking(code, webhook="wh_1"):
    """A call that asks whether the endpoint wants to be called."""
    return json.dumps({
        "type": "webhook.verification", "id": "whv_1", "created_at": "2026-11-24T08:00:00Z", "webhook": {"id": webhook}, "code": code,
        "expires_at": "2026-11-24T08:15:00Z"}).encode()

def signed(id, content, secret, age=0):
    moment = datetime.datetime.fromtimestamp(int(time.time()) - age, datetime.timezone.utc)
    return {
        "webhook-id": id, "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, moment, content.decode()),
        "X-EmailConnect-Signature": hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}

class Receiver:
    def __init__(self, command, **environment):
        self.process = subprocess.Popen(
            [*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "WEBHOOK_SECRET": NEW, **environment})
        self.port = int(re.search(r"127.0.0.1:(\d+)/$", self.process.stderr.readline().strip())[1])

    def call(self, content, headers, method="POST"):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, "/", content, headers, encode_chunked="Transfer-Encoding" in headers)
        except BrokenPipeError:
            pass  # It has answered before it was told everything.
        answer = line.getresponse()
        self.said = answer.read()
        return answer.status

    def printed(self):
        self.process.terminate()
        said = self.process.communicate(timeout=30)
        check("nothing on standard error", said[1] == "", said[1])
        return said[0].splitlines()

def standard(command):
    """The checks of Standard Webhooks: what comes back for each call, and what was printed."""
    receiver = Receiver(command)
    good, line = body("email_1"), "support@acme.example <- jane@customer.example: It does not start"
    answers = {
        "good": receiver.call(good, signed("email_1", good, NEW)),
        "again": receiver.call(good, signed("email_1", good, NEW, age=5)),
        "another secret": receiver.call(body("email_2"), signed("email_2", body("email_2"), WRONG)),
        "another body": receiver.call(body("email_2", "Pay"), signed("email_2", body("email_2"), NEW)),
        "another id": receiver.call(good, {**signed("email_1", good, NEW), "webhook-id": "email_3"}),
        "another time": receiver.call(good, {**signed("email_1", good, NEW), "webhook-timestamp": str(int(time.time()) - 9)}),
        "old": receiver.call(body("email_2"), signed("email_2", body("email_2"), NEW, age=400)),
        "ahead": receiver.call(body("email_2"), signed("email_2", body("email_2"), NEW, age=-400)),
        "within tolerance": receiver.call(body("email_4"), signed("email_4", body("email_4"), NEW, age=200)),
        "no headers": receiver.call(body("email_5"), {}),
        "plain alone": receiver.call(
            body("email_5"), {"X-EmailConnect-Signature": signed("email_5", body("email_5"), NEW)["X-EmailConnect-Signature"]}),
        "no time": receiver.call(body("email_5"), {**signed("email_5", body("email_5"), NEW), "webhook-timestamp": "soon"}),
        "a letter": receiver.call(body("email_5"), {**signed("email_5", body("email_5"), NEW), "webhook-signature": b"v1,\xff\xfe"}),
        "no JSON": receiver.call(b"{", signed("email_6", b"{", NEW)),
        "no email": receiver.call(b"[]", signed("email_6", b"[]", NEW)),
        "too large": receiver.call(b"", {"Content-Length": str(1 << 30)}),
        "no length": receiver.call(iter([b"x"]), {"Transfer-Encoding": "chunked"}),
        "GET": receiver.call(None, {}, "GET"),
    }
    # Several signatures, as while a secret is changed at the sender.
    two = signed("email_7", body("email_7", None, None), NEW)
    two["webhook-signature"] = f"v1a,x {signed('email_7', body('email_7'), WRONG)['webhook-signature']} {two['webhook-signature']}"
    answers["several"] = receiver.call(body("email_7", None, None), two)
    hostile = body("email_8", "a\nroot@evil.example <- b\x1b[2J\u2028\u202e")
    answers["hostile"] = receiver.call(hostile, signed("email_8", hostile, NEW))
    wanted = {
        "good": 204, "again": 204, "another secret": 401, "another body": 401, "another id": 401, "another time": 401, "old": 401,
        "ahead": 401, "within tolerance": 204, "no headers": 401, "plain alone": 401, "no time": 401, "a letter": 401, "no JSON": 400,
        "no email": 400, "too large": 413, "no length": 411, "GET": 501, "several": 204, "hostile": 204}
    check("the answers", answers == wanted, {name: status for name, status in answers.items() if wanted[name] != status})
    printed = receiver.printed()
    check("the lines", printed == [
        line, line, "support@acme.example <- nobody: (no subject)",
        "support@acme.example <- jane@customer.example: a?root@evil.example <- b?[2J??"], printed)

def verification(command):
    """The code comes back alone, whatever else was sent, and only to who signs."""
    receiver = Receiver(command)
    code = "4fK2x9QaB7cD1eF04fK2x9QaB7cD1eF0"
    def call(content, secret=NEW):
        return receiver.call(content, signed("whv_1", content, secret))
    for _ in range(2):
        check("the code comes back", (call(asking(code)), receiver.said) == (200, code.encode()), receiver.said)
    check("not to who does not sign", call(asking(code), WRONG) == 401 and code.encode() not in receiver.said, receiver.said)
    for wrong in ("", "a b", "<script>", "ü", "x" * 129, None, 5, ["a"]):
        check("no code", (call(asking(wrong)), receiver.said) == (400, b"the body is no email"), receiver.said)
    hostile = asking(code, "wh\n\x1b[2J")
    check("one line", call(hostile) == 200)
    check("mail after that", (call(body("email_1")), receiver.said) == (204, b""), receiver.said)
    printed = receiver.printed()
    check("the lines of verification", printed == [
        "verified: wh_1 calls here", "verified: wh_1 calls here", "verified: wh??[2J calls here",
        "support@acme.example <- jane@customer.example: It does not start"], printed)
    receiver = Receiver(command, WEBHOOK_CHECK="plain")
    check("by the plain signature too", (call(asking(code)), receiver.said) == (200, code.encode()), receiver.said)
    receiver.printed()

def rotation(command):
    receiver = Receiver(command, WEBHOOK_SECRET=f"{NEW} {OLD} {TEXT}")
    statuses = [
        receiver.call(body(f"email_{number}"), signed(f"email_{number}", body(f"email_{number}"), secret))
        for number, secret in enumerate((OLD, NEW, WRONG))]
    check("both secrets while one is changed", statuses == [204, 204, 401], statuses)
    now = int(time.time())
    code = hmac.new(TEXT.encode(), f"email_9.{now}.".encode() + body("email_9"), hashlib.sha256).digest()
    text = {**signed("email_9", body("email_9"), NEW), "webhook-timestamp": str(now), "webhook-signature": "v1," + base64.b64encode(code).decode()}
    check("a secret that is a text", receiver.call(body("email_9"), text) == 204)
    check("three lines", len(receiver.printed()) == 3)

def plain(command):
    receiver = Receiver(command, WEBHOOK_CHECK="plain", WEBHOOK_SECRET=f"{NEW} {OLD}")
    def call(id, secret, content=None):
        content = content or body(id)
        return receiver.call(content, {"X-EmailConnect-Signature": hmac.new(secret.encode(), body(id), hashlib.sha256).hexdigest()})
    statuses = [call("email_1", NEW), call("email_1", NEW), call("email_2", OLD), call("email_3", WRONG), call("email_3", NEW, body("email_4"))]
    check("the plain signature", statuses == [204, 204, 204, 401, 401], statuses)
    check("no signature", receiver.call(body("email_5"), {}) == 401)
    check("each id once", len(receiver.printed()) == 2)

for command in (["python3", f"{examples}/receiver.py"], ["node", f"{examples}/receiver.js"]):
    standard(command)
    verification(command)
    rotation(command)
    plain(command)
    ended = subprocess.run([*command, "0"], env={**os.environ, "WEBHOOK_SECRET": ""}, capture_output=True, text=True, timeout=30)
    check("no secret is an error", ended.returncode == 1 and "WEBHOOK_SECRET is empty" in ended.stderr, ended)
print(f"{checks} checks passed")
