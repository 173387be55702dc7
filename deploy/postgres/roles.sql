-- For an administrator, once a database; then `nimmer db migrate` as the migrator.
-- psql -v env=prod -f roles.sql
-- Passwords are set afterwards with \password, so that none is written down here.
select format('create role %I nologin', name)
from unnest(array['nimmer_migrator', 'nimmer_writer', 'nimmer_reader']) name
where not exists (select from pg_roles where rolname = name) \gexec

select format('create role %I login in role nimmer_migrator', 'nimmerverse_' || :'env' || '_migrator')
where not exists (select from pg_roles where rolname = 'nimmerverse_' || :'env' || '_migrator') \gexec
select format('create role %I login in role nimmer_writer', 'nimmerverse_' || :'env' || '_hippocampus')
where not exists (select from pg_roles where rolname = 'nimmerverse_' || :'env' || '_hippocampus') \gexec
select format('create role %I login in role nimmer_reader', 'nimmerverse_' || :'env' || '_reader')
where not exists (select from pg_roles where rolname = 'nimmerverse_' || :'env' || '_reader') \gexec

select format('create database %I owner nimmer_migrator encoding ''UTF8'' template template0', 'nimmerverse_' || :'env')
where not exists (select from pg_database where datname = 'nimmerverse_' || :'env') \gexec
