/** In charge of trying what changes rows of protected tables, which over GraphQL are mutations like any other. */
import * as oracle from "../oracle.js";
import type { LiveWorld } from "../read-world.js";
import type { Row, Share } from "../world.js";
import {
  type Dice,
  type Draw,
  type Drawn,
  type Draws,
  drawUser,
  groupsIn,
  mostly,
  placeOf,
  ref,
  rootOf,
  serial,
  sometimes,
} from "./operation.js";

type Judge = (world: LiveWorld, caller: oracle.Caller, row: Row) => boolean;

/** What a resource calls its text, and the field that not everybody may write who may write the row. */
interface Kind {
  readonly resource: Row["resource"];
  readonly type: "Todo" | "Chat";
  readonly text: string;
  readonly ruled: string;
  readonly mayWriteRuled: Judge;
}

const todos: Kind = {
  resource: "todos",
  type: "Todo",
  text: "title",
  ruled: "internal_note",
  mayWriteRuled: oracle.mayAudit,
};
const chats: Kind = {
  resource: "chats",
  type: "Chat",
  text: "message",
  ruled: "reminder",
  mayWriteRuled: (_world, caller, row) => row.owner === caller.user,
};

const texts = ({ text, ruled, resource }: Kind, dice: Dice): Readonly<Record<string, unknown>> => {
  const note = dice.below(4) === 0 ? `note ${serial()}` : undefined;
  return {
    [text]: `text ${serial()}`,
    [ruled]: note,
    ...(resource === "todos" ? { done: sometimes(dice, true) } : {}),
  };
};

const drawNewRow =
  (kind: Kind): Draw =>
  (world, caller, dice) => {
    const scope = sometimes(dice, dice.pick(world.scopes));
    const place = scope ?? rootOf(world, caller);
    const args: Drawn["args"] = { ...texts(kind, dice), scope: scope && placeOf(scope) };
    const { user, tenant } = caller;
    if (user === null || tenant === null) return { args, isEntitled: false };
    const row = { id: "new", resource: kind.resource, tenant, owner: user, scope: place.id, shares: [] };
    const mayWrite = args[kind.ruled] === undefined || kind.mayWriteRuled(world, caller, row);
    // the answer is the new row: whoever makes one must be able to read it
    const mayMake =
      oracle.mayCreateAt(world, caller, kind.resource, place) && oracle.allows(world, caller, "read", row);
    return { args, isEntitled: mayMake && mayWrite };
  };

interface Asked {
  readonly world: LiveWorld;
  readonly caller: oracle.Caller;
  readonly dice: Dice;
  readonly row: Row;
}

const onRow =
  ({ resource }: Kind, draw: (asked: Asked) => Drawn): Draw =>
  (world, caller, dice) => {
    const rows = world.rows.filter((candidate) => candidate.resource === resource);
    const row = mostly(dice, rows, ({ tenant }) => tenant === caller.tenant);
    return row === undefined ? null : draw({ world, caller, dice, row });
  };

const drawUpdate = (kind: Kind): Draw =>
  onRow(kind, ({ world, caller, dice, row }) => {
    const args: Drawn["args"] = { id: ref(kind.type, row.id), ...texts(kind, dice) };
    const mayWrite = args[kind.ruled] === undefined || kind.mayWriteRuled(world, caller, row);
    return { args, isEntitled: oracle.can(world, caller, "update", row) && mayWrite };
  });

const drawDeletion = (kind: Kind): Draw =>
  onRow(kind, ({ world, caller, row }) => ({
    args: { id: ref(kind.type, row.id) },
    isEntitled: oracle.can(world, caller, "delete", row),
  }));

const one = ({ type }: Kind) => type.toLowerCase();
const named = (to: Share["to"]) => ("group" in to ? { group: ref("Group", to.group) } : { user: ref("User", to.user) });

function drawReceiver({ world, caller, dice }: Asked): Share["to"] {
  const group = dice.below(2) === 0 ? dice.pick(groupsIn(world, caller))?.id : undefined;
  return group === undefined ? { user: drawUser(world, caller, dice) ?? "" } : { group };
}

const drawShare = (kind: Kind): Draw =>
  onRow(kind, (asked) => {
    const { world, caller, dice, row } = asked;
    const to = drawReceiver(asked);
    const [canRead, canWrite, canDelete] = [dice.below(4) > 0, dice.below(2) === 0, dice.below(3) === 0];
    const flags = { can_read: canRead, can_write: canWrite, can_delete: canDelete };
    return {
      args: { [one(kind)]: ref(kind.type, row.id), ...named(to), ...flags },
      isEntitled:
        oracle.mayOpen(world, caller, row, { canRead, canWrite, canDelete }) && oracle.mayReceive(world, caller, to),
    };
  });

const drawClosing = (kind: Kind): Draw =>
  onRow(kind, (asked) => {
    const { world, caller, dice, row } = asked;
    const to = dice.pick(row.shares)?.to ?? drawReceiver(asked);
    return {
      args: { [one(kind)]: ref(kind.type, row.id), ...named(to) },
      isEntitled: oracle.can(world, caller, "share", row),
    };
  });

/** What changes rows. */
export const onRows: Draws = Object.fromEntries(
  [todos, chats].flatMap((kind) => [
    [`create_${one(kind)}`, drawNewRow(kind)],
    [`update_${one(kind)}`, drawUpdate(kind)],
    [`delete_${one(kind)}`, drawDeletion(kind)],
    [`share_${one(kind)}`, drawShare(kind)],
    [`unshare_${one(kind)}`, drawClosing(kind)],
  ]),
);
