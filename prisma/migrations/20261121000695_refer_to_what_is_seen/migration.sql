-- What a row of a protected table may refer to: rows that its writer sees. A foreign key is checked without policies, and
-- would tell him of any row.
-- Who may: the trigger's function is run by whoever writes a row, and looks with his eyes.

create function iam.require_visible()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- tg_argv: the column that refers, the table it refers to, and the column there
  referred text := to_jsonb(new) ->> tg_argv[0];
  is_visible boolean;
begin
  -- who edits a row need not see what it referred to before
  if referred is null or (tg_op = 'UPDATE' and referred is not distinct from to_jsonb(old) ->> tg_argv[0]) then
    return new;
  end if;
  execute format('select exists (select from %s r where r.%I = $1::uuid)', tg_argv[1], tg_argv[2]) into is_visible using referred;
  if not is_visible then
    raise sqlstate 'PT404' using message = 'What the row would refer to does not exist.';
  end if;
  return new;
end
$$;
comment on function iam.require_visible() is
  'Lets a written row refer to a row that its writer sees, and to no other. Raises PT404, the same for what is hidden and what never was.';
revoke all on function iam.require_visible() from public;
alter function iam.require_visible() owner to api_owner;
grant execute on function iam.require_visible() to web_user, iam_definer;
