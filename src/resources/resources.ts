/** In charge of the list of what is protected. A new declaration is added here. */
import type { Resource } from "../protect/resource.js";
import { apiKey } from "./api-key.js";
import { apiKeyGrant } from "./api-key-grant.js";
import { auditEvent } from "./audit-event.js";
import { chat } from "./chat.js";
import { feature } from "./feature.js";
import { grant } from "./grant.js";
import { group } from "./group.js";
import { groupMapping } from "./group-mapping.js";
import { identity } from "./identity.js";
import { provider } from "./provider.js";
import { role } from "./role.js";
import { sale } from "./sale.js";
import { scope } from "./scope.js";
import { tenant } from "./tenant.js";
import { todo } from "./todo.js";
import { token } from "./token.js";
import { user } from "./user.js";

/** Every protected table that GraphQL shows. */
export const resources: readonly Resource[] = [
  tenant,
  user,
  identity,
  provider,
  group,
  groupMapping,
  role,
  feature,
  scope,
  grant,
  apiKey,
  apiKeyGrant,
  token,
  auditEvent,
  todo,
  chat,
  sale,
];
