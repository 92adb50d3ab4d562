"""The areas that have screens; Django's autodiscovery starts here."""

from admin_config import audit, customers, finance, lowcode, office, org, products, sales, stock

AREAS = (org, lowcode, customers, products, stock, finance, sales, office, audit)
