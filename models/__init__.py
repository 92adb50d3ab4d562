"""What is true and what can be done: one small Django app per business area. A namespace; never import here."""
