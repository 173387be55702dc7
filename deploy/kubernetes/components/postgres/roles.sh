#!/bin/sh
# Runs once, when the server makes its data folder: the roles of deploy/postgres/roles.sql, with passwords from files.
set -eu
env=${NIMMERVERSE_ENV:?}
psql -Xqv ON_ERROR_STOP=1 --username postgres <<SQL
create role nimmer_migrator nologin;
create role nimmer_writer nologin;
create role nimmer_reader nologin;
create role nimmerverse_${env}_migrator login password '$(cat /run/secrets/migrator/password)' in role nimmer_migrator;
create role nimmerverse_${env}_hippocampus login password '$(cat /run/secrets/hippocampus/password)' in role nimmer_writer;
create database nimmerverse_${env} owner nimmer_migrator encoding 'UTF8' template template0;
SQL
