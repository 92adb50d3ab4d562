"""A browser without a screen: logs in, reads forms as they come, fills and sends them."""

import re
from html.parser import HTMLParser

import requests


class Fields(HTMLParser):
    """Collects {name: value} of one page's inputs, selects and text areas; templates (empty rows) are left out."""

    def __init__(self):
        super().__init__()
        self.values, self._select, self._text, self._template = {}, None, None, 0

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "template":
            self._template += 1
        if self._template:
            return
        name = named.get("name")
        if tag == "input" and name and named.get("type") not in ("submit", "button", "file"):
            if named.get("type") not in ("checkbox", "radio") or "checked" in named:
                self.values[name] = named.get("value") or ("on" if named.get("type") == "checkbox" else "")
        elif tag == "select" and name:
            self._select = name
            self.values.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in named:
            self.values[self._select] = named.get("value", "")
        elif tag == "textarea" and name:
            self._text = name
            self.values[name] = ""

    def handle_endtag(self, tag):
        if tag == "template":
            self._template -= 1
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data):
        if self._text and not self._template:
            self.values[self._text] += data


class Browser:
    """A signed-in session."""

    def __init__(self, address, username, password):
        self.address, self.session = address, requests.Session()
        fields = self.form("/login/")
        response = self.session.post(f"{address}/login/", data=fields | {"username": username, "password": password}, allow_redirects=False)
        if response.status_code != 302:
            raise RuntimeError(f"log-in failed: {response.status_code}")

    def get(self, path, **headers):
        response = self.session.get(self.address + path, headers=headers, allow_redirects=False)
        if response.status_code >= 400:
            raise RuntimeError(f"GET {path}: {response.status_code}")
        return response

    def form(self, path):
        """The fields of the page's forms with their present values."""
        parser = Fields()
        parser.feed(self.get(path).text)
        return parser.values

    def post(self, path, data):
        """Send a form. Returns (address it redirects to or None, the answer)."""
        response = self.session.post(self.address + path, data=data, headers={"Referer": self.address + path}, allow_redirects=False)
        if response.status_code >= 500:
            raise RuntimeError(f"POST {path}: {response.status_code}")
        return (response.headers.get("Location") if response.status_code in (301, 302, 303) else None), response


def refusal(response):
    """The sentences of a refused form."""
    found = re.findall(
        r'(?:role="alert"[^>]*>|class="errorlist[^>]*>|class="[^"]*error[^"]*"[^>]*>)\s*(?:<[^>]+>\s*)*([^<]+)', response.text
    )
    return "; ".join(text.strip() for text in found if text.strip())[:300]
