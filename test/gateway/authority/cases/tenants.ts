/** In charge of the cases of tenants, members and providers. Only who holds `*` may make a tenant or trust a provider: petra. */
import { anId, bad, type Cases, inTenant, lacks, numbered } from "../mutation-cases.js";

const made = { slug: "hooli", name: "Hooli" } as const;
const trusted = {
  code: "fresh",
  name: "Fresh",
  issuer: "https://fresh.test",
  audience: ["api"],
  algorithms: ["ES256"],
} as const;
const key = { jwksUri: "https://fresh.test/jwks" } as const;
const readsProvider = "provider { code name isEnabled }";

export const tenantCases: Cases = {
  createTenant: {
    selects: "tenant { slug name }",
    allows: [
      {
        as: "petra",
        why: "with somebody else as its owner",
        input: { ...made, owner: "heir@acme.test" },
        answers: { tenant: made },
        event: 50001,
      },
    ],
    refuses: [
      lacks("alice", "iam.tenants.create", made, "who owns a tenant"),
      lacks("pia", "iam.tenants.create", made, "who holds something else at global/all"),
      { as: "petra", why: "a slug in use", input: { ...made, slug: "acme" }, code: "CONFLICT" },
      bad("petra", { ...made, slug: "Not A Slug" }, "a slug that is none"),
      bad("petra", { ...made, slug: "" }, "an empty slug"),
      bad("petra", { ...made, name: "" }, "an empty name"),
      numbered("petra", 52103, "NOT_FOUND", { ...made, owner: "no.one@acme.test" }, "with nobody as its owner"),
    ],
  },
  updateTenant: {
    selects: "tenant { name }",
    allows: [
      {
        as: "tina",
        why: "her own",
        input: { tenant: "acme", name: "Acme Corp" },
        answers: { tenant: { name: "Acme Corp" } },
        event: 50002,
      },
    ],
    refuses: [
      lacks("bob", "iam.tenants.update", { tenant: "acme", name: "Mine" }, "who is only a member"),
      { as: "tina", why: "another one", input: { tenant: "globex", name: "Mine" }, code: "NOT_FOUND" },
      {
        as: "tina",
        why: "one that never was",
        input: { tenant: "Tenant:00000000-0000-4000-8000-000000000000", name: "Mine" },
        code: "NOT_FOUND",
      },
      inTenant(
        "acme",
        lacks(
          "both",
          "iam.tenants.update",
          { tenant: "globex", name: "Mine" },
          "one that he is in, not the one he acts in",
        ),
      ),
      bad("tina", { tenant: "acme", name: "" }, "an empty name"),
    ],
  },
  deleteTenant: {
    selects: "id",
    allows: [
      { as: "tess", why: "her own", input: { tenant: "initech" }, answers: { id: anId("Tenant") }, event: 50003 },
    ],
    refuses: [
      lacks("bob", "iam.tenants.delete", { tenant: "acme" }, "who is only a member"),
      lacks("tina", "iam.tenants.delete", { tenant: "acme" }, "who may only rename it"),
      { as: "tess", why: "another one", input: { tenant: "acme" }, code: "NOT_FOUND" },
    ],
  },
  selectTenant: {
    selects: "tenant { slug }",
    allows: [
      {
        as: "both",
        why: "one of hers",
        input: { tenant: "globex" },
        answers: { tenant: { slug: "globex" } },
        event: 50102,
      },
    ],
    refuses: [
      numbered("bob", 52108, "FORBIDDEN", { tenant: "globex" }, "one that is not his"),
      numbered("bob", 52108, "FORBIDDEN", { tenant: "nowhere" }, "one that is none"),
      numbered("bob", 52108, "FORBIDDEN", { tenant: "" }, "nothing"),
    ],
  },
  addTenantMember: {
    selects: "user { email }",
    allows: [
      {
        as: "uma",
        why: "somebody of another tenant, by his address",
        input: { user: "Carol@globex.test" },
        answers: { user: { email: "carol@globex.test" } },
        event: 50007,
      },
    ],
    refuses: [
      lacks("bob", "iam.users.create", { user: "mallory@nowhere.test" }, "who may not"),
      numbered("uma", 52103, "NOT_FOUND", { user: "no.one@nowhere.test" }, "nobody"),
      numbered("uma", 52103, "NOT_FOUND", { user: "#user-mallory" }, "a stranger by his id, which she can't know"),
      { as: "uma", why: "who is a member", input: { user: "bob@acme.test" }, code: "CONFLICT" },
    ],
  },
  removeTenantMember: {
    selects: "id",
    allows: [
      { as: "uma", why: "a member", input: { user: "leaver@acme.test" }, answers: { id: anId("User") }, event: 50008 },
      { as: "ann", why: "herself", input: { user: "ann@acme.test" }, answers: { id: anId("User") }, event: 50008 },
    ],
    refuses: [
      lacks("bob", "iam.users.delete", { user: "dora@acme.test" }, "who may not"),
      numbered("alice", 52280, "FORBIDDEN", { user: "alice@acme.test" }, "herself, the last owner (E3)"),
      numbered("uma", 52280, "FORBIDDEN", { user: "alice@acme.test" }, "the last owner (E3)"),
      numbered("uma", 52103, "NOT_FOUND", { user: "mallory@nowhere.test" }, "who is no member"),
    ],
  },
  assignTenantOwner: {
    selects: "tenant { slug }",
    allows: [
      {
        as: "olive",
        why: "a member",
        input: { user: "heir@acme.test" },
        answers: { tenant: { slug: "acme" } },
        event: 50004,
      },
    ],
    refuses: [
      numbered("uma", 52280, "FORBIDDEN", { user: "uma@acme.test" }, "who is no owner (E2)"),
      numbered("gus", 52280, "FORBIDDEN", { user: "gus@acme.test" }, "who may only grant"),
      numbered("olive", 52103, "NOT_FOUND", { user: "mallory@nowhere.test" }, "who is no member"),
    ],
  },
  createProvider: {
    selects: readsProvider,
    allows: [
      {
        as: "petra",
        why: "an issuer",
        input: { ...trusted, ...key },
        answers: { provider: { code: "fresh", name: "Fresh", isEnabled: true } },
        event: 50011,
      },
    ],
    refuses: [
      lacks("alice", "iam.providers.create", { ...trusted, ...key }, "who owns a tenant"),
      lacks("pia", "*", { ...trusted, ...key }, "who holds only iam.providers"),
      bad("petra", { ...trusted, ...key, preset: "acme" }, "of a make that nobody knows"),
      bad("petra", { ...trusted, ...key, audienceClaim: "sub" }, "with an audience in a claim that says nothing of it"),
      bad("petra", { ...trusted, ...key, clockToleranceSeconds: 61 }, "with a clock that is off for long"),
      bad("petra", { ...trusted, ...key, claims: ["sub"] }, "with claims that are no rules"),
      bad("petra", { ...trusted, ...key, jwks: { keys: [] } }, "with a key set and its address"),
      bad("petra", { ...trusted, ...key, algorithms: ["HS256"] }, "with a symmetric algorithm"),
      bad("petra", { ...trusted, ...key, algorithms: [] }, "without an algorithm"),
      bad("petra", { ...trusted, ...key, audience: [] }, "without an audience"),
      bad("petra", { ...trusted, ...key, code: "Not A Code" }, "with a code that is none"),
      bad("petra", { ...trusted, ...key, name: "" }, "with an empty name"),
      bad("petra", { ...trusted, ...key, issuer: "" }, "with an empty issuer"),
      { as: "petra", why: "a code in use", input: { ...trusted, ...key, code: "demo" }, code: "CONFLICT" },
      {
        as: "petra",
        why: "an issuer that is trusted already",
        input: { ...trusted, ...key, issuer: "https://spare.test" },
        code: "CONFLICT",
      },
    ],
  },
  updateProvider: {
    selects: readsProvider,
    allows: [
      {
        as: "petra",
        why: "its name and key set",
        input: { provider: "spare", name: "Spared", jwks: { keys: [] } },
        answers: { provider: { code: "spare", name: "Spared", isEnabled: true } },
        event: 50012,
      },
    ],
    refuses: [
      { as: "alice", why: "who may not see providers", input: { provider: "spare", name: "Mine" }, code: "NOT_FOUND" },
      lacks("pia", "*", { provider: "spare", name: "Mine" }, "who holds only iam.providers"),
      bad("petra", { provider: "spare" }, "nothing to change"),
      bad("petra", { provider: "spare", jwks: { keys: [] }, ...key }, "to a key set and its address"),
      bad("petra", { provider: "spare", algorithms: ["HS256"] }, "to a symmetric algorithm"),
      bad("petra", { provider: "spare", name: "" }, "to an empty name"),
      { as: "petra", why: "one that is none", input: { provider: "nobody", name: "Mine" }, code: "NOT_FOUND" },
    ],
  },
  disableProvider: {
    selects: readsProvider,
    allows: [
      {
        as: "pia",
        why: "who holds only iam.providers",
        input: { provider: "spare" },
        answers: { provider: { code: "spare", name: "Spared", isEnabled: false } },
        event: 50015,
      },
    ],
    refuses: [
      { as: "alice", why: "who may not see providers", input: { provider: "spare" }, code: "NOT_FOUND" },
      { as: "pia", why: "one that is none", input: { provider: "nobody" }, code: "NOT_FOUND" },
    ],
  },
  enableProvider: {
    selects: readsProvider,
    allows: [
      {
        as: "petra",
        why: "a disabled one",
        input: { provider: "late" },
        answers: { provider: { code: "late", name: "Late", isEnabled: true } },
        event: 50014,
      },
    ],
    refuses: [
      { as: "alice", why: "who may not see providers", input: { provider: "late" }, code: "NOT_FOUND" },
      lacks("pia", "*", { provider: "late" }, "who holds only iam.providers"),
    ],
  },
  deleteProvider: {
    selects: "id",
    allows: [
      {
        as: "petra",
        why: "one of several",
        input: { provider: "doomed" },
        answers: { id: anId("Provider") },
        event: 50013,
      },
    ],
    refuses: [
      { as: "alice", why: "who may not see providers", input: { provider: "doomed" }, code: "NOT_FOUND" },
      lacks("pia", "*", { provider: "doomed" }, "who holds only iam.providers"),
    ],
  },
};
