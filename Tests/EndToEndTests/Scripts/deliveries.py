#!/usr/bin/env python3
"""Receives what a server delivers, as a webhook's owner would: deliveries.py BINARY FOLDER.

Each request's signatures are verified with Python's hmac and with the library of Standard Webhooks, over the bytes that came. The server
is killed (SIGKILL) while a delivery is under way and while mail comes in: what was answered for has to arrive, under the same id. Mail
comes in by the API, and by SMTP from Python's smtplib, from swaks, and from a socket.
"""
import base64, email.message, hashlib, hmac, json, os, re, smtplib, socket, sqlite3, subprocess, sys, threading
from standardwebhooks.webhooks import Webhook
sys.dont_write_bytecode = True
from mail_tools import Endpoint, Server, check, finish

binary = os.path.abspath(sys.argv[1])
os.chdir(sys.argv[2])
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
hold, held = threading.Event(), threading.Event()
hold.set()

def answer(headers):
    held.set()
    hold.wait(30)
    return 200, "thank you, " + headers.get("Authorization", "")

endpoint, server = Endpoint(answer), Server(binary)
got, wait = endpoint.got, endpoint.wait

def mail(to, subject):
    status, answer = server.ask(
        "POST", "/v1/emails", f"From: Jane <jane@customer.example>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nBody.\r\n".encode(), "message/rfc822")
    check(f"mail to {to}", status == 202 and answer["data"][0]["status"] == "queued", answer)
    return answer["data"][0]["id"]

def ids(path=None):
    return {headers["webhook-id"] for each, headers, *_ in got if path in (None, each)}

def verify(headers, body, secret):
    plain = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    check("X-EmailConnect-Signature", headers["X-EmailConnect-Signature"] == plain, headers)
    Webhook(secret).verify(body, headers)  # It throws; also when the time is not about now.
    check("the id", json.loads(body)["id"] == headers["webhook-id"], headers)

