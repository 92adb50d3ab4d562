from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LowcodeConfig(AppConfig):
    name = "models.lowcode"
    label = "lowcode"
    verbose_name = _("Configuration")

    def ready(self):
        from models.lowcode import numbers  # noqa: F401 (fills the protocol)
