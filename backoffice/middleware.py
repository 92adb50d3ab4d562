"""What every request passes: refusal of text no database can hold, and the person on whose behalf the request acts."""

from django.http import HttpResponseBadRequest
from django.utils.translation import gettext as _

from models.base.actor import acting


class RefuseBrokenText:
    """Answer 400 to NUL characters and lone surrogates in the address, query or form: no database stores them."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if self._is_broken(request):
            return HttpResponseBadRequest(_("The request contains characters that cannot be stored."))
        return self.get_response(request)

    @staticmethod
    def _is_broken(request):
        def broken(text):
            return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)

        if broken(request.path) or any(broken(k) or broken(v) for k, values in request.GET.lists() for v in values):
            return True
        if request.method == "POST" and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            return any(broken(k) or broken(v) for k, values in request.POST.lists() for v in values)
        return False


class ActingUser:
    """Name the signed-in person as the actor of everything that happens in this request (labels and history only)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user if request.user.is_authenticated else None
        with acting(user):
            return self.get_response(request)