with server:
    server.start("--allow-webhook-net", "127.0.0.0/8")
    domain = server.make("/v1/domains", {"name": "acme.example"})
    for name, more in (("support", {"signing_secret": SECRET, "secret_headers": {"Authorization": "Bearer t0ken"}}), ("made", {})):
        alias = server.make("/v1/aliases", {"domain": "acme.example", "name": name})
        server.make("/v1/webhooks", {"alias_id": alias["id"], "url": f"{endpoint.url}/{name}", **more})
    first = mail("support@acme.example", "Grüße".encode().decode("latin-1"))
    wait("the first delivery", lambda: first in ids())
    headers, body = next((headers, body) for _, headers, body, _ in got if headers["webhook-id"] == first)
    verify(headers, body, SECRET)
    check("the webhook's header", headers["Authorization"] == "Bearer t0ken" and headers["Content-Type"] == "application/json", headers)

    second = mail("made@acme.example", "signed with the server's own secret")
    wait("a delivery", lambda: second in ids("/made"))
    database = sqlite3.connect("file:a.db?mode=ro", uri=True)
    own, = database.execute("SELECT value FROM webhook_secrets WHERE field = 'signing_secret' AND server_made = 1").fetchone()
    verify(*next((headers, body) for path, headers, body, _ in got if path == "/made"), own)

    hold.clear()
    held.clear()
    third = mail("support@acme.example", "while the server is killed")
    check("a delivery under way", held.wait(30))
    server.kill()
    hold.set()
    wait("what was under way", lambda: third in ids())
    got.clear()
    server.start("--allow-webhook-net", "127.0.0.0/8")
    wait("the same again after the kill", lambda: third in ids())
    verify(*next((headers, body) for _, headers, body, _ in got if headers["webhook-id"] == third), SECRET)

    accepted = []
    for round in range(3):
        accepted += [mail("support@acme.example", f"number {number}") for number in range(12)]
        server.kill()
        server.start("--allow-webhook-net", "127.0.0.0/8")
    wait("everything that was answered for", lambda: set(accepted) <= ids())
    for path, headers, body, _ in got:
        verify(headers, body, SECRET if path == "/support" else own)

    got.clear()
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=30) as client:
        client.ehlo("client.example")
        check("the extensions", {"size", "8bitmime", "smtputf8", "pipelining"} <= set(client.esmtp_features), client.esmtp_features)
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = "J\u00fcrgen <j@customer.example>", "support@acme.example", "Gr\u00fc\u00dfe"
        message.set_content(".a line with a dot\n..and one with two\n\u00fc\n", cte="8bit")
        message.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="all.bin")
        refused = client.send_message(message, "bounce@customer.example", ["support@acme.example", "nobody@acme.example"])
        check("an unknown recipient", refused["nobody@acme.example"][0] == 550, refused)
        for address, code in (("a@elsewhere.example", 550), ("nobody@acme.example", 550)):
            try:
                client.sendmail("bounce@customer.example", address, "Subject: relay\r\n\r\nx")
                check("no relaying", False)
            except smtplib.SMTPRecipientsRefused as error:
                check("no relaying", error.recipients[address][0] == code, error)
        client.sendmail("\u00fc@customer.example", "support@acme.example", "Subject: utf8\r\n\r\nx", ["SMTPUTF8"])
    wait("two messages by smtplib", lambda: all(any(part in body for *_, body, _ in got) for part in (b"all.bin", b'"utf8"')))
    for path, headers, body, _ in got:
        verify(headers, body, SECRET if path == "/support" else own)
    read = next(json.loads(body)["message"] for *_, body, _ in got if b"all.bin" in body)
    check("the text", read["text"] == ".a line with a dot\n..and one with two\n\u00fc\n" and read["subject"] == "Gr\u00fc\u00dfe", read)
    check("the attachment", base64.b64decode(read["attachments"][0]["content"]) == bytes(range(256)), read["attachments"])

    got.clear()
    def swaks(*more):
        return subprocess.run(
            ["swaks", "--server", "127.0.0.1", "--port", str(server.smtp), "--from", "a@customer.example", "--pipeline", *more],
            capture_output=True, text=True, timeout=60)
    sent = swaks("--to", "support@acme.example", "--header", "Subject: by swaks", "--attach", "@key")
    check("swaks", sent.returncode == 0, sent.stdout + sent.stderr)
    check("swaks, to nobody", swaks("--to", "nobody@acme.example").returncode != 0)
    wait("a message by swaks", lambda: any(b"by swaks" in body for *_, body, _ in got))

    with socket.create_connection(("127.0.0.1", server.smtp), 30) as line:
        line.sendall(
            b"EHLO c\r\nMAIL FROM:<a@customer.example>\r\nRCPT TO:<support@acme.example>\r\nRCPT TO:<x@elsewhere.example>\r\nDATA\r\n"
            b"Subject: pipelined\r\n\r\nsmuggled\n.\r\nMAIL FROM:<evil@customer.example>\r\n.\r\nQUIT\r\n")
        codes = re.findall(r"^(\d+) ", line.makefile().read(), re.M)
    check("a pipeline", codes == ["220", "250", "250", "250", "550", "354", "250", "221"], codes)
    wait("a pipelined message", lambda: any(b"pipelined" in body and b"evil@" in body for *_, body, _ in got))

    got.clear()
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=30) as client:
        client.sendmail("a@customer.example", "support@acme.example", "Subject: before the kill\r\n\r\nx")
        server.kill()
        client.close()
    server.start("--allow-webhook-net", "127.0.0.0/8")
    wait("what SMTP has answered for", lambda: any(b"before the kill" in body for *_, body, _ in got))
    taken = subprocess.run(
        [binary, "serve", "--db", "b.db", "--port", "0", "--key-file", "b", "--smtp", str(server.smtp)], capture_output=True, text=True, timeout=60)
    check("a port that is taken", taken.returncode == 1 and "cannot listen for mail at 127.0.0.1 port" in taken.stderr, taken)

    server.kill()
    got.clear()
    server.start()
    last = mail("support@acme.example", "to where this server does not send")
    attempts = []
    while not attempts:
        attempts = server.ask("GET", f"/v1/emails/{last}")[1]["deliveries"]
    check("a private address", attempts[0]["failure"] == "address_refused" and last not in ids(), attempts)
    server.process.terminate()
    check("the end", server.process.wait(30) == 0)
    log = open("serve.log").read()
    check("no secret in the log", "t0ken" not in log and SECRET not in log and own not in log and "jane@" not in log, log)
    shown = json.dumps(sorted(str(row) for row in database.execute("SELECT excerpt FROM deliveries")))
    check("no secret in an excerpt", "thank you, ***" in shown and "t0ken" not in shown, shown)
finish()
