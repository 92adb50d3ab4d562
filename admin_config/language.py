"""Choosing a language: for this browser, and for the person once somebody has signed in."""

from django.conf import settings
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from models.audit.changes import changes

A_YEAR = 365 * 24 * 3600


@require_POST
def language_view(request):
    """POST `language`, `next`: speak that language from now on, and go back."""
    chosen, back = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if chosen in dict(settings.LANGUAGES) and check_for_language(chosen):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=A_YEAR, samesite="Lax")
        user = request.user
        if user.is_authenticated and user.language != chosen:
            with changes("form", request=request, reason="language"):
                user.language = chosen
                user.save(update_fields=["language"])
    return response
