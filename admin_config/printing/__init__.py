"""Printing: what a document looks like on paper. Layouts are data, pages are cut in Python, the browser or WeasyPrint prints them."""
