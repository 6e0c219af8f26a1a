"""What browser.py drives: servers of its own, and Chromium."""
import os
import re
import select
import shutil
import subprocess

import requests
from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait


class Failed(Exception):
    """What does not hold."""


class Server:
    """A server with a database of its own."""

    def __init__(self, binary, folder, *arguments):
        os.makedirs(folder, exist_ok=True)
        self.binary, self.folder = binary, folder
        command = [binary, "serve", "--db", "server.db", "--port", "0", "--key-file", "key", "--no-rate-limits", *arguments]
        with open(os.path.join(folder, "log"), "w") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)

    def __enter__(self):
        try:
            ready, _, _ = select.select([self.process.stdout], [], [], 60)
            line = self.process.stdout.readline() if ready else ""
            found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)/v1\n", line)
            if not found:
                raise Failed(f"the server does not listen; it wrote {line!r}, and {self.folder}/log")
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

    def ask(self, method, path, key=None, headers=None, **more):
        """Sends a request beside the browser."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, headers=headers, timeout=30, allow_redirects=False, **more)

    def statuses(self, path, *keys):
        return [self.ask("GET", path, key).status_code for key in keys]

    def link(self):
        command = [self.binary, "serve", "link", "--db", "server.db", "--url", self.url]
        return subprocess.check_output(command, cwd=self.folder, text=True, timeout=60).strip()[len(self.url):]


class Browser(webdriver.Chrome):
    """Chromium without a window, which finds nothing but this machine."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if not browser or not driver:
            raise Failed("chromium or chromedriver is missing; apt-get install chromium chromium-driver")
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in (
            "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "no-proxy-server",
            "disable-background-networking", "disable-component-update", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"user-data-dir={os.path.join(folder, 'profile')}",
        ):
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        super().__init__(options, webdriver.ChromeService(driver, env={**os.environ, "HOME": folder}))
        self.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        self.size(1280)

    def size(self, width, height=900):
        # Not as a phone, whose page grows with what is too wide for it.
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def scheme(self, name):
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, path):
        self.get(self.url + path)

    @property
    def path(self):
        return self.current_url[len(self.url):]

    def wait(self, what, condition):
        try:
            return WebDriverWait(self, 30, ignored_exceptions=[WebDriverException]).until(condition)
        except TimeoutException:
            raise Failed(f"waited in vain for {what} on {self.path}, which says: {self.find_element(By.TAG_NAME, 'body').text[:200]}")

    def all(self, css):
        return self.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.wait(css, lambda _: next(iter(self.all(css)), None))

    def text(self, css="main"):
        return self.one(css).text

    def rows(self, name):
        return [row for row in self.all("tbody tr") if name in row.find_element(By.TAG_NAME, "th").text]

    def leave(self, css, press=None):
        """Presses a button that loads another page."""
        button = self.one(css)
        self.execute_script("window.isOld = true")
        (press or button.click)()
        self.wait("the next page", lambda _: self.execute_script("return !window.isOld && document.readyState == 'complete'"))

    def type(self, *keys):
        ActionChains(self).send_keys(*keys).perform()

    def tab_to(self, css):
        for _ in range(60):
            self.type(Keys.TAB)
            if self.execute_script("return document.activeElement.matches(arguments[0])", css):
                return
        raise Failed(f"the Tab key does not reach {css} on {self.path}")

    def width(self):
        return self.execute_script("return document.documentElement.scrollWidth")

    def picture(self, name):
        width, height = self.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
        self.size(width, min(max(height, 600), 4000))
        self.save_screenshot(os.path.join(self.folder, f"{name}.png"))
        self.size(width)

    def complaints(self):
        """What came to the console since the last time."""
        return [entry["message"] for entry in self.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]
