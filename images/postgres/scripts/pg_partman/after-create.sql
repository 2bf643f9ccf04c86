-- pgextwlist runs this as superuser when the owner of a database created pg_partman, which has no rights for others.
GRANT USAGE, CREATE ON SCHEMA @extschema@ TO @database_owner@;
GRANT ALL ON ALL TABLES IN SCHEMA @extschema@ TO @database_owner@;
GRANT ALL ON ALL SEQUENCES IN SCHEMA @extschema@ TO @database_owner@;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA @extschema@ TO @database_owner@;
