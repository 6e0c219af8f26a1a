#!/usr/bin/env python3
"""Drives the server's web pages in Chromium, as somebody would, and checks what they show and what they refuse.

  browser.py BINARY FOLDER SWAGGER_UI

Needs chromium and chromedriver, and Python's selenium and requests. FOLDER gets the database and pictures of the pages;
SWAGGER_UI is the folder of Swagger UI's files. Prints a line for each check; ends with 1 at the first that fails.
"""
import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys

import requests
from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

TABS = {"/settings/api-keys": "API Keys", "/settings/domains": "Domains", "/settings/webhooks": "Webhooks", "/settings/activity": "Activity"}
HOSTILE = '"><img src=x onerror=alert(1)>'
LONG = "n" * 120
COOKIE = "reconcile_session"
passed = 0


class Failed(Exception):
    """A check that does not hold."""


def check(holds, sentence, found=""):
    global passed
    if not holds:
        raise Failed(f"not so: {sentence}" + (f"; found {found}" if found != "" else ""))
    passed += 1
    print(f"ok: {sentence}", flush=True)


class Server:
    """A server on a database of its own."""

    def __init__(self, binary, folder, *arguments):
        os.makedirs(folder, exist_ok=True)
        self.binary, self.folder = binary, folder
        log = open(os.path.join(folder, "log"), "w")
        self.process = subprocess.Popen(
            [binary, "serve", "--db", "server.db", "--port", "0", "--key-file", "key", "--no-rate-limits", *arguments],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()

    def __enter__(self):
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], 60)
            line = self.process.stdout.readline() if ready else ""
            found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)/v1\n", line)
            if not found:
                raise Failed(f"the server does not listen; it wrote {line!r}, and see {self.folder}/log")
            self.url = found[1]
            with open(os.path.join(self.folder, "key")) as file:
                self.key = file.read().strip()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, key=None, **more):
        """Sends a request beside the browser."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, headers=headers, timeout=30, allow_redirects=False, **more)

    def status(self, path, key):
        return self.ask("GET", path, key).status_code

    def link(self):
        arguments = [self.binary, "serve", "link", "--db", "server.db", "--url", self.url]
        text = subprocess.run(arguments, cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
        return text.strip()[len(self.url):]


class Browser:
    """Chromium, without a window, that finds nothing but this machine."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
        if None in programs.values():
            raise Failed("chromium or chromedriver is missing; apt-get install chromium chromium-driver")
        options = webdriver.ChromeOptions()
        options.binary_location = programs["chromium"]
        for flag in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
            "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={os.path.join(folder, 'profile')}",
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(programs["chromedriver"], env={**os.environ, "HOME": folder})
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(60)
        self.command("Emulation.setScrollbarsHidden", hidden=True)
        self.size(1280)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    @property
    def path(self):
        return "/" + self.driver.current_url.split("/", 3)[3]

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def size(self, width, height=900):
        # Not as a phone, whose page would grow with what overflows it.
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def wait(self, what, condition):
        return WebDriverWait(self.driver, 30).until(lambda _: condition(), f"waited in vain for {what} on {self.driver.current_url}")

    def one(self, css):
        return self.wait(css, lambda: next(iter(self.all(css)), None))

    def text(self, css="main"):
        return self.one(css).text

    def row(self, name):
        """The row of a table, by what its first cell holds."""
        found = [row for row in self.all("tbody tr") if name in row.find_element(By.TAG_NAME, "th").text]
        if len(found) != 1:
            raise Failed(f"{len(found)} rows hold {name!r} on {self.path}")
        return found[0]

    def leave(self, act):
        """Does what loads another page."""
        page = self.one("html")
        act()
        WebDriverWait(self.driver, 30).until(staleness_of(page), f"waited in vain for the page after {self.path}")
        self.wait("the page", lambda: self.script("return document.readyState") == "complete")

    def open(self, path):
        self.driver.get(self.url + path)

    def log_in(self, key):
        self.one("#key").send_keys(key)
        self.leave(self.one("main button").click)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, css):
        for _ in range(60):
            self.press(Keys.TAB)
            if self.script("return document.activeElement.matches(arguments[0])", css):
                return
        raise Failed(f"the Tab key does not reach {css} on {self.path}")

    def act_on(self, name, action):
        """Rotates or revokes a key."""
        box = next(box for box in self.row(name).find_elements(By.TAG_NAME, "details") if box.text.startswith(action))
        box.find_element(By.TAG_NAME, "summary").click()
        self.leave(box.find_element(By.TAG_NAME, "button").click)

    def picture(self, name):
        width, height = self.script("return [innerWidth, document.documentElement.scrollHeight]")
        self.size(width, min(max(height, 600), 4000))
        self.driver.save_screenshot(os.path.join(self.folder, f"{name}.png"))
        self.size(width)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def log_ins(browser, server):
    browser.open("/settings")
    check(browser.path == "/login", "/settings leads to /login", browser.path)
    browser.picture("login")
    browser.log_in("ec_" + "x" * 58)
    check(browser.text(".problem") and browser.path == "/login", "a wrong key is refused on the page")
    browser.log_in(server.key)
    check(browser.path == "/settings/api-keys", "the first key logs in", browser.path)
    cookie = browser.driver.get_cookie(COOKIE)
    check(cookie["httpOnly"] and cookie["sameSite"] == "Strict", "the cookie is HttpOnly and SameSite=Strict", cookie)
    browser.leave(browser.one("header button").click)
    old = server.ask("GET", "/settings/api-keys", cookies={COOKIE: cookie["value"]})
    check(
        browser.path == "/login" and old.headers.get("Location") == "/login" and not browser.driver.get_cookie(COOKIE),
        "logging out ends the session, on the server too")

    link = server.link()
    server.ask("GET", link)
    browser.open(link)
    browser.open(link)
    check(not browser.driver.get_cookie(COOKIE), "opening a link does not log in")
    browser.leave(browser.one("main button").click)
    check(browser.path == "/settings/api-keys", "the button of a link logs in, though the link was opened before", browser.path)
    browser.open(link)
    browser.leave(browser.one("main button").click)
    check("used already" in browser.text(".problem"), "a link that was used is refused")
    refused = browser.complaints()
    check(
        len(refused) == 2 and all("/login - " in line and "403" in line for line in refused),
        "the two refusals, and nothing else, are in the browser's console", refused)


