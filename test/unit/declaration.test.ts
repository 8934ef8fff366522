/** Declarations: what a wrong name does (it doesn't compile), and what a right one becomes. */
import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Declaration } from "../../src/protect/declaration.js";
import { resource } from "../../src/protect/resource.js";
import { insertableColumns, updatableColumns } from "../../src/protect/writable.js";
import { group } from "../../src/resources/group.js";
import { resources } from "../../src/resources/resources.js";
import { sale } from "../../src/resources/sale.js";
import { todo } from "../../src/resources/todo.js";

describe("the names in a declaration", () => {
  it("allows the fields of its own model only", () => {
    expectTypeOf<"ownerId">().toExtend<Declaration<"Todo">["owner"]>();
    expectTypeOf<"ownerid">().not.toExtend<Declaration<"Todo">["owner"]>();
    expectTypeOf<"campus">().not.toExtend<Declaration<"Todo">["scope"]>();
    expectTypeOf<{ nope: { read: "x" } }>().not.toExtend<Required<Declaration<"Todo">>["fields"]>();
  });

  it("allows known models only", () => {
    expectTypeOf<"TodoShare">().toExtend<Declaration<"Todo">["shares"]>();
    expectTypeOf<"TodoShares">().not.toExtend<Declaration<"Todo">["shares"]>();
    expectTypeOf<"Invoice">().not.toExtend<Parameters<typeof resource>[0]>();
  });
});

describe("a resource", () => {
  it("hides foreign keys, and what the declaration hides", () => {
    expect([...todo.columns.keys()]).toEqual(["id", "title", "done", "internalNote", "createdAt", "updatedAt"]);
    expect([...sale.columns.keys()]).toEqual(["id", "campus", "amount", "createdAt"]);
  });

  it("denies an editor to say whose a row is and where it stands, also where no relation hides it", () => {
    const declared = new Map(resources.map((one) => [one.name as string, one]));
    const columnsOf = (event: ReturnType<typeof resource>) => [
      insertableColumns(event, declared),
      updatableColumns(event, declared),
      [...event.columns.keys()].includes("tenantId"),
    ];
    const [insertable, updatable, showsTenant] = columnsOf(
      resource("AuditEvent", { owner: "actor", scope: "scope", group: "user", commands: ["create", "update"] }),
    );
    for (const columns of [insertable, updatable]) {
      expect(columns).not.toContain("tenant_id");
      expect(columns).not.toContain("actor_id");
    }
    expect(insertable).toEqual(expect.arrayContaining(["scope_id", "user_id"]));
    expect(updatable).not.toEqual(expect.arrayContaining(["scope_id"]));
    expect(updatable).not.toEqual(expect.arrayContaining(["user_id"]));
    expect(showsTenant).toBe(false);
  });

  it("reads the features of its commands, unless the declaration calls them otherwise", () => {
    expect(todo.featureOf("update")).toBe("todos.update");
    expect(sale.featureOf("read")).toBe("view_sales_page");
    expect(resource("Todo", {}).featureOf("read")).toBe("todos.read");
  });

  it("denies every command that the declaration doesn't list", () => {
    expect([...sale.commands]).toEqual(["read"]);
    expect([...group.commands]).toEqual(["read"]);
  });

  it("rejects a name that is no field of its model", () => {
    expect(() => resource("Todo", { owner: "nope" as "ownerId" })).toThrow("Todo has no field nope.");
  });
});

describe("the guide on declarations", () => {
  it("names everything that one can say", () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const [, body = ""] =
      /export interface Declaration<.*?> \{\n(.*?)\n\}/s.exec(read("src/protect/declaration.ts")) ?? [];
    const keys = [...body.matchAll(/readonly (\w+)\?:/g)].map(([, key]) => key);
    const guide = read("docs/guides/declare-a-table.md");
    expect(keys.length).toBeGreaterThan(15);
    expect(keys.filter((key) => !new RegExp(`\`${key}\\b`).test(guide))).toEqual([]);
  });
});
