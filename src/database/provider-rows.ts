/** In charge of the providers' rows outside of the gateway's pool, for the command line. */
import { withConnection } from "./with-connection.js";

/** What `iam.list_providers()` answers. */
export async function readProviderRows(url: string): Promise<readonly unknown[]> {
  return await withConnection(url, async (client) => (await client.query("select * from iam.list_providers()")).rows);
}
