#!/usr/bin/env python3
"""Turns to TLS as mail servers do, and as somebody between them would like to: starttls.py BINARY FOLDER.

With Python's smtplib and ssl, with swaks, and with a socket that sends more than it should.
"""
import json, os, re, smtplib, socket, ssl, subprocess, sys
sys.dont_write_bytecode = True
from mail_tools import Endpoint, Server, check, finish

binary = os.path.abspath(sys.argv[1])
os.chdir(sys.argv[2])
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "mail.key", "-out", "mail.crt", "-days", "2", "-subj",
     "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True, timeout=60)
trusting = ssl.create_default_context(cafile="mail.crt")
endpoint = Endpoint()
TO = "support@acme.example"

def seen(subject):
    """The lines Received of the mail with a subject, once its call has come."""
    calls = lambda: [each for each in (json.loads(body)["message"] for _, _, body, _ in list(endpoint.got)) if each["subject"] == subject]
    endpoint.wait(f"the call for {subject}", calls)
    return [each["value"] for each in calls()[0]["headers"] if each["name"] == "Received"]

def client():
    return smtplib.SMTP("127.0.0.1", server.smtp, timeout=30)

def talk(*sends):
    """Sends these, each when the one before was answered; what came back until the server closes the line."""
    got = []
    with socket.create_connection(("127.0.0.1", server.smtp), 30) as line:
        got.append(line.recv(4096))
        for bytes in sends:
            line.sendall(bytes)
            got.append(line.recv(4096))
        try:
            while got[-1]:
                got.append(line.recv(4096))
        except ConnectionResetError:
            pass
    return b"".join(got)

