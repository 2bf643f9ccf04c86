-- pgextwlist runs this as superuser when the owner of a database created postgres_fdw: servers may then be theirs.
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO @database_owner@;
