#!/usr/bin/env python3
"""Mails in, webhook calls out, none lost: many-mails.py BINARY FOLDER MAILS KILLS.

The endpoint refuses one attempt in three, and the server is killed (SIGKILL) while mail comes in and goes out. Mail comes by SMTP and by
the API; what was not answered for is sent again, as a mail server does. Each mail that was answered for has to be delivered, an email has
the same webhook-id and the same bytes on every attempt, and the server's own log has to say what the endpoint has seen.
"""
import collections, hashlib, http.client, json, os, smtplib, sqlite3, sys, threading, time
from standardwebhooks.webhooks import Webhook
sys.dont_write_bytecode = True
from mail_tools import Endpoint, Server, check, finish

binary, mails, kills = os.path.abspath(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4])
os.chdir(sys.argv[2])
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOKS, SENDERS = 4, 4
attempts = collections.Counter()

def answer(headers):
    """Refuses one attempt in three; which, is given by the id and how often it came."""
    id = headers["webhook-id"]
    attempts[id] += 1
    isRefused = attempts[id] < 9 and hashlib.sha256(f"{id} {attempts[id]}".encode()).digest()[0] % 3 == 0
    return (503, "later") if isRefused else (204, "")

endpoint = Endpoint(answer)
sent = collections.Counter()  # How often each mail was sent, by its number.
accepted = {}  # The ids that the API has answered with.
isUp = threading.Event()

def message(number):
    return f"From: jane@customer.example\r\nTo: a{number % WEBHOOKS}@acme.example\r\nSubject: {number}\r\n\r\nBody {number}\r\n".encode()

def by_smtp(number):
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=30) as client:
        client.sendmail("jane@customer.example", f"a{number % WEBHOOKS}@acme.example", message(number))

def by_api(number):
    status, answer = server.ask("POST", "/v1/emails", message(number), "message/rfc822")
    check("a mail by the API", status == 202, answer)
    accepted[number] = answer["data"][0]["id"]

def send(first):
    for number in range(first, mails, SENDERS):
        while True:
            isUp.wait()
            sent[number] += 1
            try:
                by_smtp(number) if number % 2 else by_api(number)
                break
            except (OSError, smtplib.SMTPException, http.client.HTTPException):
                pass  # Killed: nobody has answered for it.

server = Server(binary, "--allow-webhook-net", "127.0.0.0/8", "--retry-pauses", ",".join(["1s"] * 20))
with server:
    server.start()
    isUp.set()
    server.make("/v1/domains", {"name": "acme.example"})
    for number in range(WEBHOOKS):
        alias = server.make("/v1/aliases", {"domain": "acme.example", "name": f"a{number}"})
        server.make("/v1/webhooks", {"alias_id": alias["id"], "url": f"{endpoint.url}/", "signing_secret": SECRET})
    senders = [threading.Thread(target=send, args=(first,), daemon=True) for first in range(SENDERS)]
    for sender in senders:
        sender.start()
    for kill in range(kills):
        # Spread over the calls that there will be at least.
        endpoint.wait("calls before the next kill", lambda: len(endpoint.got) >= mails * (kill + 1) // (kills + 1))
        isUp.clear()
        server.kill()
        server.start()
        isUp.set()
    for sender in senders:
        sender.join(300)
    check("every mail was answered for", not any(sender.is_alive() for sender in senders), len(sent))

    def delivered():
        return {headers["webhook-id"]: body for _, headers, body, status in endpoint.got if status == 204}
    numbers = lambda: {int(json.loads(body)["message"]["subject"]) for body in delivered().values()}
    endpoint.wait("every mail arrives", lambda: numbers() == set(range(mails)), 300)
    deadline = time.monotonic() + 60
    while server.ask("GET", "/v1/emails?status=queued&limit=1")[1]["total"] and time.monotonic() < deadline:
        pass

    bodies, ids = {}, collections.defaultdict(set)
    for _, headers, body, _ in endpoint.got:
        Webhook(SECRET).verify(body, headers)
        id = headers["webhook-id"]
        check("an email has the same bytes on every attempt", bodies.setdefault(id, body) == body, id)
        ids[int(json.loads(body)["message"]["subject"])].add(id)
    check("no more emails of a mail than it was sent", all(len(ids[number]) <= sent[number] for number in ids), ids)
    check("the ids of the API are those of the calls", all(id in ids[number] for number, id in accepted.items()))
    total = {status: server.ask("GET", f"/v1/emails?status={status}&limit=1")[1]["total"] for status in ("delivered", "failed", "queued")}
    check("the log says the same", total == {"delivered": len(delivered()), "failed": 0, "queued": 0}, (total, len(delivered())))
    metrics = server.ask("GET", "/metrics")[1]
    check("nothing waits", "\nreconcile_email_queue_length 0\n" in metrics and "\nreconcile_webhooks_suspended 0\n" in metrics, metrics)
    server.process.terminate()
    check("the end", server.process.wait(30) == 0)
database = sqlite3.connect("file:a.db?mode=ro", uri=True)
check("the database is whole", database.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
check("one row for each attempt that came to its end", database.execute("SELECT count(*) FROM deliveries").fetchone()[0] <= len(endpoint.got))
refused = sum(status != 204 for *_, status in endpoint.got)
check("one in three was refused", mails < 200 or 0.25 < refused / len(endpoint.got) < 0.42, (refused, len(endpoint.got)))
again = sum(count > 1 for count in sent.values())
print(f"{mails} mails, {len(bodies)} emails ({again} mails sent again), {len(endpoint.got)} calls, {refused} refused, {kills} kills")
finish()
