from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class BaseConfig(AppConfig):
    name = "models.base"
    label = "base"
    verbose_name = _("Base")

    def ready(self):
        from models.base import search_index

        connection_created.connect(search_index.prepare_connection, dispatch_uid="search_prepare")
        post_migrate.connect(search_index.install, dispatch_uid="search_install")
