from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrgConfig(AppConfig):
    name = "models.org"
    label = "org"
    verbose_name = _("Organisation")

    def ready(self):
        from models.org import access, rates  # noqa: F401 (fill the protocols)
