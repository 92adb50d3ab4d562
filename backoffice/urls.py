"""Addresses: the admin at the root, health for whoever watches."""

from django.contrib import admin
from django.urls import include, path

from backoffice.health import health

urlpatterns = [
    path("health/", health, name="health"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", admin.site.urls),
]

handler400 = "admin_config.errors.bad_request"
handler403 = "admin_config.errors.permission_denied"
handler404 = "admin_config.errors.page_not_found"
handler500 = "admin_config.errors.server_error"
