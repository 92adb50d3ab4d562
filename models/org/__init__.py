"""Users, employees, companies, departments, regions, positions, roles and what they grant. Imports base only."""
