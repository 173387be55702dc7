-- For an administrator, once an environment; then `nimmer db migrate` as its migrator.
--   psql -v env=prod -d postgres -f roles.sql
-- Passwords are set afterwards with \password, so that none is written down here.
--
-- Each environment has a database and three roles of its own, without rights in the others. Running it again changes nothing,
-- and moves an installation whose environments shared the roles nimmer_migrator, nimmer_writer and nimmer_reader: rights and tables
-- of this environment go over to its own roles, in one transaction; once no database uses the shared ones, they are removed.
\set ON_ERROR_STOP on
\if :{?env}
\else
do $$ begin raise exception 'name the environment: psql -v env=prod -d postgres -f roles.sql'; end $$;
\endif
-- Functions and operators of a database's owner must not stand in for the server's.
set search_path = pg_catalog;
set client_min_messages = warning;
select 'nimmerverse_' || :'env' as db, 'nimmerverse_' || :'env' || '_migrator' as migrator,
       'nimmerverse_' || :'env' || '_hippocampus' as hippocampus, 'nimmerverse_' || :'env' || '_reader' as reader,
       'nimmerverse_%\_(migrator|hippocampus|reader)' as house,
       (select array_agg(rolname order by rolname) from pg_roles
        where rolname in ('nimmer_migrator', 'nimmer_writer', 'nimmer_reader')) is not null as shared
\gset

select format('create role %I login', name) from unnest(array[:'migrator', :'hippocampus', :'reader']) name
where not exists (select from pg_roles where rolname = name) \gexec
-- `nimmer db migrate` of an administrator makes roles that nobody can log in as.
select format('alter role %I login', rolname) from pg_roles
where rolname in (:'migrator', :'hippocampus', :'reader') and not rolcanlogin \gexec
-- An administrator who is no superuser must be a member of a role to give it a database.
select not pg_has_role(:'migrator', 'member') as joins \gset
\if :joins
select format('grant %I to current_user', :'migrator') \gexec
\endif

select format('create database %I owner %I encoding ''UTF8'' template template0', :'db', :'migrator')
where not exists (select from pg_database where datname = :'db') \gexec
revoke all on database :"db" from public;
grant connect, create, temporary on database :"db" to :"migrator";
grant connect, temporary on database :"db" to :"hippocampus", :"reader";

-- No environment takes the connections of the others: PostgreSQL has 100 in all unless somebody raised that. A limit that is set stays.
select format('alter role %I connection limit 10', rolname) from pg_roles
where rolname in (:'migrator', :'hippocampus', :'reader') and rolconnlimit < 0 \gexec
select format('alter database %I connection limit 25', datname) from pg_database
where datname = :'db' and datconnlimit < 0 \gexec

-- What joins two environments goes: memberships, and the way into this database.
select format('revoke %I from %I', granted.rolname, member.rolname)
from pg_auth_members m join pg_roles granted on granted.oid = m.roleid join pg_roles member on member.oid = m.member
where granted.rolname similar to :'house' and member.rolname similar to :'house'
  and granted.rolname <> member.rolname
  and (granted.rolname in (:'migrator', :'hippocampus', :'reader')
       or member.rolname in (:'migrator', :'hippocampus', :'reader'))
  and substring(granted.rolname from '^(.*)_[a-z]+$') <> substring(member.rolname from '^(.*)_[a-z]+$') \gexec
select distinct format('revoke all on database %I from %I', d.datname, r.rolname)
from pg_database d, aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
where d.datname = :'db' and r.rolname similar to :'house' and r.rolname not in (:'migrator', :'hippocampus', :'reader') \gexec

