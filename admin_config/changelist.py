"""The list: each column resolved once, rows written without a template per cell, a count that stays cheap, totals of the whole filter."""

from django.contrib.admin import helpers
from django.contrib.admin.templatetags.admin_list import _coerce_field_name
from django.contrib.admin.utils import lookup_field, quote
from django.contrib.admin.views.main import IGNORED_PARAMS
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import ManyToOneRel, Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import conditional_escape, escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.templatetags.unfold_list import result_headers
from unfold.utils import display_for_field, display_for_value
from unfold.views import ChangeList

from admin_config.columns import NOTHING, Column, amount_text, has_long_texts, price
from admin_config.saved_views import SAVED, cleaned, views_of
from admin_config.searching import Walk
from models.base import policy

HOLDER = "b6f3holder9c41"  # stands for a key in markup written once per request
VIEW_ONLY = "view={}"
FEW_COUNTED, COUNTED = 1_000, 10_000  # beyond this many rows the count reads “10,000+”
VIEW_PARAMETER = "view"
OWN_PARAMETERS = (VIEW_PARAMETER, SAVED, "e")


class CappedPage(Page):
    """A page that knows whether another follows because one row too many was read."""

    def __init__(self, object_list, number, paginator, more):
        super().__init__(object_list, number, paginator)
        self.more = more

    def has_next(self):
        return self.more


class CappedPaginator(Paginator):
    """Counts to COUNTED and no further, so that a list of millions opens as fast as one of thousands.

    `walk`: the Walk of a search for something common, else None.
    """

    walk = None

    @cached_property
    def sampled(self):
        """More rows than this, by a sample: of a search for something common. 0 where they have to be counted."""
        return self.walk.surely_more_than(COUNTED, FEW_COUNTED) if self.walk is not None else 0

    @property
    def counted(self):
        """Where counting stops."""
        return self.sampled or COUNTED

    @cached_property
    def count(self):
        rows = self.object_list
        if self.sampled:
            return self.sampled + 1
        return min(rows.order_by()[: COUNTED + 1].count(), COUNTED + 1) if hasattr(rows, "query") else len(rows)

    @property
    def is_capped(self):
        return self.count > self.counted

    def validate_number(self, number):
        """Beyond the counted rows every page may exist; whether it does is seen when it is read."""
        return max(int(number), 1) if self.is_capped else super().validate_number(number)

    def page(self, number):
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = start + self.per_page + 1
        met = self.walk.first(stop) if self.walk is not None else None
        rows = met[start:] if met is not None else list(self.object_list[start:stop])
        if not rows and number > 1:
            raise EmptyPage(_("That page contains no results"))
        return CappedPage(rows[: self.per_page], number, self, len(rows) > self.per_page)


class View:
    """A named part of a list, chosen by a tab and kept in the address. `condition`: request → Q."""

    def __init__(self, key, label, condition):
        self.key, self.label, self.condition = key, label, condition


def view(key, label, condition=None, **fields):
    """Declare a tab of a list: by lookups, or by a function request → Q."""
    return View(key, label, condition or (lambda request: Q(**fields)))


def _mine(request):
    return Q(owner=request.user.employee_id) if request.user.employee_id else Q(pk__in=[])


MINE = View("mine", gettext_lazy("Mine"), _mine)


