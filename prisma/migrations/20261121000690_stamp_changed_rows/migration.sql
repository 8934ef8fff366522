-- What a protected table with updated_at stands on: the moment of the last change is the database's to say.
-- Who may: the trigger's function is run by whoever changes a row.

create function iam.touch()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function iam.touch() is 'Stamps a changed row.';
revoke all on function iam.touch() from public;
alter function iam.touch() owner to api_owner;
grant execute on function iam.touch() to web_user, iam_definer;
