"""Makes addresses and forms nobody planned for, from the registry of screens; the same seed gives the same ones."""

import random
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.urls import reverse

JUNK = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "2",
    "999999999999999999999999",
    "9" * 400,
    "1.5",
    "1e309",
    "NaN",
    "Infinity",
    "None",
    "null",
    "true",
    "abc",
    "杭州启衡",
    "🦆",
    "a" * 3000,
    "'; DROP TABLE sales_order; --",
    "<script>alert(1)</script>",
    "%",
    "%25",
    "_",
    "\\",
    "((((",
    "[",
    "2026-02-30",
    "2026-13-01",
    "99999-01-01",
    "0000-00-00",
    "2026-11-24",
    "١٢٣",
    "１２３",
    "‮",
    "a,b,c",
    "1,2,3",
    "\t\r\n",
    "{{ 7*7 }}",
    "../../etc/passwd",
]
LOOKUPS = (
    "exact iexact contains icontains startswith regex iregex gt gte lt lte range in isnull year month day week_day"
    " date time hour found bogus"
).split()
ODD = [
    "q",
    "p",
    "o",
    "e",
    "all",
    "page",
    "_popup",
    "_to_field",
    "_changelist_filters",
    "_facets",
    "view",
    "tab",
    "format",
    "term",
    "field_name",
    "app_label",
    "model_name",
    "next",
    "language",
]


def screens():
    """(model, admin) of everything registered, in one order."""
    return sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)


class Maker:
    """Addresses and forms from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.screens = screens()

    def junk(self):
        return self.random.choice(JUNK)

    def parameters(self, model):
        """Query parameters: fields with lookups, across relations, ordering, paging, odd names."""
        names = [f.name for f in model._meta.get_fields() if f.name]
        pairs = []
        for _ in range(self.random.randint(0, 4)):
            kind = self.random.random()
            if kind < 0.5:
                path = self.random.choice(names)
                if self.random.random() < 0.3:
                    path += "__" + self.random.choice(["id", "name", "code", "pk", "password", "company", "owner", "user"])
                if self.random.random() < 0.6:
                    path += "__" + self.random.choice(LOOKUPS)
                pairs.append((path, self.junk()))
            else:
                pairs.append((self.random.choice(ODD), self.junk()))
        if self.random.random() < 0.2:
            pairs.append(("o", ".".join(str(self.random.randint(-30, 30)) for _ in range(self.random.randint(1, 5)))))
        return "?" + urlencode(pairs) if pairs else ""

    def address(self):
        """One address below the admin."""
        model, _screen = self.random.choice(self.screens)
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        base = reverse(f"{name}_changelist")
        key = self.random.choice(["1", "2", "3", str(self.random.randint(1, 60)), self.junk()])
        kind = self.random.random()
        if kind < 0.45:
            return base + self.parameters(model)
        if kind < 0.6:
            return f"{base}{quote(key, safe='')}/change/{self.parameters(model)}"
        if kind < 0.7:
            return f"{base}add/{self.parameters(model)}"
        if kind < 0.8:
            return f"{base}{quote(key, safe='')}/history/{self.parameters(model)}"
        if kind < 0.85:
            return f"{base}{quote(key, safe='')}/delete/"
        if kind < 0.95:
            fields = [f.name for f in model._meta.get_fields() if f.is_relation] or ["id"]
            query = {
                "app_label": self.random.choice([model._meta.app_label, self.junk()]),
                "model_name": self.random.choice([model._meta.model_name, self.junk()]),
                "field_name": self.random.choice([*fields, self.junk()]),
                "term": self.junk(),
                "page": self.random.choice(["1", self.junk()]),
            }
            return reverse("admin:autocomplete") + "?" + urlencode(query)
        return reverse("admin:index") + quote(self.junk(), safe="/") + self.parameters(model)

    def form(self):
        """(address, data) of a POST: a form, an action, a deletion, with fields missing, doubled and wrong."""
        model, _screen = self.random.choice(self.screens)
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        base = reverse(f"{name}_changelist")
        data = {f.name: self.junk() for f in model._meta.concrete_fields if self.random.random() < 0.7}
        kind = self.random.random()
        if kind < 0.35:
            address = f"{base}add/"
        elif kind < 0.7:
            address = f"{base}{self.random.randint(1, 40)}/change/"
        elif kind < 0.85:
            address = base
            action = self.random.choice(["delete_selected", "export", self.junk()])
            data = {
                "action": action,
                "_selected_action": [self.junk(), "1", "2"],
                "select_across": self.junk(),
                "index": self.junk(),
                "post": "yes",
            }
        else:
            address = f"{base}{self.random.randint(1, 40)}/delete/"
            data = {"post": "yes"}
        for prefix in ("lines", "addresses", "contacts", "units", "items", "grants"):
            if self.random.random() < 0.3:
                data |= {
                    f"{prefix}-TOTAL_FORMS": self.random.choice(["0", "1", "2", self.junk()]),
                    f"{prefix}-INITIAL_FORMS": self.random.choice(["0", "1", self.junk()]),
                    f"{prefix}-0-code": self.junk(),
                    f"{prefix}-0-quantity": self.junk(),
                    f"{prefix}-0-id": self.junk(),
                }
        return address, data
