from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    name = "models.finance"
    label = "finance"
    verbose_name = _("Finance")

    def ready(self):
        from models.finance import allocating, openings, operations  # noqa: F401 (declares the operations)