def keys(browser, server):
    browser.open("/settings/api-keys")
    browser.tab_to("main summary")
    browser.press(Keys.ENTER)
    browser.tab_to("#name")
    browser.press("reports")
    browser.tab_to("[name=access]")
    browser.press(Keys.ARROW_DOWN)
    for scope in ("domains:read", "aliases:read"):
        browser.tab_to(f"[value='{scope}']")
        browser.press(Keys.SPACE)
    browser.picture("api-keys-form")
    browser.tab_to("form[action='/settings/api-keys'] button")
    browser.leave(lambda: browser.press(Keys.ENTER))
    first = browser.text("#new-key")
    check(server.status("/v1/domains", first) == 200, "the keyboard alone makes a key, and its token works")
    check(server.status("/v1/webhooks", first) == 403, "the key has the scopes that were chosen, and no others")
    browser.picture("api-keys-token")
    browser.open("/settings/api-keys")
    check(first not in browser.driver.page_source, "the token is shown once")

    def used():
        browser.open("/settings/api-keys")
        return "127.0.0.1" in browser.row("reports").text
    browser.wait("the key's last use", used)
    check("aliases:read, domains:read" in browser.row("reports").text, "the page shows a key's scopes and last use")
    browser.open("/settings/activity")
    check("domains:read" in browser.row("reports").text, "Activity shows the use of a key, and with which scopes")

    browser.open("/settings/api-keys")
    browser.act_on("reports", "Rotate")
    second = browser.text("#new-key")
    check(
        second != first and [server.status("/v1/domains", key) for key in (first, second)] == [200, 200],
        "a rotated key has a new token, and the old one still works")
    browser.open("/settings/api-keys")
    browser.act_on("reports", "Revoke")
    check("revoked" in browser.row("reports").text, "the page shows that a key is revoked")
    check([server.status("/v1/domains", key) for key in (first, second)] == [401, 401], "a revoked key's tokens end at once")


def hostile(browser, server):
    """What others wrote is text, and stays in its place."""
    for name in (HOSTILE, LONG):
        made = server.ask("POST", "/v1/api-keys", server.key, json={"name": name, "scopes": ["domains:read"]}).json()
        server.status("/v1/domains", made["api_key"])
    server.ask("POST", "/v1/domains", server.key, json={"name": "example.com", "description": HOSTILE})
    server.ask("POST", "/v1/domains", server.key, json={"name": f"{LONG[:63]}.{LONG[:63]}.example", "description": LONG})
    server.ask("POST", "/v1/webhooks", server.key, json={"name": HOSTILE, "url": f"https://hooks.example/{LONG}", "description": LONG})
    browser.open("/settings/api-keys")
    browser.one("main summary").click()
    browser.one("#name").send_keys(HOSTILE)
    browser.one("#addresses").send_keys("nowhere")
    browser.leave(browser.one("form[action='/settings/api-keys'] button").click)
    check(
        browser.text(".problem") and browser.one("#name").get_attribute("value") == HOSTILE and not browser.all("#new-key"),
        "a form that is refused makes no key, says why, and keeps what was typed")
    refused = browser.complaints()
    check(len(refused) == 1 and "400" in refused[0], "the refusal, and nothing else, is in the browser's console", refused)
    for path in TABS:
        browser.open(path)
        check(HOSTILE in browser.text() and not browser.all("main img"), f"HTML in a name is text on {TABS[path]}")


