"""Addresses: the admin at the root, health for whoever watches."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path

from backoffice.health import health


def favicon(request):
    """Where browsers look for the picture of a page that names none."""
    return HttpResponseRedirect(static("backoffice/favicon.svg"))


urlpatterns = [
    path("health/", health, name="health"),
    path("favicon.ico", favicon),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", admin.site.urls),
]

handler400 = "admin_config.errors.bad_request"
handler403 = "admin_config.errors.permission_denied"
handler404 = "admin_config.errors.page_not_found"
handler500 = "admin_config.errors.server_error"