server = Server(binary, "--allow-webhook-net", "127.0.0.0/8")
with server:
    server.start()
    webhook = server.make("/v1/webhooks", {"url": f"{endpoint.url}/"})
    server.make("/v1/domains", {"name": "acme.example", "webhook_id": webhook["id"]})
    with client() as plain:
        plain.ehlo("client.example")
        check("no certificate, no STARTTLS", "starttls" not in plain.esmtp_features and plain.docmd("STARTTLS")[0] == 500)
        plain.sendmail("a@customer.example", TO, "Subject: plain\r\n\r\nx")
    line = seen("plain")
    check("a mail in plain text says so", re.fullmatch(
        r"from client\.example \(\[127\.0\.0\.1\]\) by reconcile with ESMTP;\s\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", line[0]), line)
    server.kill()

    server.start("--smtp-cert", "mail.crt", "--smtp-key", "mail.key")
    with client() as secure:
        secure.ehlo("before.example")
        check("STARTTLS is offered", "starttls" in secure.esmtp_features, secure.esmtp_features)
        check("with a parameter it is refused", secure.docmd("STARTTLS", "now")[0] == 501)
        check("an envelope in plain text", secure.mail("evil@customer.example")[0] == 250 and secure.rcpt(TO)[0] == 250)
        check("TLS", secure.starttls(context=trusting)[0] == 220)
        check("at least 1.2", secure.sock.version() in ("TLSv1.2", "TLSv1.3"), secure.sock.version())
        check("the envelope is forgotten", secure.docmd("DATA")[0] == 503 and secure.rcpt(TO)[0] == 503)
        check("so is the greeting", secure.docmd("MAIL", f"FROM:<a@customer.example>")[0] == 503)
        secure.ehlo("client.example")
        check("it is not offered again", "starttls" not in secure.esmtp_features and "size" in secure.esmtp_features, secure.esmtp_features)
        check("nor done twice", secure.docmd("STARTTLS")[0] == 503)
        secure.sendmail("a@customer.example", TO, "Subject: encrypted\r\nReceived: from elsewhere\r\n\r\nx" + "y" * 100_000)
    line = seen("encrypted")
    check("Received says ESMTPS, on top of what came", " with ESMTPS;" in line[0] and line[1] == "from elsewhere", line)
    with client() as doubting:
        try:
            doubting.starttls(context=ssl.create_default_context())
            check("a certificate that nobody vouches for is refused by the client", False)
        except ssl.SSLCertVerificationError:
            pass
    sent = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{server.smtp}", "--tls", "--tls-verify", "--tls-ca-path", "mail.crt", "--from", "a@customer.example",
         "--to", TO, "--helo", "swaks.example", "--h-Subject", "by swaks"], capture_output=True, text=True, timeout=60)
    check("swaks", sent.returncode == 0 and "TLS started" in sent.stdout, sent.stdout + sent.stderr)
    check("swaks's mail", "from swaks.example" in seen("by swaks")[0])
    with client() as odd:
        odd.docmd("HELO", "a (evil)\tb")
        odd.docmd("MAIL", "FROM:<a@customer.example>")
        odd.docmd("RCPT", f"TO:<{TO}>")
        odd.docmd("DATA")
        odd.send("Subject: odd\r\n\r\nx\r\n.\r\n")
        check("a name that is none", odd.getreply()[0] == 250)
    line = seen("odd")
    check("a name that is none is not repeated", line[0].startswith("from unknown ([127.0.0.1]) by reconcile with SMTP;"), line)

    behind = b"MAIL FROM:<evil@customer.example>\r\nRCPT TO:<" + TO.encode() + b">\r\n"
    said = talk(b"EHLO c\r\n", b"STARTTLS\r\n" + behind)
    check("what comes behind STARTTLS is refused, and the line closed", said.endswith(b"\r\n554 5.5.1 Nothing may come behind STARTTLS\r\n"), said)
    said = talk(b"EHLO c\r\n", b"STARTTLS\r\nNOO")
    check("so is half a command", said.endswith(b"\r\n554 5.5.1 Nothing may come behind STARTTLS\r\n"), said)
    said = talk(b"EHLO c\r\n", b"STARTTLS\r\n", behind)
    after = said.split(b"\r\n220 2.0.0 Speak TLS\r\n")
    check("plain text instead of TLS is answered by nothing in plain text", len(after) == 2 and b"250" not in after[1], said)
    for _ in range(20):
        # In a packet of its own: it may come before the server has turned to TLS, while it does, or after.
        with socket.create_connection(("127.0.0.1", server.smtp), 30) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.recv(4096)
            line.sendall(b"STARTTLS\r\n")
            line.sendall(b"RSET\r\n")
            # 220, or at once 554; more of it may be the server's word on what is no TLS.
            line.recv(4096)
            try:
                trusting.wrap_socket(line, server_hostname="localhost")
                check("what somebody has put in between ends the connection", False)
            except OSError as error:
                check("not by waiting", not isinstance(error, TimeoutError), error)
    with client() as twice:
        twice.ehlo("client.example")
        twice.sock.sendall(b"STARTTLS\r\n")
        check("ready", twice.getreply()[0] == 220)
        # A handshake in two pieces: the first bytes of it are no command.
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = trusting.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                hello = outgoing.read()
                for piece in (hello[:3], hello[3:]):
                    twice.sock.sendall(piece)
                incoming.write(twice.sock.recv(65536))
        twice.sock.sendall(outgoing.read())
        check("a handshake in pieces", secure.version() in ("TLSv1.2", "TLSv1.3"))
    server.kill()

    server.start("--tls-cert", "mail.crt", "--tls-key", "mail.key")
    with client() as secure:
        check("one certificate is enough for HTTP and mail", secure.starttls(context=trusting)[0] == 220)
    for arguments, code, words in (
        (["--smtp-cert", "mail.crt"], 64, "--smtp-cert and --smtp-key go together"),
        (["--smtp-cert", "none.crt", "--smtp-key", "mail.key"], 1, "none.crt: there is no such file"),
        (["--smtp-cert", "mail.key", "--smtp-key", "mail.crt"], 1, "mail.key has no certificate in PEM"),
        (["--retry-pauses", "5"], 64, "--retry-pauses takes durations as in 5s,5m,1h"), (["--retry-pauses", "2d"], 64, "24h at most"),
        (["--retry-pauses", ",".join(["1s"] * 21)], 64, "at most 20 pauses"), (["--retry-pauses", "1s,"], 64, "not a duration"),
    ):
        ended = subprocess.run(
            [binary, "serve", "--db", "a.db", "--port", "0", "--smtp", "0", *arguments], capture_output=True, text=True, timeout=60)
        check(f"{arguments}", ended.returncode == code and words in ended.stderr, ended)
finish()
