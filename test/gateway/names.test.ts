/** In charge of names: what looks like another name, or like an id, is none. */
import { describe, expect, it } from "vitest";
import { useAuditedGateway } from "../support/audited-gateway.js";

const gateway = useAuditedGateway();

const createGroup = "mutation ($name: String!) { createGroup(input: { name: $name }) { group { name } } }";

const refused: Readonly<Record<string, string>> = {
  "a zero-width space": "Office\u200b",
  "a soft hyphen": "Of\u00adfice",
  "a joiner behind a Latin letter": "Office\u200d",
  "a non-joiner between Latin letters": "Of\u200cfice",
  "text turned round": "\u202eeciffO",
  "a mark of direction": "Office\u200e",
  "a byte order mark": "\ufeffOffice",
  "half a character": "Office\ud800",
  "a tab": "Off\tice",
  "a blank behind it": "Office ",
  "the form of an id": "Group:1",
};

const allowed: Readonly<Record<string, string>> = {
  "letters of a script that doesn't join here": "می\u200cخواهم",
  "signs put together": "family 👨\u200d👩\u200d👧",
  "accents, put together or not": "Cafe\u0301 and Café",
};

describe("a name", () => {
  it.each(Object.entries(refused))("is rejected with %s", async (_what, name) => {
    const { body } = await gateway.ask("bob@acme.test", createGroup, { variables: { name } });
    expect(body.errors?.[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" }, path: ["createGroup"] });
  });

  it.each(Object.entries(allowed))("is allowed with %s", async (_what, name) => {
    const { body } = await gateway.ask("bob@acme.test", createGroup, { variables: { name } });
    expect(body).toEqual({ data: { createGroup: { group: { name } } } });
  });
});
