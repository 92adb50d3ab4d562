"""What a web server calls. The addresses are loaded before the first request, so that no user waits for imports."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018
