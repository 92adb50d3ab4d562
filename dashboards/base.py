"""What a chart, a tile and a board are.

    class StockByWarehouse(Chart):
        title = _("Stock value by warehouse")
        model, target, needs = Balance, Balance, ("value",)

        def rows(self, balances):
            for warehouse, value in value_by_warehouse(balances):
                yield warehouse, [value], {"warehouse": warehouse.pk}

The queryset comes through the policy: what a person may not see in the list behind a bar is not in the bar. Who may see nothing
of it gets no chart. Every bar and every tile leads to the list of `target` with the filter given, and the sums are equal.
"""

import csv
import json
from datetime import date
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from chartjs.views.lines import BaseLineChartView
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboards.selection import Selection
from models.base import policy


def list_link(model, filters):
    """The address of the list of `model` so filtered."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    words = {name: value.isoformat() if isinstance(value, date) else value for name, value in filters.items()}
    return f"{address}?{urlencode(words)}" if words else address


def named(model, keys):
    """{key: record} for labels; one query."""
    return model._base_manager.in_bulk([key for key in keys if key is not None])


class Encoder(json.JSONEncoder):
    """Decimals as numbers, dates as ISO, translations as text."""

    def default(self, value):
        if isinstance(value, Decimal):
            return float(value)
        return value.isoformat() if isinstance(value, date) else str(value)


class Source:
    """What charts and tiles share: whose rows they read, and where they lead."""

    title = ""
    model = None
    target = None
    needs = ()  # fields of the target that the person must be able to read
    has_period = False  # does it look at a span of months, or at today?
    adds_up = ()  # the field of the target that adds up to each series; "" where records are counted, None where nothing does
    scope_path = ""  # how the target's list gets to the columns of a scope
    selection = None

    @classmethod
    def may_see(cls, user):
        """True if the person may see any record behind it, and the fields it shows."""
        target = cls.target or cls.model
        return all(policy.may(user, "view", one) for one in (cls.model, target)) and all(
            policy.is_readable_path(user, target, name) for name in cls.needs
        )

    @classmethod
    def fits(cls, selection):
        """False where the rows know nothing of what the scope asks for (a stock balance has no owner)."""
        columns = {field.attname for field in cls.model._meta.concrete_fields}
        return selection.scope.attributes() <= columns

    @cached_property
    def queryset(self):
        """The rows the person may see, of the scope chosen."""
        return policy.scope(self.selection.user, self.model).filter(**self.selection.scope.filters)

    def link(self, filters):
        """The list behind a number: the target's, with the filter and the scope. A text is an address already, None is none."""
        if filters is None or isinstance(filters, str):
            return filters or ""
        scope = {self.scope_path + name: value for name, value in self.selection.scope.link.items()}
        return list_link(self.target or self.model, {**filters, **scope})


class Chart(Source, BaseLineChartView):
    """A chart as JSON and as CSV. `rows` yields (label, [value per series], filter, or one filter per series)."""

    kind = "bar"  # bar, rank (bars that lie on their side, the largest first) or funnel
    series = ()
    tones = ("main", "second")  # of the series: main, second, muted or bad
    is_money = True
    unit = ""
    note = ""
    empty = ""

    @classmethod
    def key(cls):
        """Its name in addresses."""
        return cls.__name__.lower()

    def rows(self, queryset):
        """Yield (label, [values], filters)."""
        raise NotImplementedError

    @cached_property
    def drawn(self):
        """The rows as lists: labels, values, links."""
        rows = []
        for label, values, filters in self.rows(self.queryset):
            per_series = filters if isinstance(filters, list) else [filters] * len(values)
            rows.append((str(label), list(values), [self.link(one) for one in per_series]))
        return rows

    def dispatch(self, request, *args, **kwargs):
        self.selection = Selection.of(request)
        if not self.may_see(request.user) or not self.fits(self.selection):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        if request.GET.get("format") == "csv":
            return self.as_csv()
        return super().get(request, *args, **kwargs)

    def get_labels(self):
        return [label for label, _values, _links in self.drawn]

    def get_providers(self):
        return [str(name) for name in self.get_series()]

    def get_series(self):
        """The names of the series, in the order of the values."""
        return self.series

    def get_data(self):
        return [[values[index] for _label, values, _links in self.drawn] for index in range(len(self.get_providers()))]

    def get_datasets(self):
        parts = zip(self.get_providers(), self.tones, self.get_data(), strict=False)
        return [
            {"label": name, "tone": tone, "data": data, "links": [links[index] for _label, _values, links in self.drawn]}
            for index, (name, tone, data) in enumerate(parts)
        ]

    def get_context_data(self, **kwargs):
        """Everything the page draws. Not Django's own context: it would put the view itself into the answer."""
        return {
            "title": self.title,
            "kind": self.kind,
            "isMoney": self.is_money,
            "unit": self.unit,
            "note": self.get_note(),
            "empty": not any(any(values) for _label, values, _links in self.drawn) and (self.empty or _("Nothing to show here yet.")),
            "asOf": timezone.localtime().strftime("%H:%M"),
            "labels": self.get_labels(),
            "datasets": self.get_datasets(),
        }

    def get_note(self):
        """What the numbers are, in a few words under the title."""
        return self.note

    def convert_context_to_json(self, context):
        return json.dumps(context, cls=Encoder, ensure_ascii=False)

    def get_json_response(self, content, **response):
        answer = super().get_json_response(content, **response)
        answer["Cache-Control"] = "private, no-store"
        return answer

    def as_csv(self):
        """The same numbers for a spreadsheet, which wants a byte order mark before UTF-8."""
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.key()}-{timezone.localtime():%Y%m%d-%H%M}.csv"'
        response["Cache-Control"] = "private, no-store"
        response.write("\ufeff")
        writer = csv.writer(response)
        writer.writerow([_plain(self.title), *(_plain(name) for name in self.get_providers())])
        writer.writerows([_plain(label), *values] for label, values, _links in self.drawn)
        return response


def _plain(text):
    """Text that a spreadsheet will not take for a formula."""
    text = str(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class Tile(Source):
    """One figure above the charts: `figure` answers {"value", "detail", "filters"}; it leads to its records like a bar."""

    icon = ""
    is_money = True

    def __init__(self, selection):
        self.selection = selection

    def figure(self, queryset):
        """{"value": number, "detail": text under it, "filters": of the list, "tone": "", "good" or "bad"}."""
        raise NotImplementedError

    def shown(self):
        """What the page writes."""
        found = {"title": self.title, "detail": "", "tone": "", **self.figure(self.queryset)}
        return {**found, "icon": self.icon, "is_money": self.is_money, "link": self.link(found["filters"])}
