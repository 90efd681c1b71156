"""webdriver.py -- headless Chromium, spoken to over the WebDriver protocol. Standard library only."""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--disable-default-apps", "--no-default-browser-check", "--hide-scrollbars", "--force-color-profile=srgb"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Escape": "\ue00c", "Space": " "}


class WebDriverError(Exception):
    pass


class Browser:
    """One Chromium with one tab and a profile of its own; goes with its `with`."""

    def __init__(self, width=1100, height=800, dark=False):
        self.size, self.dark = (width, height), dark
        self.folder = tempfile.mkdtemp(prefix="jarvis-browser.")
        self.driver = subprocess.Popen([DRIVER, "--port=0", "--allowed-ips="], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, env=dict(os.environ, HOME=self.folder), text=True)
        self.session = None

    def __enter__(self):
        try:
            self.port = self.read_port()
            self.session = self.new_session()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        try:
            if self.session:
                self.send("DELETE", "")
        except (OSError, http.client.HTTPException, WebDriverError):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read_port(self):
        for line in self.driver.stdout:
            m = re.search(r"started successfully on port (\d+)", line)
            if m:
                # From here on somebody must read what it says, or it stops when the pipe is full.
                threading.Thread(target=self.driver.stdout.read, daemon=True).start()
                return int(m.group(1))
        raise WebDriverError("chromedriver did not start")

    def new_session(self):
        args = FLAGS + ["--user-data-dir=" + os.path.join(self.folder, "profile"), "--window-size=%d,%d" % self.size]
        if self.dark:
            args.append("--force-dark-mode")
        reply = self.request("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": CHROMIUM, "args": args}}}})
        return reply["sessionId"]

    def request(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            c.request(method, path, json.dumps(body) if body is not None else None,
                      {"Content-Type": "application/json"})
            value = json.loads(c.getresponse().read())["value"]
        finally:
            c.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError("%s: %s" % (value["error"], value["message"].split("\n")[0]))
        return value

    def send(self, method, path, body=None):
        return self.request(method, "/session/%s%s" % (self.session, path), body)

    # ---- what a test does -----------------------------------------------------------------------

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def reload(self):
        self.send("POST", "/refresh", {})

    def js(self, script, *args):
        """The value of a function body; a promise is waited for."""
        return self.send("POST", "/execute/sync", {"script": script, "args": list(args)})

    def find(self, css):
        return self.send("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.send("POST", "/element/%s/click" % self.find(css), {})

    def type(self, css, text):
        """Types as a person would: into what is there and visible."""
        self.send("POST", "/element/%s/value" % self.find(css), {"text": text})

    def clear(self, css):
        self.send("POST", "/element/%s/clear" % self.find(css), {})

    def keys(self, *keys):
        """Presses keys, one after the other, wherever the focus is; "Shift+Tab" holds one down."""
        actions = []
        for key in keys:
            held = [KEYS.get(k, k) for k in key.split("+")] if len(key) > 1 and key not in KEYS else [KEYS.get(key, key)]
            actions += [{"type": "keyDown", "value": k} for k in held]
            actions += [{"type": "keyUp", "value": k} for k in reversed(held)]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def write(self, text):
        self.keys(*text)

    def text(self, css):
        """What a person reads there; "" when it is not there or hidden."""
        return self.js("const e = document.querySelector(arguments[0]); return e ? e.innerText : ''", css)

    def visible(self, css):
        return self.js("const e = document.querySelector(arguments[0]);"
                       "return !!e && e.getClientRects().length > 0", css)

    def count(self, css):
        return self.js("return document.querySelectorAll(arguments[0]).length", css)

    def focused(self):
        return self.js("return document.activeElement.id || document.activeElement.tagName")

    def wait(self, what, seconds=20):
        """Until what() is true; its value."""
        end = time.monotonic() + seconds
        while True:
            value = what()
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError("waited %d s in vain; the page says: %s" % (seconds, self.text("body")[-600:]))
            time.sleep(0.05)

    def logs(self):
        """What the console has been told since the last call: [(source, level, text)]."""
        return [(e["source"], e["level"], e["message"]) for e in self.send("POST", "/se/log", {"type": "browser"})]

    def cdp(self, command, **params):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def viewport(self, width, height, mobile=True):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.send("GET", "/screenshot")))
