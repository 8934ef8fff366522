/** In charge of the configuration: what is taken, and that a wrong environment is told as a whole. */
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.js";
import { StartupError } from "../../src/errors.js";

const refusalOf = (variables: Readonly<Record<string, string>>): StartupError => {
  try {
    readConfig(variables);
  } catch (error) {
    if (error instanceof StartupError) return error;
  }
  throw new Error("nothing was refused");
};

describe("the configuration", () => {
  it("starts with nothing set: on this machine only, with the embedded database", () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 4000,
      isProduction: false,
      dataFolder: ".data",
      corsOrigins: [],
    });
    expect(config.database).toMatchObject({ url: null, adminUrl: null, listenUrl: null, prepare: true });
  });

  it("takes a variable set to nothing for one that is not set", () => {
    expect(readConfig({ PORT: "", DATABASE_URL: " " })).toEqual(readConfig({}));
  });

  it("reads addresses, and listens where it asks unless told otherwise", () => {
    const { database } = readConfig({ DATABASE_URL: "postgresql://authenticator@db/app", DATABASE_PREPARE: "off" });
    expect(database).toMatchObject({
      url: "postgresql://authenticator@db/app",
      listenUrl: "postgresql://authenticator@db/app",
      prepare: false,
    });
  });

  it("listens nowhere when it is told so, and shows no figures", () => {
    const url = "postgresql://authenticator@db/app";
    const config = readConfig({ DATABASE_URL: url, DATABASE_LISTEN_URL: "off", METRICS: "off" });
    expect(config.database).toMatchObject({ url, listenUrl: "off" });
    expect(config.hasMetrics).toBe(false);
    expect(refusalOf({ DATABASE_URL: url, DATABASE_LISTEN_URL: "hunter2" }).message).toContain(
      "DATABASE_LISTEN_URL: is",
    );
    expect(refusalOf({ DATABASE_URL: url, DATABASE_LISTEN_URL: "hunter2" }).message).not.toContain("hunter2");
  });

  it("refuses every wrong variable at once", () => {
    const { message, mend } = refusalOf({
      NODE_ENV: "production",
      PORT: "70000",
      LOG_LEVEL: "loud",
      DATABASE_POOL_SIZE: "many",
      CORS_ORIGINS: "https://app.example, app.example/path",
    });
    for (const name of ["PORT", "LOG_LEVEL", "DATABASE_POOL_SIZE", "CORS_ORIGINS", "DATABASE_URL"])
      expect(message).toContain(`  ${name}: `);
    expect(mend).not.toBe("");
  });

  it("refuses an address without repeating its password", () => {
    expect(refusalOf({ DATABASE_URL: "mysql://root:hunter2@db" }).message).not.toContain("hunter2");
  });

  it("refuses the embedded database in production", () => {
    expect(refusalOf({ NODE_ENV: "production" }).message).toContain("DATABASE_URL");
  });

  it("refuses an admin address without a gateway's", () => {
    expect(refusalOf({ DATABASE_ADMIN_URL: "postgres://admin@db/app" }).message).toContain("DATABASE_ADMIN_URL");
  });

  it("is frozen", () => {
    const config = readConfig({});
    expect([config, config.database, config.corsOrigins].every(Object.isFrozen)).toBe(true);
  });
});
