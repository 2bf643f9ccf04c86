-- pgextwlist runs this as superuser when the owner of a database created pgq_node, which grants to roles of the whole server only.
GRANT USAGE ON SCHEMA pgq_node TO @database_owner@;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgq_node TO @database_owner@;
GRANT SELECT ON ALL TABLES IN SCHEMA pgq_node TO @database_owner@;
