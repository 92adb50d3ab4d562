"""What holds when many work at the same moment: processes on PostgreSQL and on SQLite files, never threads on a database in memory.

A scene is a module here that says what the processes do; `crowd` runs it, `books` tells whether everything still adds up, `server`
starts a real web server and `browser` posts to it as a browser would. The tests say how often and what must come out.
"""
