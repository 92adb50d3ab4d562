"""The line grid of documents: rows typed by keyboard, scanned, picked or pasted, on Django's own formset.

Here belongs what shows and takes in the lines of a document: the formset that finds products by what was typed and lets the
server price them, the rows as HTML, the two addresses the script asks, the draft that survives a closed browser. Here does not
belong which documents have lines and where prices, stock and last prices come from: a screen names the columns and hands in
the four functions (see `inline.LineGridInline`). May import models.base and what a line's keys point at; no area by name.
"""
