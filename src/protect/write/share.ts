/** In charge of shareTodo and unshareTodo: one row opened to one group or one user. */
import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import { coordinateOf } from "../../builder/field-extensions.js";
import { forbidden } from "../../builder/unauthorized.js";
import type { Session } from "../../database/session.js";
import { uuidOf } from "../global-id.js";
import { protectionOf } from "../policies/protection-of.js";
import { mayDo } from "../read/access.js";
import { tableOf } from "../read/compilation.js";
import { readObject, readValue } from "../read/read.js";
import { anyOf, rowSource, type Source, type Sql, toStatement, typed, valueSource } from "../read/sql.js";
import type { Resource, Row } from "../resource.js";
import type { Resources } from "../resources.js";
import { spoken } from "../type/describe.js";
import { payloadType } from "../type/payload-type.js";
import type { WriteInput } from "./input.js";
import { type Attempt, naming, notFound } from "./refusals.js";
import { flagsOf, granteeOf, shareInput, unshareInput } from "./share-input.js";
import { deleteShare, sharesOf, upsertShare } from "./shares.js";

const options = {
  authScopes: { authenticated: true },
  extensions: { portcullis: { changesAuthority: true } },
} as const;

/** Adds `shareTodo` and `unshareTodo` to a resource that has shares. */
export function addShare(resource: Resource, resources: Resources): void {
  if (resource.shares === null) return;
  const protection = protectionOf(resource, resources);
  const mayShare = (row: Source): Sql => mayDo(protection, "share", row) ?? anyOf([]);
  const shares = sharesOf(resource, resource.shares);
  const who = `its owner may, and who holds \`${resource.featureOf("share")}\` at its scope`;
  builder.mutationFields((t) => ({
    [`share${resource.name}`]: t.field({
      ...options,
      type: payloadType(`Share${resource.name}Payload`, resource),
      nullable: false,
      description: `Opens a ${spoken(resource.singular)} to a group or a user, or sets anew what was opened: ${who}.`,
      args: {
        input: t.arg({ type: shareInput(resource), required: true, description: "What, to whom, and for what." }),
      },
      resolve: (_root, { input }, { session }, info) => {
        const id = sharedId(resource, input);
        const share = { grantee: granteeOf(input), flags: flagsOf(input) };
        return writeShare(resource, { session, info, id, mayShare }, upsertShare(shares, id, share));
      },
    }),
    [`unshare${resource.name}`]: t.field({
      ...options,
      type: payloadType(`Unshare${resource.name}Payload`, resource),
      nullable: false,
      description: `Closes a ${spoken(resource.singular)} to a group or a user again: ${who}.`,
      args: { input: t.arg({ type: unshareInput(resource), required: true, description: "What, and to whom." }) },
      resolve: (_root, { input }, { session }, info) => {
        const id = sharedId(resource, input);
        return writeShare(resource, { session, info, id, mayShare }, deleteShare(shares, id, granteeOf(input)));
      },
    }),
  }));
}

function sharedId({ name, singular }: Resource, input: WriteInput): string {
  return uuidOf(name, String(input[singular]));
}

interface Write {
  readonly session: Session;
  readonly info: GraphQLResolveInfo;
  readonly id: string;
  readonly mayShare: (row: Source) => Sql;
}

async function writeShare(resource: Resource, { session, info, id, mayShare }: Write, statement: Sql): Promise<Row> {
  const attempt = { coordinate: coordinateOf(info), requires: resource.featureOf("share") };
  await requireToShare(session, resource, { id, attempt, mayShare });
  await naming(attempt, () => session.execute(toStatement(statement)));
  return readObject(session, info, valueSource({ id }));
}

// The policies refuse too, but a delete that they narrow to no row looks like one that found none.
async function requireToShare(
  session: Session,
  resource: Resource,
  { id, attempt, mayShare }: Pick<Write, "id" | "mayShare"> & { readonly attempt: Attempt },
): Promise<void> {
  const row = rowSource("t0");
  const isAllowed = await readValue<boolean>(
    session,
    sql`(select ${mayShare(row)} from ${tableOf(resource, "t0")} where ${row("id")} = ${typed(id, "uuid")})`,
  );
  if (isAllowed === null) throw notFound();
  if (!isAllowed) throw forbidden(attempt.coordinate, attempt.requires);
}
