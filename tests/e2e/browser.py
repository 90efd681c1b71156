#!/usr/bin/env python3
"""browser.py -- the page as a person uses it, in headless Chromium: signing in, asking, reading, coming back.

    browser.py [--screenshots DIR]    also leaves pictures there
"""
import os
import signal
import sys

import webdriver
from bus import Operator, Tally
from stack import Stack, wait_for
from webdriver import Browser

QUESTION = "show my tickets and aws cost"
FACTS = ["12301", "create_ai_key", "12303", "update_budget", "USD 15,234.50", "ec2", "s3", "dynamodb"]
# question, title of its chart, its bars
CHARTS = [
    ("what is our total cloud cost", "Cost by provider", ["AWS", "GCP", "Azure"]),
    ("show azure cost", "Cost of Azure", ["storage", "ai_studio"]),
    ("compare aws and gcp", "Cost side by side", ["AWS", "GCP"]),
    ("show my cost allocation", "Allocation by provider", ["GCP", "AWS", "Azure"]),
    ("show my budget", "Budget of the month", ["Budget", "Spent"]),
]
WRONG = "Invalid username or password"

# Markdown that tries to become more than text, and what must still be readable of it.
HOSTILE = [
    ("<img src=x onerror='window.pwned=1'>", "<img src=x"),
    ("<script>window.pwned=1</script>", "<script>"),
    ("[click](javascript:window.pwned=1)", "click"),
    ("[click](JaVaScRiPt:window.pwned=1)", "click"),
    ("[click](data:text/html,<script>window.pwned=1</script>)", "click"),
    ("[a](https://example.com/\" onmouseover=\"window.pwned=1)", "a"),
    ("![picture](https://example.com/x.png)", "picture"),
    ("<javascript:window.pwned=1>", "javascript"),
    ("| a | b |\n|---|---|\n| <svg onload=window.pwned=1> | <b>x</b> |", "<svg"),
    ("```\n</code></pre><script>window.pwned=1</script>\n```", "</code>"),
    ("# <iframe src=javascript:window.pwned=1>", "<iframe"),
    ("**<a href='javascript:window.pwned=1'>x</a>**", "<a href"),
    ("&lt;img src=x onerror=window.pwned=1&gt;", "<img"),
    ("> " * 500 + "deep", "deep"),
    ("*" * 5000 + "stars", "stars"),
    ("- " * 500 + "list", "list"),
    ("[" * 2000 + "brackets", "brackets"),
    ("|" * 2000 + "\n|---|\n|" * 20, ""),
]
ALLOWED = "P BR STRONG EM CODE PRE UL OL LI TABLE THEAD TBODY TR TH TD DIV A H3 H4 H5 H6 HR BLOCKQUOTE".split()


