/** In charge of docker-compose.yml: that its services fit together, and who of them may reach the database by which way. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig } from "../../src/config.js";

const root = new URL("../../", import.meta.url);
const service = z.object({
  image: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const compose = z
  .object({
    services: z.record(z.string(), service),
    configs: z.record(z.string(), z.object({ content: z.string() })),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parse(withDefaults(readFileSync(new URL("docker-compose.yml", root), "utf8")), { merge: true }));
const { services } = compose;

// As `docker compose` does where nothing is set.
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, "$1");
}

const environmentOf = (name: string) => services[name]?.environment ?? {};
const hostOf = (url: string | undefined) => new URL(url ?? "").host;

describe("docker-compose.yml", () => {
  it("names only services, files, volumes and configurations that are there", () => {
    for (const [name, { depends_on: needed, volumes, configs, environment }] of Object.entries(services)) {
      for (const other of Object.keys(needed))
        expect([name, Object.keys(services)]).toEqual([name, expect.arrayContaining([other])]);
      for (const { source } of configs) expect(compose.configs).toHaveProperty(source);
      for (const volume of volumes) {
        const [from = ""] = volume.split(":");
        expect([volume, from.startsWith("./") ? existsSync(new URL(from, root)) : from in compose.volumes]).toEqual([
          volume,
          true,
        ]);
      }
      for (const url of Object.values(environment).filter((value) => value.startsWith("postgres://")))
        expect(Object.keys(services)).toContain(new URL(url).hostname);
    }
  });

  it("gives the gateway an environment that it accepts: the pooler for requests, PostgreSQL itself for LISTEN", () => {
    const { database } = readConfig(environmentOf("gateway"));
    expect([hostOf(database.url ?? ""), hostOf(database.listenUrl ?? "")]).toEqual(["pgbouncer:6432", "postgres:5432"]);
    expect(database.adminUrl).toBeNull();
    expect(readConfig(environmentOf("prepare")).database.adminUrl).toContain("postgres:5432");
  });

  it("hides the administrator's password from all but who prepares", () => {
    const knowing = Object.entries(services).filter(([, { environment }]) =>
      JSON.stringify(environment).includes("postgres:postgres"),
    );
    expect(knowing.map(([name]) => name)).toEqual(["prepare"]);
  });

  it("pools transactions, on the port that the gateway asks, with what prepared statements need", () => {
    const settings = compose.configs["pgbouncer"]?.content ?? "";
    expect(settings).toMatch(/^pool_mode = transaction$/m);
    expect(settings).toMatch(/^listen_port = 6432$/m);
    expect(settings).toMatch(/^max_prepared_statements = [1-9]\d*$/m);
    // Its own defaults keep a request for two minutes while PostgreSQL is away.
    expect(settings).toMatch(/^query_wait_timeout = [1-5]$/m);
    expect(settings).toMatch(/^auth_type = scram-sha-256$/m);
    const targets = services["pgbouncer"]?.configs.map(({ target }) => target);
    expect(targets).toContain(/^auth_file = (.*)$/m.exec(settings)?.[1]);
    expect(compose.configs["pgbouncer-users"]?.content).toBe('"authenticator" "authenticator"\n');
  });

  it("opens ports to this machine only, and starts Keycloak only when it is asked for", () => {
    for (const { ports } of Object.values(services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    const optional = Object.entries(services).filter(([, { profiles }]) => profiles.length > 0);
    expect(optional.map(([name]) => name)).toEqual(["keycloak", "trust-keycloak"]);
  });
});