def layout(browser):
    for path, name in TABS.items():
        browser.open(path)
        here = [(link.get_attribute("aria-current"), link.text) for link in browser.all("nav [aria-current]")]
        check(len(browser.all("h1")) == 1 and browser.text("h1") == name and here == [("page", name)], f"{name} has its heading and tab", here)
        tables = browser.all("table")
        check(tables and all(table.find_elements(By.CSS_SELECTOR, "caption") for table in tables), f"the tables of {name} have captions")
        bare = browser.script(
            "return [...document.querySelectorAll('input, select, textarea')].filter(e => e.type != 'hidden' && !e.labels.length).map(e => e.name)")
        check(not bare, f"every field of {name} has a label", bare)
        picture = path.rsplit("/", 1)[1]
        browser.picture(picture)
        browser.size(360)
        browser.script("for (const box of document.querySelectorAll('details')) box.open = true")
        width = browser.script("return document.documentElement.scrollWidth")
        check(width <= 360, f"{name} fits a screen of 360 px", width)
        browser.picture(f"{picture}-360")
        browser.size(1280)
        browser.scheme("dark")
        browser.picture(f"{picture}-dark")
        dark = browser.script("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 64)")
        check(dark, f"{name} is dark where the reader's system is")
        browser.scheme("light")


def reference(browser):
    browser.open("/docs")
    place = "#operations-Domains-listDomains"
    browser.one(place)
    check(len(browser.all(".opblock")) > 30, "/docs lists the operations", len(browser.all(".opblock")))
    browser.picture("docs")
    for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
        browser.one(f"{place} {button}").click()
    status = browser.text(f"{place} .live-responses-table tr.response .response-col_status")
    check(status.startswith("200"), "an operation that is tried there goes out as who is logged in", status)
    check("example.com" in browser.text(f"{place} .live-responses-table"), "the answer is shown")
    browser.one(place).screenshot(os.path.join(browser.folder, "docs-tried.png"))
    check(not browser.complaints(), "no page but the refusals left a complaint in the browser's console")
    browser.script("const e = document.createElement('script'); e.text = 'window.ran = 1'; document.body.append(e)")
    refused = browser.complaints()
    check(
        not browser.script("return window.ran") and any("Content Security Policy" in line for line in refused),
        "a script that is put into a page does not run", refused)


def plain_reference(browser, server):
    browser.log_in(server.key)
    browser.open("/docs")
    check(
        "/v1/domains" in browser.text() and len(browser.all("article h3")) > 30 and not browser.all("script"),
        "without Swagger UI /docs is a list in plain HTML")
    check(not browser.complaints(), "it leaves no complaint in the browser's console")
    browser.picture("docs-plain")
    browser.size(360)
    width = browser.script("return document.documentElement.scrollWidth")
    check(width <= 360, "it fits a screen of 360 px", width)
    browser.picture("docs-plain-360")


def forgery(browser, server):
    """What a page of another site can make the browser send."""
    browser.open("/settings/api-keys")
    cookies = {COOKIE: browser.driver.get_cookie(COOKIE)["value"]}
    token = browser.one("[name=pageToken]").get_attribute("value")

    def post(form, **headers):
        return server.ask("POST", "/settings/api-keys", cookies=cookies, data={"name": "forged", "access": "full", **form}, headers=headers)
    check(post({}).status_code == 403, "a form without the page's token is refused")
    check(post({"pageToken": "0" * 64}).status_code == 403, "a form with another token is refused")
    check(post({"pageToken": token}, Origin="https://evil.example").status_code == 403, "a form of another site is refused")
    check(post({"pageToken": token}, Host="evil.example").status_code == 403, "a form under a foreign name is refused")
    shown = server.ask("GET", "/settings/api-keys", cookies=cookies, headers={"Host": "evil.example"})
    check(shown.status_code == 403 and "reports" not in shown.text, "no page is shown under a foreign name")
    bare = server.ask("GET", "/v1/domains", cookies=cookies)
    check(bare.status_code == 401, "the API takes no cookie without the page's token")
    check("forged" not in server.ask("GET", "/v1/api-keys", server.key).text, "none of them made a key")
    check(post({"pageToken": token}, Origin=server.url).status_code == 200, "the same form from the page itself is taken")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    binary, folder, swagger = map(os.path.abspath, sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # A program takes Swagger UI's files from the folders around it.
    lone = os.path.join(folder, "lone", "bin", "reconcile")
    os.makedirs(os.path.dirname(lone), exist_ok=True)
    shutil.copy(binary, lone)
    browser = None
    try:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(Server(binary, os.path.join(folder, "server"), "--swagger-ui", swagger))
            browser = stack.enter_context(Browser(folder, server.url))
            try:
                log_ins(browser, server)
                keys(browser, server)
                hostile(browser, server)
                layout(browser)
                reference(browser)
                forgery(browser, server)
                plain = stack.enter_context(Server(lone, os.path.join(folder, "plain")))
                browser.url = plain.url
                browser.open("/docs")
                plain_reference(browser, plain)
            except (Failed, WebDriverException):
                with contextlib.suppress(WebDriverException):
                    browser.picture("failed")
                raise
    except Failed as failure:
        sys.exit(f"error: {failure}")
    except TimeoutException as failure:
        sys.exit(f"error: {failure.msg}")
    except (WebDriverException, requests.RequestException, subprocess.SubprocessError, OSError) as failure:
        sys.exit(f"error: {type(failure).__name__}: {failure}")
    print(f"{passed} checks passed")


if __name__ == "__main__":
    main()
