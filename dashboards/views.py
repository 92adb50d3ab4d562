"""The page of a board, and the numbers of a chart."""

from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dashboards import periods
from dashboards.boards import CHARTS, boards_for
from dashboards.selection import Selection


def board(request, code=""):
    """A board, without its numbers: each chart asks for its own, so that a slow or broken one keeps nobody waiting."""
    offered = boards_for(request.user)
    found = next((one for one in offered if one.code == code or not code), None)
    if found is None:
        raise Http404
    return TemplateResponse(request, "dashboards/board.html", board_context(request, found, offered))


def board_context(request, found, offered):
    """What the template of a board needs."""
    selection = Selection.of(request)
    query = urlencode(selection.query)
    shown, tiles = found.charts_for(request.user, selection), found.tiles_for(selection)
    charts = [
        {"key": chart.key(), "title": chart.title, "kind": chart.kind, "address": _address("admin:board_data", chart.key(), query=query)}
        for chart in shown
    ]
    return {
        "title": found.title,
        "boards": tabs(offered, found, query),
        "board": found,
        "charts": charts,
        "tiles": tiles,
        "has_amounts": any(chart.is_money for chart in shown) or any(tile["is_money"] for tile in tiles),
        "selection": selection,
        "periods": periods.CHOICES,
        "has_hidden_charts": len(charts) < len(found.charts_for(request.user)),
        "as_of": timezone.localtime(),
        "units": units(selection.scope.currency),
        "tabs_label": _("Boards"),
        "words": {
            "loading": _("Loading …"),
            "failed": _("The numbers could not be loaded."),
            "again": _("Try again"),
            "tableHint": _("The same numbers stand in the table; each opens its records."),
        },
    }


def _address(name, *parts, query=""):
    return reverse(name, args=parts) + (f"?{query}" if query else "")


def tabs(offered, found=None, query=""):
    """[{label, icon, link, is_active}] of the boards and of the workbench before them."""
    rows = [{"title": _("My work"), "icon": "checklist", "link": reverse("admin:workbench"), "is_active": found is None}]
    return rows + [
        {"title": one.title, "icon": one.icon, "link": _address("admin:board", one.code, query=query), "is_active": one is found}
        for one in offered
    ]


def units(currency):
    """The two units amounts are shown in: the currency, and ten thousand of it (万元)."""
    if currency == "CNY":
        return [_("CNY"), _("10,000 CNY")]
    return [currency, _("10,000 %(currency)s") % {"currency": currency}]


def chart_data(request, key):
    """The numbers of one chart, as JSON or with ?format=csv as a file."""
    if key not in CHARTS:
        raise Http404
    return CHARTS[key].as_view()(request)