class Page(Tally):
    def __init__(self, stack, browser, shots):
        super().__init__()
        self.s, self.b, self.shots = stack, browser, shots
        self.url = "http://%s:%d/" % stack.address

    # ---- helpers --------------------------------------------------------------------------------

    def shot(self, name):
        if self.shots:
            path = os.path.join(self.shots, name + ".png")
            self.b.screenshot(path)
            print("# " + path)

    def quiet(self, name, allow=()):
        """The console holds no error, warning or violation but those allowed."""
        bad = [e for e in self.b.logs() if e[1] in ("SEVERE", "WARNING") and not any(a in e[2] for a in allow)]
        self.check(name, not bad, bad)

    def sign_in(self, username="vishal", password="password123"):
        self.b.wait(lambda: self.b.visible("#username"))
        self.b.clear("#username")
        self.b.clear("#password")
        self.b.type("#username", username)
        self.b.type("#password", password)
        self.b.click("#sign-in-form button")

    def in_chat(self):
        self.b.wait(lambda: self.b.visible("#question") and self.b.count("#messages > *"))

    def answers(self):
        return self.b.count(".message.assistant")

    def idle(self):
        return self.b.visible("#send") and not self.b.visible("#stop")

    def ask(self, question, how=None):
        """Ask and wait for the answer; its text."""
        before = self.answers()
        if how:
            how()
        else:
            self.b.type("#question", question)
            self.b.click("#send")
        self.b.wait(lambda: self.answers() > before and self.idle() and self.last().strip())
        return self.last()

    def last(self):
        return self.b.js("return [...document.querySelectorAll('.message.assistant')].pop()?.firstChild.innerText ?? ''")

    def fits(self, name):
        wide = self.b.js("return [document.documentElement.scrollWidth, window.innerWidth, document.body.scrollWidth]")
        self.check(name, wide[0] <= wide[1] and wide[2] <= wide[1], wide)

    # ---- cases ----------------------------------------------------------------------------------

    def loads(self):
        self.b.open(self.url)
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.check("the page asks to sign in", self.b.focused() == "username" and not self.b.visible("#chat"))
        self.check("nothing comes from elsewhere", self.b.js(
            "return performance.getEntriesByType('resource').every(e => e.name.startsWith(location.origin))"))
        self.check("inputs have labels", self.b.js(
            "return [...document.querySelectorAll('input,textarea')].every(e => e.labels.length === 1)"))
        self.quiet("it loads without an error or a violation of its policy")
        self.shot("1-sign-in")

    def wrong_password(self):
        self.sign_in(password="wrong")
        self.b.wait(lambda: self.b.text("#sign-in-error"))
        self.check("a wrong password: the server's sentence", self.b.text("#sign-in-error") == WRONG,
                   self.b.text("#sign-in-error"))
        self.check("and still not in", not self.b.visible("#chat"))
        self.shot("2-wrong-password")
        self.quiet("nothing else is wrong", allow=["/auth/login"])

    def signs_in(self):
        self.sign_in()
        self.in_chat()
        self.check("signed in: who, and a greeting", "vishal" in self.b.text("#who") and
                   "Hello" in self.b.text("#messages"), self.b.text("body"))
        self.check("the question has the focus, the error is gone", self.b.focused() == "question" and
                   not self.b.text("#sign-in-error"))
        self.b.wait(lambda: self.b.count("#suggestions button"))
        self.check("five suggestions", self.b.count("#suggestions button") == 5, self.b.text("#suggestions"))
        self.check("the password does not stay in the page", self.b.js("return document.getElementById('password').value") == "")
        self.shot("3-greeting")

    def asks(self):
        text = self.ask(QUESTION)
        self.check("the answer tells it all", all(f in text for f in FACTS), text)
        self.check("as Markdown: two tables, headings, no raw marks", self.b.count(".message.assistant table") == 2 and
                   "|" not in text and "**" not in text and "##" not in text, text)
        self.check("amounts stand to the right", self.b.js(
            "const c = [...document.querySelectorAll('td')].find(e => e.innerText.includes('8,500.00'));"
            "return getComputedStyle(c).textAlign") == "right")
        self.check("the question is shown as it was asked", self.b.text(".message.user > :first-child") == QUESTION)
        self.check("the box is empty, has the focus, and nothing is under way", self.idle() and
                   self.b.focused() == "question" and self.b.js("return document.getElementById('question').value") == "" and
                   not self.b.text("#status"))
        self.check("the answer's end is in sight", self.b.js(
            "const r = [...document.querySelectorAll('.message')].pop().getBoundingClientRect(),"
            " m = document.querySelector('#chat main').getBoundingClientRect(); return r.bottom <= m.bottom + 1"))
        self.shot("4-answer")
        self.quiet("without an error")

    def charts(self):
        """Money is drawn, too: a bar for each amount, as long as it is big, and said to who cannot see it."""
        for question, title, bars in CHARTS:
            self.ask(question)
            drawn = self.b.js("""
                const c = [...[...document.querySelectorAll(".message.assistant")].pop().querySelectorAll("figure.chart")];
                return c.map(f => { const s = f.querySelector("svg"), wide = [...s.querySelectorAll("rect")].map(r => +r.getAttribute("width"));
                  return { title: s.querySelector("title").textContent, role: s.getAttribute("role"), wide,
                           texts: [...s.querySelectorAll("text.label")].map(t => t.textContent),
                           seen: s.getBoundingClientRect().width > 200 && s.getBoundingClientRect().height > 20 * wide.length,
                           styled: s.querySelectorAll("[style]").length }; });""")
            good = len(drawn) == 1 and drawn[0]["title"].startswith(title + ": ") and drawn[0]["role"] == "img" and \
                drawn[0]["texts"] == bars and drawn[0]["seen"] and not drawn[0]["styled"] and \
                len(drawn[0]["wide"]) == len(bars) and max(drawn[0]["wide"]) == 180
            self.check("a chart for %r: %s" % (question, ", ".join(bars)), good, drawn)
            if question == CHARTS[0][0]:
                self.check("bars are as long as the amounts are big", drawn[0]["wide"] == [180, 147.1, 105.4], drawn)
                self.shot("4b-chart")
        self.ask("show my tickets")
        self.check("and none where there is no money", self.b.js(
            "return [...document.querySelectorAll('.message.assistant')].pop().querySelectorAll('figure').length") == 0)
        self.quiet("charts keep to the page's policy")
        self.b.click("#new-session")
        self.b.wait(lambda: not self.b.count(".message"))

    def suggestions(self):
        self.b.wait(lambda: self.b.count("#suggestions button"))
        first = self.b.text("#suggestions button")
        text = self.ask(first, lambda: self.b.click("#suggestions button"))
        asked = self.b.js("return [...document.querySelectorAll('.message.user')].pop().firstChild.innerText")
        self.check("a suggestion is asked by a click", asked == first and text, (first, asked))

    def comes_back(self):
        before = self.b.count(".message")
        self.b.reload()
        self.in_chat()
        self.b.wait(lambda: self.b.count(".message"))
        text = self.b.text("#messages")
        self.check("after a reload the conversation is there", self.b.count(".message") == before and
                   "Welcome back" in text and QUESTION in text and "15,234.50" in text, text)
        self.check("as tables", self.b.count(".message.assistant table") >= 2)
        text = self.ask("What about GCP?")
        self.check("and goes on: a follow-up is understood", "12,450.75" in text, text)

    def older_messages(self):
        session = self.s.new_session("vishal")
        for i in range(12):
            self.s.chat("vishal", "what's the status of ticket %d?" % (50000 + i), session)
        self.b.reload()
        self.in_chat()
        self.b.wait(lambda: self.b.visible("#older"))
        self.check("of a long conversation the end is shown", "50011" in self.b.text("#messages") and
                   "50000" not in self.b.text("#messages"))
        self.b.click("#older")
        self.b.wait(lambda: "50000" in self.b.text("#messages"))
        order = self.b.js("return [...document.querySelectorAll('.message.user')].map(e => e.firstChild.innerText)")
        self.check("the rest comes before it, in order", order == sorted(order) and len(order) == 12 and
                   not self.b.visible("#older"), order)

    def new_chat(self):
        self.b.click("#new-session")
        self.b.wait(lambda: not self.b.count(".message"))
        text = self.ask("show my budget")
        self.check("a new conversation", "500.00" in text and self.b.count(".message") == 2, text)

    def hostile(self):
        for markdown, readable in HOSTILE:
            found = self.b.js("""
                return import("/markdown.js").then(({ render }) => {
                  const box = document.createElement("div");
                  document.getElementById("messages").append(box);
                  box.append(...render(arguments[0]));
                  const all = [...box.querySelectorAll("*")];
                  return { names: all.map(e => e.tagName), text: box.textContent,
                           on: all.flatMap(e => e.getAttributeNames()).filter(n => n.startsWith("on") || n === "style"),
                           links: all.filter(e => e.href).map(e => e.href) };
                });""", markdown)
            self.check("hostile Markdown stays text: %.40r" % markdown, not set(found["names"]) - set(ALLOWED) and
                       not found["on"] and readable in found["text"] and
                       all(u.startswith("https://") for u in found["links"]), found)
        self.quiet("and breaks nothing")
        self.b.reload()
        self.in_chat()
        asked = "<img src=x onerror=\"window.pwned=1\"> [x](javascript:window.pwned=1) **bold**"
        self.ask(asked)
        shown = self.b.js("return [...document.querySelectorAll('.message.user')].pop().firstChild.innerText")
        self.check("a hostile question is shown as it was typed", shown == asked, shown)
        # What an agent might have said: an answer put into the conversation by way of the bus.
        o, token = Operator(self.s), self.s.login("vishal")
        session = o.one("jarvis.svc.sessions.Active", token=token).json["session_id"]
        reply = o.one("jarvis.svc.sessions.AddMessage", {"session_id": session, "role": "assistant", "content": "\n\n".join(
            m for m, _ in HOSTILE[:13])}, token)
        assert not reply.code, reply
        self.b.reload()
        self.in_chat()
        self.b.wait(lambda: "<script>" in self.b.text("#messages"))
        self.check("so is a hostile answer; nothing of it runs or loads", not self.b.js("return window.pwned") and
                   self.b.count("#messages img, #messages script, #messages iframe, #messages svg") == 0 and
                   self.b.js("return [...document.querySelectorAll('#messages a')].every(a => a.href.startsWith('https:') &&"
                             " a.rel.includes('noopener'))"))
        self.quiet("and nobody complains")
        self.shot("5-hostile")
        self.b.click("#new-session")
        self.b.wait(lambda: not self.b.count(".message"))

    def inline_scripts(self):
        """The page's policy holds even where something put markup in."""
        self.b.js("""const d = document.createElement("div");
                     d.innerHTML = "<img src=x onerror='window.pwned=2'><a id=bad href='javascript:window.pwned=3'>x</a>";
                     document.body.append(d); const s = document.createElement("script");
                     s.textContent = "window.pwned=4"; document.body.append(s); document.getElementById("bad").click();""")
        log = self.b.wait(lambda: [e for e in self.b.logs() if "Content Security Policy" in e[2]])
        self.check("inline script is refused by the policy", not self.b.js("return window.pwned"), log)
        self.b.reload()
        self.in_chat()
        self.b.logs()

    def notices(self):
        """What vishal should know: a count, the list, live, and without what is muted."""
        def items():
            return self.b.js("return [...document.querySelectorAll('#notice-list li')].map(e => e.innerText)")

        self.b.wait(lambda: self.b.text("#bell") != "Notices")
        count = int(self.b.text("#bell").strip("Notices ()"))
        self.b.click("#bell")
        self.b.wait(lambda: self.b.count("#mutes input") == 4)
        self.check("notices: as many as the bell says, with the exam", len(items()) == count and
                   any("Python Advanced Final is in 5 days" in i for i in items()), items())
        self.check("the bell says that it is open", self.b.js(
            "return document.getElementById('bell').getAttribute('aria-expanded')") == "true")
        self.shot("5-notices")
        self.ask("create a ticket for badge access")
        self.s.http("GET", "/api/notifications", token=self.s.login("vishal"))  # as the timer would
        self.b.wait(lambda: any("badge_access" in i for i in items()))
        self.check("a new one comes by itself", self.b.text("#bell") == "Notices (%d)" % (count + 1), self.b.text("#bell"))
        self.b.click("#mutes input[name=exam]")
        self.b.wait(lambda: not any("Exam" in i for i in items()))
        self.b.click("#mutes input[name=exam]")
        self.b.wait(lambda: any("Exam" in i for i in items()))
        self.b.js("document.getElementById('mutes').querySelector('input').focus()")
        self.b.keys("Escape")
        self.check("closed by the keyboard", not self.b.visible("#notices") and self.b.focused() == "bell", self.b.focused())
        self.quiet("notices: without an error")

    # ---- when things go wrong -------------------------------------------------------------------

    def renews(self):
        """A call that is answered 401 renews the sign-in once, however many there are, and is made again."""
        self.b.js("""const real = window.fetch; window.seen = [];
                     window.fetch = (path, init) => {
                       if (!path.startsWith("/api/notifications")) window.seen.push(path.split("?")[0]);
                       if (path === "/api/chat" && !window.once) {
                         window.once = true;
                         return Promise.resolve(new Response("{}", { status: 401 }));
                       }
                       return real(path, init);
                     };""")
        text = self.ask("show my tickets")
        seen = self.b.js("return window.seen")
        self.check("an access token that ran out is renewed unnoticed", "12301" in text and
                   seen == ["/api/chat", "/auth/refresh", "/api/chat"], (seen, text))

    def resumes(self):
        """A stream that breaks after its first event is taken up where it broke."""
        self.b.reload()
        self.in_chat()
        self.b.js("""const real = window.fetch; window.seen = [];
                     window.fetch = async (path, init) => {
                       const answer = await real(path, init);
                       if (path.startsWith("/api/notifications")) return answer;
                       window.seen.push([path, init.headers["Last-Event-ID"] ?? null]);
                       if (path !== "/api/chat") return answer;
                       const all = await answer.text(), first = all.slice(0, all.indexOf("event: agent"));
                       return new Response(first.slice(0, first.lastIndexOf("\\n\\n") + 2), { status: 200 });
                     };""")
        text = self.ask(QUESTION)
        seen = self.b.js("return window.seen")
        self.check("a broken stream goes on", all(f in text for f in FACTS) and len(seen) == 2 and
                   seen[1][0].endswith("/events") and seen[1][1].isdigit(), (seen, text))
        self.b.reload()
        self.in_chat()

    def half_there(self):
        """What is only nice to have may fail; one can still ask."""
        self.b.cdp("Network.enable")
        for what in ("suggestions", "history"):
            self.b.cdp("Network.setBlockedURLs", urls=["*/api/%s*" % what])
            self.b.reload()
            self.in_chat()
            self.b.wait(lambda: "cannot be reached" in self.b.text("#messages"))
            text = self.ask("show my tickets")
            self.check("without %s one can still ask" % what, "12301" in text, text)
        self.b.cdp("Network.setBlockedURLs", urls=[])
        self.b.reload()
        self.in_chat()
        self.b.logs()

    def gateway_dies(self):
        old = self.s.pids()["gateway"]
        os.kill(old, signal.SIGKILL)
        text = self.ask("show my tickets")
        self.check("the gateway is killed: the question is answered all the same", "12301" in text, text)
        wait_for(lambda: self.s.pids().get("gateway", old) != old)
        self.b.logs()

    def ended_elsewhere(self):
        """Everything of vishal's is ended; the page hears of it, asks to sign in again and says why."""
        o = self.b.js("return sessionStorage.getItem('jarvis.refresh')")
        self.s.http("POST", "/auth/refresh", {"refresh_token": o})
        self.s.http("POST", "/auth/refresh", {"refresh_token": o})
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.check("a sign-in that was ended elsewhere", "sign in again" in self.b.text("#sign-in-error") and
                   not self.b.text("#messages"), self.b.text("body"))
        self.b.logs()
        self.sign_in()
        self.in_chat()

    # ---- keyboard, phone, leaving ---------------------------------------------------------------

    def signs_out(self):
        refresh = self.b.js("return sessionStorage.getItem('jarvis.refresh')")
        self.b.click("#sign-out")
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.check("signed out: nothing is left in the page", not self.b.text("#messages") and
                   self.b.js("return sessionStorage.length + localStorage.length") == 0)
        self.check("nor good at the server",
                   wait_for(lambda: self.s.http("POST", "/auth/refresh", {"refresh_token": refresh})[0]) == 401)
        self.b.reload()
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.check("nor after a reload", not self.b.visible("#chat"))
        self.quiet("without an error")

    def keyboard(self):
        self.b.open(self.url)
        self.b.wait(lambda: self.b.focused() == "username")
        self.b.write("happy")
        self.b.keys("Tab")
        self.b.write("password123")
        self.b.keys("Enter")
        self.b.wait(lambda: self.b.focused() == "question")
        self.b.wait(lambda: self.b.count("#suggestions button") == 5)
        self.b.write("show my")
        self.b.keys("Shift+Enter")
        self.b.write("tickets")
        value = self.b.js("return document.getElementById('question').value")
        self.check("Shift and Enter make a new line", value == "show my\ntickets", value)
        text = self.ask("", lambda: self.b.keys("Enter"))
        self.check("Enter asks", "12302" in text, text)
        self.b.wait(lambda: self.b.count("#suggestions button"))
        order = []
        for _ in range(8):
            order.append(self.b.js("const e = document.activeElement; return e.id || e.innerText"))
            self.b.keys("Shift+Tab")
        self.check("backwards: the suggestions, then the head", order[0] == "question" and "sign-out" in order and
                   "new-session" in order and self.b.focused() == "bell", (order, self.b.focused()))
        self.check("where the focus is can be seen", self.b.js(
            "document.getElementById('question').focus(); return getComputedStyle(document.activeElement).outlineStyle") != "none")
        self.b.keys("Shift+Tab")
        first = self.b.js("return document.activeElement.innerText")
        text = self.ask("", lambda: self.b.keys("Enter"))
        asked = self.b.js("return [...document.querySelectorAll('.message.user')].pop().firstChild.innerText")
        self.check("a suggestion by the keyboard", asked == first and text, (first, asked))
        for _ in range(20):
            if self.b.focused() == "sign-out":
                break
            self.b.keys("Shift+Tab")
        self.b.keys("Enter")
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.check("signed out by the keyboard", self.b.focused() == "username")
        self.quiet("without an error")

    def phone(self):
        self.b.viewport(390, 844)
        self.b.open(self.url)
        self.b.wait(lambda: self.b.visible("#sign-in"))
        self.fits("390 px: the sign-in fits")
        self.shot("6-phone-sign-in")
        self.sign_in()
        self.in_chat()
        self.ask("Give me a complete cost breakdown")
        self.ask("show my tickets, courses, and our cloud costs")
        self.fits("390 px: tables do not make the page wider")
        self.check("390 px: all that one presses is on the screen and large enough", self.b.js("""
            return [...document.querySelectorAll("header button, #send, #question")].every(e => {
              const r = e.getBoundingClientRect();
              return r.left >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && r.height >= 40; })"""))
        self.shot("7-phone-chat")
        self.ask("x" * 3000)
        self.fits("390 px: nor does a very long word")
        self.b.viewport(320, 568)
        self.fits("320 px: fits, too")
        self.shot("8-phone-small")
        self.b.cdp("Emulation.clearDeviceMetricsOverride")
        self.quiet("without an error")

    def dark(self):
        self.b.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        colours = self.b.js("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]")
        self.check("dark where the system is dark", colours[0] != "rgb(246, 247, 249)", colours)
        self.shot("9-dark")


def main():
    if not webdriver.CHROMIUM or not webdriver.DRIVER:
        print("1..0 # SKIP neither chromium nor chromedriver is installed")
        return 77
    shots = sys.argv[2] if sys.argv[1:2] == ["--screenshots"] else None
    with Stack() as s, Browser() as b:
        p = Page(s, b, shots)
        code = p.run(p.loads, p.wrong_password, p.signs_in, p.charts, p.asks, p.suggestions, p.comes_back, p.older_messages,
                     p.new_chat, p.hostile, p.inline_scripts, p.notices, p.renews, p.resumes, p.half_there, p.gateway_dies,
                     p.ended_elsewhere, p.signs_out, p.keyboard, p.phone, p.dark)
        if code:
            s.show_logs(80) # the page tells that something is away, not why
        return code


if __name__ == "__main__":
    sys.exit(main())
