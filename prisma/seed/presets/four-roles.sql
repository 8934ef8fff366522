-- Four roles for the people around a project, the ones that an AI gateway's `user_roles` knows: admin, developer, viewer,
-- readonly. There a person has one role for each `project_id`; here a project is a scope of type `project`, a person may have
-- several roles there, and what the `permissions` of an assignment add is a grant of a feature beside the role.
--
--   admin      full access                   everything (*)
--   developer  read/write                    analytics, traces, and reads, makes, edits and deletes todos and chats
--   viewer     read-only analytics           analytics.read
--   readonly   read traces only              traces.read
--
-- Nobody has them until they are granted: select iam.grant_role('developer', 'project/<key>', 'bob@acme.test').
-- Runs as iam_definer. A role that is there already stays as it is, whatever it gives by now.

insert into iam.features (code, parent_id, description)
select given.code, root.id, given.description
from iam.features root
cross join (
  values
    ('analytics', 'Everything about analytics.'),
    ('traces', 'Everything about the traces of requests.')
) given (code, description)
where root.code = '*'
on conflict (code) do nothing;

insert into iam.features (code, parent_id, description)
select given.code, parent.id, given.description
from (
  values
    ('analytics.read', 'analytics', 'Read analytics.'),
    ('analytics.write', 'analytics', 'Change what analytics measures.'),
    ('traces.read', 'traces', 'Read the traces of requests.'),
    ('traces.write', 'traces', 'Annotate and delete traces.')
) given (code, parent, description)
join iam.features parent on parent.code = given.parent
on conflict (code) do nothing;

with made as (
  insert into iam.roles (tenant_id, code, name, description)
  select nullif(current_setting('preset.tenant_id'), '')::uuid, given.code, given.name, given.description
  from (
    values
      ('admin', 'Admin', 'Full access.'),
      ('developer', 'Developer', 'Reads and writes, and changes nothing about who may do what.'),
      ('viewer', 'Viewer', 'Reads analytics.'),
      ('readonly', 'Read-only', 'Reads traces, and nothing else.')
  ) given (code, name, description)
  where not exists (
    select from iam.roles r
    where r.code = given.code
      and (r.tenant_id is null or r.tenant_id = nullif(current_setting('preset.tenant_id'), '')::uuid)
  )
  returning id, tenant_id, code
)
insert into iam.role_features (role_id, feature_id, tenant_id)
select made.id, f.id, made.tenant_id
from made
join (
  values
    ('admin', '{*}'::text[]),
    (
      'developer',
      '{analytics,traces,todos.read,todos.create,todos.update,todos.delete,chats.read,chats.create,chats.update,chats.delete}'
    ),
    ('viewer', '{analytics.read}'),
    ('readonly', '{traces.read}')
) gives (role, features) on gives.role = made.code
join iam.features f on f.code = any (gives.features);
