"""What a web server calls. Everything is loaded before the first request, so that no user waits for imports.

Run with gunicorn's `--preload`: the workers then share the memory of what is loaded here.
"""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()  # what is loaded stays: no collection looks at it again, and no worker copies its pages for that
