"""A person at the screen whose keys and clicks are counted, so that a task has a price: keys, clicks and seconds.

Seconds by the keystroke-level model: a key 0.28, a click 1.3 (on a phone a tap 1.0), a decision 1.35; reading is not counted.
"""

from dataclasses import dataclass

KEY, CLICK, TAP, DECISION = 0.28, 1.3, 1.0, 1.35


@dataclass
class Effort:
    """What a task cost."""

    keys: int = 0
    clicks: int = 0
    decisions: int = 0
    is_phone: bool = False

    @property
    def seconds(self):
        return round(self.keys * KEY + self.clicks * (TAP if self.is_phone else CLICK) + self.decisions * DECISION, 1)

    def __str__(self):
        return f"{self.keys} keys, {self.clicks} clicks, {self.seconds} s"


class Person:
    """One log-in in one browser window."""

    def __init__(self, browser, address, username, password, language="zh-CN", width=1280, height=900):
        self.address, self.problems = address, []
        self.context = browser.new_context(viewport={"width": width, "height": height}, locale=language, has_touch=width < 500)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("response", lambda one: self.problems.append(f"{one.status} {one.url}") if one.status >= 500 else None)
        self.effort = Effort(is_phone=width < 500)
        self.open("/login/")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)
        self.settle()

    def begin(self):
        """Count anew from here."""
        self.effort = Effort(is_phone=self.effort.is_phone)
        return self.effort

    def open(self, path):
        self.page.goto(self.address + path)
        self.settle()

    def settle(self):
        self.page.wait_for_load_state("networkidle")

    def type(self, text):
        self.effort.keys += len(text)
        self.page.keyboard.type(text, delay=45)

    def press(self, *keys):
        for key in keys:
            self.effort.keys += 1
            self.page.keyboard.press(key)

    def click(self, selector):
        self.effort.clicks += 1
        self.page.locator(selector).locator("visible=true").first.click()

    def decide(self):
        self.effort.decisions += 1

    def shot(self, folder, name):
        if folder:
            self.page.screenshot(path=f"{folder}/{name}.png")

    def close(self):
        self.context.close()
