from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "models.sales"
    label = "sales"
    verbose_name = _("Sales")

    def ready(self):
        from models.sales import ordering  # noqa: F401 (deleting a draft order opens its quotes again)
        from models.sales.operations import deliveries, orders, quotes, returns  # noqa: F401 (declares the operations)
