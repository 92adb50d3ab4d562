"""The areas that have screens; Django's autodiscovery starts here. Screens that libraries bring along are taken away."""

from django.conf import settings
from django.contrib import admin

from admin_config import audit, customers, finance, flows, lowcode, office, org, products, sales, stock, waiting

AREAS = (org, lowcode, customers, products, stock, finance, sales, office, flows, waiting, audit)
OURS = {*settings.AREAS, "flows", "dashboards", "spreadsheets"}

for model in list(admin.site._registry):
    if model._meta.app_label not in OURS:
        admin.site.unregister(model)
