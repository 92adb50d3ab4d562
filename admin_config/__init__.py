"""How people see it: one module per area, named as in models. Imports models, flows and dashboards; nothing imports it but backoffice."""