\connect :"db"
set search_path = pg_catalog;
set client_min_messages = warning;
begin;
revoke create on schema public from public;
grant usage, create on schema public to :"migrator";
grant usage on schema public to :"hippocampus", :"reader";
\if :shared
create temporary table own_role on commit drop as
select r.oid as shared, r.rolname as shared_name, own.name as own_name
from (values ('nimmer_migrator', :'migrator'), ('nimmer_writer', :'hippocampus'), ('nimmer_reader', :'reader')) own (shared, name)
join pg_roles r on r.rolname = own.shared;
grant select on own_role to public;
-- An administrator who is no superuser must be a member of the owners.
select format('grant %I to current_user', shared_name) from pg_temp.own_role
where shared_name = 'nimmer_migrator' and not pg_has_role(shared, 'member') \gexec
-- `reassign owned` also takes databases of other environments, which stay where they are until it is their turn.
select coalesce(array_agg(datname), '{}')::text as others from pg_database
where datdba = (select shared from pg_temp.own_role where shared_name = 'nimmer_migrator') and datname <> :'db' \gset
select format('alter database %I owner to current_user', name) from unnest(:'others'::text[]) name \gexec
select format('reassign owned by %I to %I', shared_name, own_name) from pg_temp.own_role
where shared_name = 'nimmer_migrator' \gexec
select format('alter database %I owner to nimmer_migrator', name) from unnest(:'others'::text[]) name \gexec
-- Rights go over to this environment's own roles, policies of rows included.
select format('alter policy %I on %s to %I', p.polname, p.polrelid::regclass, o.own_name)
from pg_policy p join pg_temp.own_role o on o.shared = any (p.polroles) \gexec
select format('grant %s on table %s to %I', a.privilege_type, c.oid::regclass, o.own_name)
from pg_class c, aclexplode(c.relacl) a join pg_temp.own_role o on o.shared = a.grantee
where o.shared_name <> 'nimmer_migrator' \gexec
select format('grant %s on routine %s to %I', a.privilege_type, p.oid::regprocedure, o.own_name)
from pg_proc p, aclexplode(p.proacl) a join pg_temp.own_role o on o.shared = a.grantee
where o.shared_name <> 'nimmer_migrator' \gexec
select format('revoke all on all %s in schema public from %I', kind, shared_name)
from pg_temp.own_role, unnest(array['tables', 'sequences', 'routines']) kind \gexec
select format('revoke all on schema public from %I', shared_name) from pg_temp.own_role \gexec
select format('revoke all on database %I from %I', :'db', shared_name) from pg_temp.own_role \gexec
-- Its users leave them.
select format('revoke %I from %I', o.shared_name, u.rolname)
from pg_auth_members m join pg_temp.own_role o on o.shared = m.roleid join pg_roles u on u.oid = m.member
where u.rolname in (:'migrator', :'hippocampus', :'reader') \gexec
\endif
commit;

\if :shared
-- The shared roles go with the last database that used them. Others who were members are named: nobody else can say which
-- environment they are of.
set client_min_messages = notice;
do $$
declare left_over record;
begin
    for left_over in
        select r.rolname, u.rolname as member from pg_auth_members m join pg_roles r on r.oid = m.roleid
        join pg_roles u on u.oid = m.member
        where r.rolname in ('nimmer_migrator', 'nimmer_writer', 'nimmer_reader')
          and u.rolname not similar to 'nimmerverse_%\_(migrator|hippocampus|reader)' and u.rolname <> current_user
    loop
        raise notice '% is a member of %, which has no rights in % any more: grant one of its roles instead',
            left_over.member, left_over.rolname, current_database();
    end loop;
end $$;
select format('drop role %I', r.rolname) from pg_roles r
where r.rolname in ('nimmer_migrator', 'nimmer_writer', 'nimmer_reader')
  and not exists (select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid)
  and not exists (select from pg_auth_members m join pg_roles u on u.oid = m.member
                  where m.roleid = r.oid and u.rolname similar to 'nimmerverse_%\_(migrator|hippocampus|reader)') \gexec
\endif
\if :joins
select format('revoke %I from current_user', :'migrator') \gexec
\endif
