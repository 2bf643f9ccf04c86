-- pgextwlist runs this as superuser when the owner of a database created pgq, which grants to roles of the whole server only.
GRANT USAGE ON SCHEMA pgq TO @database_owner@;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgq TO @database_owner@;
GRANT SELECT ON ALL TABLES IN SCHEMA pgq TO @database_owner@;
