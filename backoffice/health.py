"""What a watcher asks: is the process up and does the database answer?"""

from django.db import connection
from django.http import JsonResponse


def health(_request):
    """200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return JsonResponse({"database": "away"}, status=503)
    return JsonResponse({"database": "ok"})
