"""Pages for what went wrong: what happened, what to do, and a number to quote. “Not yours” looks like “not there”."""

import logging
import secrets

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

log = logging.getLogger("backoffice.errors")


def page(request, status, title, what, todo):
    """An error page in the person's language. It asks nothing of the database, so it works when that is away."""
    number = secrets.token_hex(4)
    log.info("error page %s: %s %s", number, status, request.path)
    if request.headers.get("HX-Request"):
        return HttpResponse(f"{title}. {what}", status=status)
    context = {"status": status, "title": title, "what": what, "todo": todo, "number": number, "request": request}
    return HttpResponse(render_to_string("backoffice/error.html", context), status=status)


def bad_request(request, exception=None):
    return page(
        request,
        400,
        _("This address cannot be read"),
        _("Something in the address or in the form is not as it should be."),
        _("Go back and try again, or start from the list."),
    )


def permission_denied(request, exception=None):
    return page(
        request,
        403,
        _("You may not do this"),
        str(exception) if exception and str(exception) else _("None of your roles allows it."),
        _("An administrator can widen a role."),
    )


def page_not_found(request, exception=None):
    return page(
        request,
        404,
        _("Not there or not yours"),
        _("There is no such page or record, or it lies outside your range."),
        _("Search for it, or ask its owner or an administrator."),
    )


def server_error(request):
    return page(
        request,
        500,
        _("Something went wrong here"),
        _("It is our mistake, not yours. Nothing was saved."),
        _("Try again. If it happens again, tell an administrator the number below."),
    )


def csrf_failure(request, reason=""):
    """The form is too old, or cookies are refused."""
    return page(
        request,
        403,
        _("This form is too old"),
        _("You were signed out, or the page was open in another window for too long. Nothing was saved."),
        _("Go back, copy what you typed, load the page again."),
    )
