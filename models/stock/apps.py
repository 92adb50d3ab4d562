from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StockConfig(AppConfig):
    name = "models.stock"
    label = "stock"
    verbose_name = _("Stock")

    def ready(self):
        from models.stock import openings  # noqa: F401 (declares the operations)
