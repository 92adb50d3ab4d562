"""Spreadsheets in and out, for every record type, from one description of its columns.

columns.py    which columns a record type has for a person        keys.py      keys to other records by code, name, number
values.py     cells as values, column by column                   mapping.py   whose heading means which column
child.py      reads an untrusted file, caged                      reading.py   starts the cage
checking.py   what each row would do, as a form would check it    documents.py lines on several rows
writing.py    does it                                             effective.py posted history instead of drafts
running.py    the whole way of one file                           exporting.py the way out
admin.py      the pages                                           tasks.py     long imports in the background
"""