class RecordChangeList(ChangeList):
    """A list of records as one person sees it."""

    def __init__(self, request, *arguments, **named):
        self.asked, self.person = request, request.user
        self.chosen_view = request.GET.get(VIEW_PARAMETER, "")
        super().__init__(request, *arguments, **named)

    # -- which rows ------------------------------------------------------------------------------------------------------

    def get_filters_params(self, params=None):
        found = super().get_filters_params(params)
        for name in OWN_PARAMETERS:
            found.pop(name, None)
        return found

    def get_queryset(self, request, exclude_parameters=None):
        rows = self._in_view(request, super().get_queryset(request, exclude_parameters))
        self.walk = Walk.of(rows, self.query, self.person) if self.query else None
        if self.walk is not None:
            self.walk.rows = self._without_search(request, exclude_parameters)
        return rows

    def _without_search(self, request, exclude_parameters):
        term, self.query = self.query, ""
        rows = self._in_view(request, super().get_queryset(request, exclude_parameters))
        self.query = term
        return rows

    def _in_view(self, request, rows):
        for one in self.model_admin.get_views(request):
            if one.key == self.chosen_view:
                return rows.filter(one.condition(request))
        return rows

    @property
    def is_narrowed(self):
        """True if a search, filter or tab leaves rows out."""
        return bool(self.query or self.filter_params or self.chosen_view)

    @property
    def count_text(self):
        """How many rows, “10,000+” where counting on would be slow."""
        return f"{self.paginator.counted:,}+" if self.paginator.is_capped else f"{self.result_count:,}"

    @property
    def page(self):
        return self.paginator.page(self.page_num) if not hasattr(self, "_page") else self._page

    def _get_deterministic_ordering(self, ordering):
        """The key breaks ties in the direction of the first column, so that an index on (column, id) serves both directions."""
        ordering = super()._get_deterministic_ordering(ordering)
        first, last = ordering[0], ordering[-1]
        if len(ordering) > 1 and last in ("-pk", "-id") and isinstance(first, str) and not first.startswith("-"):
            ordering[-1] = last[1:]
        return ordering

    def get_results(self, request):
        """One page; `result_list` holds its records."""
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.paginator.walk = self.walk
        self.result_count = self.full_result_count = self.paginator.count
        self.show_full_result_count = self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self._page = self.paginator.page(self.page_num)
        self.result_list = self._page.object_list
        self._align()
        self.multi_page = self._page.has_other_pages()
        self.first_shown = (self.page_num - 1) * self.list_per_page + 1
        self.last_shown = self.first_shown + len(self.result_list) - 1

    def _align(self):
        """The prices of the page stand with their points in one line."""
        aligned = {one: one.aligned(self.result_list) for one in self.list_display if isinstance(one, price)}
        for name in ("list_display", "list_display_links", "sortable_by"):
            if aligned and getattr(self, name) is not None:
                setattr(self, name, [aligned.get(one, one) for one in getattr(self, name)])

    @property
    def next_link(self):
        return self.get_query_string({"p": self.page_num + 1}) if self._page.has_next() else ""

    @property
    def previous_link(self):
        return self.get_query_string({"p": self.page_num - 1}) if self.page_num > 1 else ""

    @property
    def tabs(self):
        """[{label, link, is_active}] of the views this person may use; empty where there is only one."""
        declared = self.model_admin.get_views(self.asked)
        if not declared and not self.saved_views:
            return []
        own = self.saved_view
        tabs = [{"label": _("All"), "link": self._tab_link(""), "is_active": not own and not self.chosen_view}]
        for one in declared:
            tabs.append({"label": one.label, "link": self._tab_link(one.key), "is_active": not own and one.key == self.chosen_view})
        for one in self.saved_views:
            tabs.append({"label": one.name, "link": self.model_admin.view_link(one), "is_active": one == own})
        return tabs

    def _tab_link(self, key):
        """A declared tab keeps the filters; coming from a saved view it leaves them behind."""
        chosen = {VIEW_PARAMETER: key} if key else {}
        if self.saved_view:
            return f"?{urlencode(chosen)}"
        return self.get_query_string(chosen, remove=["p"] if key else [VIEW_PARAMETER, "p"])

    @cached_property
    def saved_views(self):
        """The views that the person saved for himself. One query."""
        return list(views_of(self.person, self.model))

    @property
    def saved_view(self):
        """The one of them that is shown, or None."""
        return next((one for one in self.saved_views if str(one.pk) == self.asked.GET.get(SAVED, "")), None)

    @property
    def views_link(self):
        """Where a view is saved; below it, forgotten."""
        return self.model_admin.link("views")

    @property
    def query_to_save(self):
        """What a view saved now would keep; "" where nothing is chosen or it is saved already."""
        if not self.person.employee_id:
            return ""
        query = cleaned(self.asked.META.get("QUERY_STRING", ""))
        return "" if query == VIEW_ONLY.format(self.chosen_view) or any(one.query == query for one in self.saved_views) else query

    @property
    def heading(self):
        """What the list is of."""
        return capfirst(self.opts.verbose_name_plural)

    @property
    def new_label(self):
        """The words on the button that adds one."""
        return self.model_admin.page_title(None)

    @property
    def search_hint(self):
        """What may be typed into the search."""
        return _("Number, name, initials") if hasattr(self.model, "DOCUMENT_CODE") else _("Search")

    @property
    def kept_parameters(self):
        """[(name, value)] of the address that the bar has no input for: sorting, and lookups of links."""
        inputs = {name for one in self.filter_specs for name in one.expected_parameters()} | {"q", "p", "e", VIEW_PARAMETER, SAVED}
        return [(name, value) for name, values in self.asked.GET.lists() if name not in inputs for value in values]

    @property
    def deeds(self):
        """[(name, label)] of what can be done with the selected rows."""
        actions = self.model_admin.get_actions(self.asked)
        return [(name, self.model_admin.action_label(label)) for name, (_function, _name, label) in actions.items()]

    @property
    def clear_link(self):
        """The list without search and filters, in the same tab."""
        kept = {VIEW_PARAMETER: self.chosen_view} if self.chosen_view else {}
        return f"?{urlencode(kept)}"

    @cached_property
    def chips(self):
        """[{label, value, link}] of what narrows the list, each removed by its link."""
        chips = []
        shown = set()
        for one in self.filter_specs:
            shown.update(name for name in one.expected_parameters() if name)
            text = one.chosen_text() if hasattr(one, "chosen_text") else ""
            if text:
                chips.append(
                    {"label": one.title, "value": text, "link": self.get_query_string(remove=[*one.expected_parameters(), "p", SAVED])}
                )
        for name, value in self.filter_params.items():
            if name not in shown and name not in IGNORED_PARAMS and value not in ("", [""], []):
                value = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
                chips.append({"label": self.words_of(name), "value": value, "link": self.get_query_string(remove=[name, "p", SAVED])})
        return chips

    def words_of(self, lookup):
        """A lookup of the address in words: due_on__lt → “Due on <”."""
        signs = {"gte": "≥", "gt": ">", "lte": "≤", "lt": "<", "in": "", "exact": "", "isnull": "∅", "icontains": "…"}
        model, words, parts = self.model, [], lookup.split("__")
        for part in parts:
            if part in signs:
                words.append(signs[part])
                continue
            try:
                field = model._meta.get_field(part)
            except FieldDoesNotExist:
                break
            name = getattr(field, "verbose_name", None) or field.related_model._meta.verbose_name
            if part not in ("id", "pk"):
                words.append(str(name))
            model = getattr(field, "related_model", None) or model
        return " ".join(word for word in words if word).capitalize()

    # -- totals ----------------------------------------------------------------------------------------------------------

    @cached_property
    def totals(self):
        """[{label, values}] over everything the filter leaves, one line per currency; empty where adding up would be slow."""
        names = [name for name in self.model_admin.list_totals if policy.may_see(self.person, self.model, name)]
        if not names or not self.result_count or self.paginator.is_capped:
            return []
        rows = self.queryset.order_by()
        has_currency = any(field.name == "currency" for field in self.model._meta.fields)
        sums = {name: Sum(name) for name in names}
        if not has_currency:
            return [{"currency": "", "sums": rows.aggregate(**{f"{name}_total": one for name, one in sums.items()})}]
        grouped = rows.values("currency").annotate(**{f"{name}_total": one for name, one in sums.items()}).order_by("currency")
        return [{"currency": row.pop("currency"), "sums": row} for row in grouped]

    @property
    def totals_html(self):
        """The rows under the list, each sum under its column."""
        rows = []
        for total in self.totals:
            cells = []
            for index, name in enumerate(self.list_display):
                field = name.name if isinstance(name, Column) else name
                value = total["sums"].get(f"{field}_total")
                if value is not None:
                    cells.append(format_html('<td class="cell num">{}</td>', amount_text(value)))
                elif index == (1 if self.list_display[0] == "action_checkbox" else 0):
                    cells.append(format_html('<th class="cell" scope="row">{} {}</th>', _("Total"), total["currency"]))
                else:
                    cells.append(mark_safe('<td class="cell"></td>'))
            rows.append(mark_safe(f"<tr>{''.join(cells)}</tr>"))
        return mark_safe("".join(rows))

    # -- how they look ---------------------------------------------------------------------------------------------------

    @cached_property
    def headers(self):
        """The column headings with their links for sorting."""
        headers = list(result_headers(self))
        for name, header in zip(self.list_display, headers, strict=True):
            header["css"] = getattr(name, "css", "") or self._room_for(name)
            header["is_box"] = name == "action_checkbox"
        return headers

    def _room_for(self, name):
        """The class of a cell that needs room for long names, or ""."""
        column = name if isinstance(name, Column) else Column(name) if isinstance(name, str) else None
        try:
            return "long" if column is not None and has_long_texts(column._field(self.model)) else ""
        except FieldDoesNotExist:
            return ""

    @cached_property
    def row_link(self):
        """A row's address with HOLDER for the key; None where there is no such page."""
        try:
            return escape(
                reverse(f"{self.model_admin.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change", args=(HOLDER,))
            )
        except NoReverseMatch:
            return None

    def column(self, name):
        """The function from a record to the escaped text of one cell."""
        if isinstance(name, Column):
            return name
        try:
            field = self.lookup_opts.get_field(name) if isinstance(name, str) else None
        except FieldDoesNotExist:
            field = None
        if field is None:
            return self._computed(name)
        key, is_key, seen = field.attname, isinstance(field.remote_field, ManyToOneRel), {}

        def cell(record):
            value = getattr(record, key)
            if value in seen:
                return seen[value]
            if is_key:
                shown = NOTHING if value is None else getattr(record, name)
            else:
                shown = display_for_field(value, field, NOTHING)
            seen[value] = shown = conditional_escape(shown)
            return shown

        return cell

    def _computed(self, name):
        def cell(record):
            try:
                value = lookup_field(name, record, self.model_admin)[2]
            except ObjectDoesNotExist:
                return NOTHING
            return conditional_escape(NOTHING if value in (None, "") else display_for_value(value, NOTHING))

        return cell

    @property
    def rows(self):
        """All rows of the page."""
        columns, is_first = [], True
        for index, (name, header) in enumerate(zip(self.list_display, self.headers, strict=True)):
            if name == "action_checkbox":
                label = escape(_("Select record"))
                box = f'<td class="cell box"><input type="checkbox" class="action-select" name="{helpers.ACTION_CHECKBOX_NAME}" value="'
                columns.append((box, box, lambda record: escape(str(record.pk)), f'" aria-label="{label}"></td>'))
                continue
            css = f"cell field-{_coerce_field_name(name, index)} {header['css']}".strip()
            is_link = (not self.list_display_links and is_first) or name in (self.list_display_links or ())
            tag = "th" if is_first else "td"
            scope = mark_safe(' scope="row"') if is_first else ""
            start, blank = (
                format_html('<{} class="{}" data-label="{}"{}>', tag, one, header["text"], scope) for one in (css, f"{css} is-none")
            )
            end = f"</{tag}>"
            if is_link and self.row_link and self.list_display_links is not None:
                start, blank, end = f'{start}<a href="{self.row_link}">', f'{blank}<a href="{self.row_link}">', f"</a>{end}"
            columns.append((start, blank, self.column(name), end))
            is_first = False
        written = []
        for record in self.result_list:
            cells = [(start, blank, cell(record), end) for start, blank, cell, end in columns]
            row = "".join([part for start, blank, text, end in cells for part in (blank if text == NOTHING else start, text, end)])
            written.append(f"<tr>{row}</tr>".replace(HOLDER, str(quote(record.pk))))
        return mark_safe("".join(written))
