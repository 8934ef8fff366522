-- Trusts the demo realm of docker-compose.yml, in the demo world only: alice, bob and jane are who they are at the demo issuer,
-- nora becomes a user at her first request, and whoever is in the realm's group /office is in Acme's Office.
-- For an administrator, after the seed; running it again changes nothing.
begin;
set local role iam_definer;

do $$
begin
  if not exists (select from iam.providers p where p.code = 'demo') then
    raise exception 'The demo realm belongs to the demo world, which is not in this database.';
  end if;
end
$$;

insert into iam.providers (code, name, issuer, audience, algorithms, preset, jwks_uri, provisions)
values (
  'keycloak', 'Keycloak', 'http://localhost:8080/realms/portcullis', '{portcullis}', '{RS256}', 'keycloak',
  -- the gateway asks inside the network, by another name than browsers do
  'http://keycloak:8080/realms/portcullis/protocol/openid-connect/certs', true
)
on conflict do nothing;

insert into iam.identities (provider_id, subject, user_id)
select p.id, given.subject, u.id
from (
  values
    ('4b000000-0000-4000-8000-000000000001', 'alice@acme.test'),
    ('4b000000-0000-4000-8000-000000000002', 'bob@acme.test'),
    ('4b000000-0000-4000-8000-000000000003', 'jane@acme.test')
) given (subject, email)
join iam.users u on u.email = given.email
join iam.providers p on p.code = 'keycloak'
on conflict do nothing;

update iam.groups g
set type = 'hybrid'
from iam.tenants t
where t.id = g.tenant_id and t.slug = 'acme' and g.name = 'Office' and g.type = 'internal';

insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
select g.tenant_id, g.id, p.id, 'office'
from iam.groups g
join iam.tenants t on t.id = g.tenant_id and t.slug = 'acme'
join iam.providers p on p.code = 'keycloak'
where g.name = 'Office'
  and not exists (select from iam.group_mappings m where m.group_id = g.id and m.provider_id = p.id and m.external_id = 'office');
commit;
