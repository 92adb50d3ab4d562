"""PDF by WeasyPrint, where its libraries are. Nothing is fetched while a page is printed: neither files nor addresses."""

from functools import lru_cache

from django.utils.translation import gettext as _

from models.base.operations import Refusal

MOST_LINES = 500  # beyond it a PDF takes the web server many seconds and hundreds of megabytes; the browser prints it itself


@lru_cache(maxsize=1)
def weasyprint():
    """The library, or None where the system lacks Pango. Loaded at the first need: it is heavy."""
    try:
        import weasyprint as library
    except OSError:
        return None
    return library


def why_not(lines=0):
    """A sentence saying why there is no PDF; "" where there is."""
    if weasyprint() is None:
        return _("PDF needs the system library Pango, which is missing on this server; print this page from the browser.")
    if lines > MOST_LINES:
        return _("More than %(most)s lines: print this page from the browser.") % {"most": MOST_LINES}
    return ""


def pdf_of(html, lines=0):
    """The page as PDF. Raises Refusal where that cannot be done here."""
    if problem := why_not(lines):
        raise Refusal(problem, code="pdf")
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    return weasyprint().HTML(string=html, url_fetcher=fetcher).write_pdf()
