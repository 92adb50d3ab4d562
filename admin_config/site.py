"""The admin site: junk in an address is an answer and not an accident; the shell is written once per language and set of rights."""

import functools
import logging

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import BadRequest, FieldError, PermissionDenied, ValidationError
from django.core.paginator import InvalidPage
from django.db import DataError
from django.http import Http404, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import path
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from admin_config.boards import board_urls, framed
from admin_config.command import command_view
from admin_config.language import language_view
from admin_config.navigation import navigation_html
from dashboards.home import home
from models.base import policy
from models.base.policy import READ

# What Django raises for addresses and forms made by hand. Never TypeError or KeyError: those are mistakes of the program.
JUNK = (IncorrectLookupParameters, ValueError, OverflowError, FieldError, DataError, ValidationError, InvalidPage)

SCRIPTS = ("backoffice", "picker", "formdraft")
STYLES = ("tokens", "shell", "lists", "forms")

log = logging.getLogger("backoffice.junk")


class RecordPicker(AutocompleteJsonView):
    """Answers the search behind a key: only for keys the person may see, only records he may see."""

    def process_request(self, request):
        found = super().process_request(request)
        field = found[2]
        source = field.model
        is_visible = policy.may(request.user, "view", source) or policy.may(request.user, "add", source)
        if not is_visible or policy.fields(request.user, source).get(field.name, 0) < READ:
            raise PermissionDenied
        return found

    def get_queryset(self):
        return self.model_admin.picked_from(super().get_queryset(), self.request)

    def serialize_result(self, obj, to_field_name):
        return super().serialize_result(obj, to_field_name) | {"about": self.model_admin.picked_about(obj, self.request)}


class BackofficeSite(UnfoldAdminSite):
    """Everything staff see."""

    login_template = "backoffice/login.html"
    enable_nav_sidebar = True
    empty_value_display = "–"

    def admin_view(self, view, cacheable=False):
        inner = super().admin_view(view, cacheable)

        @functools.wraps(inner)
        def guarded(request, *arguments, **named):
            speak_users_language(request)
            try:
                response = inner(request, *arguments, **named)
                return response.render() if hasattr(response, "render") and not response.is_rendered else response
            except JUNK as error:
                if not (request.GET or request.POST or named):
                    raise
                log.warning("junk in %s", request.path, exc_info=error)
                if request.method == "GET" and request.GET and "e" not in request.GET:
                    return HttpResponseRedirect(f"{request.path}?e=1")
                raise BadRequest from error

        return guarded

    def get_urls(self):
        own = [
            path("language/", language_view, name="language"),
            path("command/", self.admin_view(command_view), name="command"),
            *board_urls(self),
        ]
        kept = [one for one in super().get_urls() if not str(one.pattern).startswith(("r/<", "search/"))]
        return own + kept

    def autocomplete_view(self, request):
        return RecordPicker.as_view(admin_site=self)(request)

    def each_context(self, request):
        context = super().each_context(request)
        context["navigation"] = SimpleLazyObject(lambda: navigation_html(request, self))
        context["templates"] = {"navigation": "backoffice/navigation.html"}
        context["styles"] = [*context["styles"], *(static(f"backoffice/{name}.css") for name in STYLES)]
        context["site_favicons"] = [{"href": static("backoffice/favicon.svg"), "rel": "icon"}]
        context["scripts"] = [*context["scripts"], *(static(f"backoffice/{name}.js") for name in SCRIPTS)]
        return context

    def get_sidebar_list(self, request):
        """The sidebar is ours; see backoffice/menu.py."""
        return []

    def get_tabs_list(self, request):
        return []

    def get_app_list(self, request, app_label=None):
        """Only asked for by pages that show it."""
        return SimpleLazyObject(lambda: super(BackofficeSite, self).get_app_list(request, app_label))

    def app_index(self, request, app_label, extra_context=None):
        """An area has no page of its own: its first list that the person may view."""
        for screen in self._registry.values():
            if screen.opts.app_label == app_label and screen.has_view_permission(request):
                return HttpResponseRedirect(screen.link("changelist"))
        raise Http404

    def index(self, request, extra_context=None):
        return framed(self, home)(request, extra_context)


def speak_users_language(request):
    """The language a person has chosen beats the browser's."""
    chosen = getattr(request.user, "language", "")
    if chosen and chosen != translation.get_language():
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen
