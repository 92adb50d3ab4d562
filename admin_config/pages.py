"""What the pages of a record show beyond Django's: header, facts, tabs, the strip of neighbours, the table alone for HTMX."""

import re

from django.contrib import messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _

from admin_config.columns import badge_html
from admin_config.drafts import draft_config
from admin_config.merging import BASE
from admin_config.writing import TOKEN
from models.audit.once import new_token

STAYING = (IS_POPUP_VAR, "_continue", "_addanother", "_saveasnew")  # buttons after which Django goes elsewhere and says so
THEN, DIALOG = "_then", re.compile("do-[a-z_-]+|stay")  # the question to open once what was unsaved is stored
STATE_FIELDS = ("approval", "progress", "status", "outcome")


class RecordPages:
    """Mixin: contexts for the templates under backoffice/."""

    def changelist_view(self, request, extra_context=None):
        own = {"add_link": self.link("add"), "list_tools": self.list_tools(request), "token_name": TOKEN, "token": new_token()}
        response = super().changelist_view(request, own | (extra_context or {}))
        if isinstance(response, TemplateResponse) and request.headers.get("HX-Target") == "list":
            response.template_name = "backoffice/list_part.html"
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def delete_view(self, request, object_id, extra_context=None):
        return super().delete_view(request, object_id, {"token_name": TOKEN, "token": new_token(), **(extra_context or {})})

    def list_tools(self, request):
        """[{label, icon, link}] beside the heading of the list: import, export."""
        return []

    def action_label(self, label):
        """The words on the button of a bulk deed."""
        return str(label) % {"verbose_name_plural": self.opts.verbose_name_plural} if "%(" in str(label) else label

    def link(self, page, *arguments):
        """The address of one of this screen's pages."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        formsets = [one.formset for one in context["inline_admin_formsets"]]
        stored = obj if change else None
        context |= {
            "token_name": TOKEN,
            "token": self.form_token(request),
            "draft": draft_config(request, self.model, stored, TOKEN, context["adminform"].form.is_bound),
            "base_name": BASE,
            "base": self.signed_base(stored, formsets) if stored is not None and self.has_change_permission(request, stored) else "",
            "list_link": add_preserved_filters(
                {"preserved_filters": context["preserved_filters"], "opts": self.opts}, self.link("changelist")
            ),
            "screen": self,
            "defaults_link": self.defaults_link(stored),
            "rates_link": self.rates_link(stored),
            "title": self.page_title(stored),
            "subtitle": "",
            "badges": self.badges(request, stored) if stored is not None else [],
            "facts": self.facts(request, stored) if stored is not None else [],
            "tabs": self.tabs(request, stored, context["inline_admin_formsets"], context["adminform"]),
            "strip": self.strip(request, stored) if stored is not None else [],
            "buttons": self.buttons(request, stored) if stored is not None else [],
            "links": self.links(request, stored) if stored is not None else [],
            "link_token": new_token(),
            "submits": self.submits(request, stored),
            "history_link": self.link("history", stored.pk) if stored is not None else "",
        }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def response_add(self, request, obj, post_url_continue=None):
        return self._answer_saved(request, obj, self.response_post_save_add) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._answer_saved(request, obj, self.response_post_save_change) or super().response_change(request, obj)

    def _answer_saved(self, request, obj, follow):
        if any(name in request.POST for name in STAYING):
            return None
        messages.success(request, self.saved_words(request, obj))
        then = request.POST.get(THEN, "")
        if DIALOG.fullmatch(then):
            return HttpResponseRedirect(f"{self.link('change', obj.pk)}#{then}")
        return follow(request, obj)

    def saved_words(self, request, obj):
        """What is said once a form is stored."""
        return _("Saved: %(record)s.") % {"record": obj}

    def rates_link(self, obj):
        """Where the script asks what a currency is worth, or ""."""
        return ""

    def defaults_link(self, obj):
        """Where a new record asks what a chosen customer brings along; "" where none does."""
        return ""

    def page_title(self, obj):
        """The heading: the record's name, or “New quote”."""
        return str(obj) if obj is not None else _("New %(name)s") % {"name": self.opts.verbose_name}

    def badges(self, request, obj):
        """The states of the record as badges."""
        shown = []
        for name in STATE_FIELDS:
            if name in self.field_names() and self.sees(request, name) and getattr(obj, name):
                shown.append(badge_html(getattr(obj, name), getattr(obj, f"get_{name}_display")()))
        return shown

    def facts(self, request, obj):
        """[(label, html)]: at most five facts of the header."""
        return []

    def tabs(self, request, obj, formsets, adminform):
        """[{key, label, count, errors}]: the first is open. Keys end in the id of the part they show: <key>-group."""
        tabs = [{"key": "general", "label": self.general_label(formsets), "errors": 0}]
        for one in formsets:
            if getattr(one.opts, "tab", False):
                label = capfirst(one.opts.verbose_name_plural)
                count = len(one.formset.initial_forms)
                errors = sum(1 for form_errors in one.formset.errors if form_errors) if one.formset.is_bound else 0
                tabs.append({"key": slugify(one.formset.prefix), "label": label, "count": count, "errors": errors})
        for fieldset in adminform:
            if "tab" in (fieldset.classes or ""):
                errors = sum(len(line.errors()) for line in fieldset) if adminform.form.is_bound else 0
                tabs.append({"key": slugify(fieldset.name, allow_unicode=True), "label": fieldset.name, "errors": errors})
        if obj is not None:
            tabs += self.further_tabs(request, obj)
        return tabs

    def general_label(self, formsets):
        """The name of the first tab."""
        return _("Overview")

    def further_tabs(self, request, obj):
        """Tabs that are loaded when they are opened: [{key, label, load}]."""
        tabs = [{"key": "files", "label": _("Files"), "load": self.link("files", obj.pk)}] if self.has_files else []
        if getattr(self.model, "history", None) is not None:
            tabs.append({"key": "history", "label": _("History"), "load": self.link("history", obj.pk)})
        return tabs

    def strip(self, request, obj):
        """The records beside this one, itself in its place; nothing where there are no others."""
        cards = [card for one in self.neighbours for card in one.cards(obj, request.user, self.admin_site)]
        return cards if any(not card.get("is_self") for card in cards) else []

    def buttons(self, request, obj):
        """The deeds possible now."""
        return []

    def links(self, request, obj):
        """[(label, icon, address, is posted)] of further things to do, quieter than the buttons."""
        return []

    def submits(self, request, obj):
        """Further buttons that save and then do something: [(name, label)]."""
        return []
