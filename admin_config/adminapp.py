from django.contrib.admin.apps import AdminConfig


class BackofficeAdminConfig(AdminConfig):
    """Django's admin on our site."""

    default_site = "admin_config.site.BackofficeSite"
