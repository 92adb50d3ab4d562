"""How a sent form is carried out: one change set, once only, and refused in words at the form."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from admin_config.drafts import forget_draft
from models.audit.changes import changes
from models.audit.once import TokenReused, new_token, run_once
from models.base.guards import AppendOnly, LockedDocument
from models.base.operations import Refusal

TOKEN = "_token"
REFUSALS = (Refusal, LockedDocument, AppendOnly, TokenReused, ProtectedError, RestrictedError, IntegrityError, ValidationError)


class _NothingDone(Exception):
    """The form came back with errors: undo, and show it."""

    def __init__(self, response):
        self.response = response


def sentence(error):
    """A refusal as a person reads it."""
    if isinstance(error, ProtectedError | RestrictedError):
        kept = getattr(error, "protected_objects", None) or getattr(error, "restricted_objects", ())
        some = ", ".join(str(one) for one in list(kept)[:3])
        return _("This cannot be deleted, because others refer to it: %(records)s.") % {"records": some}
    if isinstance(error, IntegrityError):
        return _("The database refused this, because it would contradict another record. Check codes, units and quantities.")
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error)


def place(error):
    """The field a refusal is about, or None."""
    named = getattr(error, "error_dict", {})
    return next(iter(named)) if len(named) == 1 else None


def write_once(request, purpose, work, *, kind, reason=""):
    """Do `work()`, which answers a redirect when it has done something, inside one change set and once for the form's token.

    Any other answer, but that of a window that made a record in passing, undoes everything and is handed on. The token sent again
    gets the first answer and does nothing. Refusals are raised when everything is undone.
    """
    kept = {}

    def done():
        kept["response"] = response = work()
        if isinstance(response, HttpResponseRedirect):
            return {"to": response.url}
        popup = (getattr(response, "context_data", None) or {}).get("popup_response_data")
        if popup is None:
            raise _NothingDone(response)
        return {"popup": popup}

    try:
        with changes(kind, request=request, reason=reason):
            answer, is_repeated = run_once(request.POST.get(TOKEN, "")[:80], request.user, purpose, request.POST, done)
    except _NothingDone as nothing:
        return nothing.response
    if not is_repeated:
        return kept["response"]
    if "popup" in answer:
        return TemplateResponse(request, "admin/popup_response.html", {"popup_response_data": answer["popup"]})
    messages.info(request, _("This was already saved; nothing was done twice."))
    return HttpResponseRedirect(answer["to"])


class Writing:
    """Makes every form of a screen such a form."""

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        def view():
            return super(Writing, self).changeform_view(request, object_id, form_url, extra_context)

        if request.method != "POST":
            return view()
        purpose = f"{self.opts.label_lower}:{object_id or 'add'}"
        try:
            response = write_once(request, purpose, view, kind="form")
        except REFUSALS as error:
            return self.refused(request, view, sentence(error), is_reused=isinstance(error, TokenReused), field=place(error))
        return forget_draft(request, response, TOKEN) if isinstance(response, HttpResponseRedirect) else response

    def refused(self, request, view, words, is_reused=False, field=None):
        """The form again, with what was typed and, at the field where there is one, why it was not taken."""
        messages.get_messages(request)._queued_messages.clear()
        request.refusal, request.refused_field = words, field
        request.fresh_token = is_reused
        with transaction.atomic():
            response = view()
            transaction.set_rollback(True)
        return response

    def delete_view(self, request, object_id, extra_context=None):
        def view():
            return super(Writing, self).delete_view(request, object_id, extra_context)

        if request.method != "POST":
            return view()
        try:
            return write_once(request, f"{self.opts.label_lower}:{object_id}:delete", view, kind="form", reason="delete")
        except REFUSALS as error:
            messages.error(request, sentence(error))
            return HttpResponseRedirect(request.path)

    def changelist_view(self, request, extra_context=None):
        def view():
            return super(Writing, self).changelist_view(request, extra_context)

        if request.method != "POST":
            return view()
        try:
            return write_once(request, f"{self.opts.label_lower}:list", view, kind="bulk", reason=request.POST.get("action", "")[:60])
        except REFUSALS as error:
            messages.error(request, sentence(error))
            return HttpResponseRedirect(request.get_full_path())

    def form_token(self, request):
        """The token of the form shown: kept after an error, so that the draft and a later success belong together."""
        posted = request.POST.get(TOKEN, "")
        return posted[:80] if posted and not getattr(request, "fresh_token", False) else new_token()

    # The history is the log; Django's would keep names for ever and show them to everybody.
    def log_addition(self, request, obj, message):
        """Nothing: the triggers have recorded it."""

    log_change = log_addition

    def log_deletions(self, request, queryset):
        """Nothing: the triggers have recorded it."""
