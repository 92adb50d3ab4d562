"""Views of a list that people save for themselves: a tab with a name of their own."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.urls import path
from django.utils.translation import gettext as _

from admin_config.writing import write_once
from models.lowcode.models import SavedView

SAVED = "saved"
PASSING = (SAVED, "p", "e")  # parameters of the moment, no part of a view


def views_of(user, model):
    """The person's own views of a record type's list, the oldest first."""
    return (
        SavedView.objects.filter(owner=user.employee_id, record_type=model._meta.label_lower)
        if user.employee_id
        else SavedView.objects.none()
    )


def cleaned(query):
    """The query of an address without what belongs to the moment."""
    kept = QueryDict(query, mutable=True)
    for name in PASSING:
        kept.pop(name, None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        kept.pop(name)
    return kept.urlencode()


class SavedViews:
    """Mixin of a list's screen: saving the view that is shown, and forgetting one."""

    def get_urls(self):
        name, screen = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("views/", screen(self.save_view), name=f"{name}_views"),
            path("views/<int:key>/forget/", screen(self.forget_view), name=f"{name}_forget_view"),
        ]
        return own + super().get_urls()

    def save_view(self, request):
        """POST name and query: a tab of that name; an earlier one of the same name is replaced."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request) or not request.user.employee_id:
            raise PermissionDenied
        name, query = request.POST.get("name", "").strip()[:40], cleaned(request.POST.get("query", "")[:2000])
        if not name or not query:
            messages.error(request, _("Give the view a name."))
            return HttpResponseRedirect(f"{self.link('changelist')}?{query}")

        def work():
            view = views_of(request.user, self.model).filter(name=name).first()
            view = view or SavedView(owner_id=request.user.employee_id, record_type=self.opts.label_lower, name=name)
            view.query = query
            view.save()
            messages.success(request, _("Saved: %(record)s.") % {"record": name})
            return HttpResponseRedirect(self.view_link(view))

        return write_once(request, f"{self.opts.label_lower}:view", work, kind="form", reason="save_view")

    def forget_view(self, request, key):
        """POST: the tab is gone; the records stay."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        view = views_of(request.user, self.model).filter(pk=key).first()
        if view is None:
            raise Http404

        def work():
            view.delete()
            messages.success(request, _("The view “%(name)s” is gone; its records are where they were.") % {"name": view.name})
            return HttpResponseRedirect(self.link("changelist"))

        return write_once(request, f"{self.opts.label_lower}:forget:{key}", work, kind="form", reason="forget_view")

    def view_link(self, view):
        """The address of a saved view."""
        return f"{self.link('changelist')}?{view.query}&{SAVED}={view.pk}"
